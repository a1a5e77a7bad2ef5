/** Replies that are written and wait for their clients to read them: each for a limited time, all of them with a limited number of bytes. */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

export interface UnreadReplies {
  /** For a reply that has been written to its end. */
  readonly watch: (response: ServerResponse, socket: Socket) => void;
}

/** A client that reads nothing for `idleTimeoutMs` is cut off, and so is the one that has taken longest when all of them hold more than `bytesMax`. */
export function createUnreadReplies(bytesMax: number, idleTimeoutMs: number): UnreadReplies {
  const waiting = new Map<ServerResponse, number>();
  let bytes = 0;
  const forget = (response: ServerResponse): void => {
    bytes -= waiting.get(response) ?? 0;
    waiting.delete(response);
  };
  return {
    watch: (response, socket) => {
      // Most replies fit into the socket's buffer.
      if (response.writableLength === 0) return;
      // The socket itself notices whether its client still reads, also in the middle of one write, and Node closes it if not.
      socket.setTimeout(idleTimeoutMs);
      waiting.set(response, response.writableLength);
      bytes += response.writableLength;
      response.once("close", () => forget(response));
      for (const longest of waiting.keys()) {
        if (bytes <= bytesMax) return;
        forget(longest);
        longest.destroy();
      }
    },
  };
}
