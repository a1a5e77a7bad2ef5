/**
 * Calls that a client sends on one connection without waiting for their answers (RFC 9112, section 9.3.2): so many and no more, and none outlives its connection.
 * Node begins all that it finds in what it has read, thousands at once, keeps their answers until the client reads, and says nothing of those that wait when it goes.
 */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Answers are written in the order of their calls, so more of them at once are of no use. */
const pipelinedMax = 16;

/** Returns whether the call may go on. Otherwise its connection is closed. */
export function createPipelines(): (socket: Socket, response: ServerResponse) => boolean {
  const waiting = new WeakMap<Socket, Set<ServerResponse>>();
  return (socket, response) => {
    // What was read before it was closed.
    if (socket.destroyed) return false;
    let own = waiting.get(socket);
    if (own === undefined) {
      const responses = new Set<ServerResponse>();
      own = responses;
      waiting.set(socket, responses);
      socket.once("close", () => {
        for (const one of responses) one.emit("close");
      });
    }
    if (own.size >= pipelinedMax) {
      socket.destroy();
      return false;
    }
    const others = own;
    own.add(response);
    response.once("close", () => others.delete(response));
    return true;
  };
}
