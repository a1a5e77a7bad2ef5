/** PostgreSQL on the laptop without installation: PGlite behind a socket, with its data in a folder. Uses about 800 MB of memory. */
import { mkdirSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { PGlite } from "@electric-sql/pglite";
import { type Backend, serveClient, type TakeTurn } from "./session.js";

export interface SqlServer {
  /** `postgres://postgres@127.0.0.1:<port>/postgres` */
  readonly url: string;
  readonly stop: () => Promise<void>;
}

const connectionsMax = 20;

/** Starts on loopback (port 0 picks a free one). Without a folder, the data is in memory and ends with the process. */
export async function startSql({ dataFolder, port }: { readonly dataFolder?: string; readonly port: number }): Promise<SqlServer> {
  if (dataFolder !== undefined) mkdirSync(dataFolder, { recursive: true });
  const db = dataFolder === undefined ? await PGlite.create() : await PGlite.create(dataFolder);
  const backend: Backend = {
    run: (messages) => db.execProtocolRaw(messages),
    rollback: async () => void (await db.exec("ROLLBACK")),
  };
  const takeTurn = createTurns();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    serveClient(socket, backend, takeTurn);
  });
  server.maxConnections = connectionsMax;
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", resolve);
    });
  } catch (thrown) {
    await db.close();
    throw thrown;
  }
  return {
    url: `postgres://postgres@127.0.0.1:${(server.address() as AddressInfo).port}/postgres?sslmode=disable`,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await db.close();
    },
  };
}

/** One after another, in the order in which they ask. */
function createTurns(): TakeTurn {
  let last: Promise<void> = Promise.resolve();
  return async () => {
    const before = last;
    let end = (): void => {};
    last = new Promise((resolve) => {
      end = resolve;
    });
    await before;
    return end;
  };
}
