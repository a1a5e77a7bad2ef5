/**
 * The connections of a server with several workers: the primary accepts each and hands it to the next worker in turn. It keeps a connection until the worker has
 * confirmed it, which it does before it reads from it: `node:cluster` forgets a connection that is on its way to a worker that dies, and its client waits without end.
 */
import type { Worker } from "node:cluster";
import { createServer, type Server, type Socket } from "node:net";

interface Connections {
  readonly port: number;
  /** The worker takes connections from now on. */
  readonly add: (worker: Worker) => void;
  readonly confirmed: (id: number) => void;
  /** The worker ends in good order. Where all are ending, nothing is accepted any more after the last one. */
  readonly leave: (worker: Worker, isEnding: boolean) => void;
  /** The worker has ended: what it has not confirmed goes to another one. */
  readonly remove: (worker: Worker) => void;
  readonly close: () => void;
}

/** What the primary sends with a connection. */
export interface HandedOver {
  readonly kind: "connection";
  readonly id: number;
}

/** Connections that wait for a worker; more are closed. */
const waitingMax = 10_000;

/** `listen` fails as the caller's own server would. */
export async function acceptConnections(listen: (server: Server) => Promise<number>): Promise<Connections> {
  const workers: Worker[] = [];
  const handedOver = new Map<number, { readonly worker: Worker; readonly socket: Socket }>();
  const waiting: Socket[] = [];
  let lastId = 0;

  const give = (socket: Socket): void => {
    // A worker that has died may still be listed for a moment.
    const at = workers.findIndex((one) => one.isConnected());
    const [worker] = at < 0 ? [] : workers.splice(at, 1);
    if (worker === undefined) {
      if (waiting.length >= waitingMax) socket.destroy();
      else waiting.push(socket);
      return;
    }
    workers.push(worker);
    const id = ++lastId;
    handedOver.set(id, { worker, socket });
    worker.send({ kind: "connection", id } satisfies HandedOver, socket, { keepOpen: true }, (error) => {
      // Not at once: that would starve the event that takes the worker off the list.
      if (error !== null && handedOver.delete(id)) setImmediate(give, socket);
    });
  };
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
    socket.on("error", () => {});
    give(socket);
  });
  const port = await listen(server);
  return {
    port,
    add: (worker) => {
      workers.push(worker);
      for (const socket of waiting.splice(0)) give(socket);
    },
    confirmed: (id) => {
      // Closes this process's copy only: the worker has its own.
      handedOver.get(id)?.socket.destroy();
      handedOver.delete(id);
    },
    leave: (worker, isEnding) => {
      unlist(workers, worker);
      if (isEnding && workers.length === 0) server.close();
    },
    remove: (worker) => {
      unlist(workers, worker);
      for (const [id, one] of handedOver) {
        if (one.worker !== worker) continue;
        handedOver.delete(id);
        give(one.socket);
      }
    },
    close: () => {
      server.close();
      for (const socket of [...waiting.splice(0), ...[...handedOver.values()].map((one) => one.socket)]) socket.destroy();
    },
  };
}

function unlist(workers: Worker[], worker: Worker): void {
  const at = workers.indexOf(worker);
  if (at >= 0) workers.splice(at, 1);
}
