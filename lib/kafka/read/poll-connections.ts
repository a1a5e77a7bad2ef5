/** Sockets for long polls: a broker answers one request after the other on a socket, so a poll that is held must not share one with anybody who waits. */
import type { Connection } from "../connection.js";

export interface PollConnections {
  /** Runs one poll on a connection that no other poll uses meanwhile; beyond `connectionsMax` polls at once they share. */
  readonly use: <Answer>(poll: (connection: Connection) => Promise<Answer>) => Promise<Answer>;
}

const connectionsMaxDefault = 16;

export function createPollConnections(open: () => Connection, connectionsMax = connectionsMaxDefault): PollConnections {
  const opened: Connection[] = [];
  const free: Connection[] = [];
  let turn = 0;
  return {
    use: async (poll) => {
      const own = free.pop() ?? (opened.length < connectionsMax ? open() : undefined);
      if (own === undefined) return poll(opened[turn++ % opened.length] as Connection);
      if (!opened.includes(own)) opened.push(own);
      try {
        return await poll(own);
      } finally {
        free.push(own);
      }
    },
  };
}
