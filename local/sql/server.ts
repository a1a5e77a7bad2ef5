/** PostgreSQL on the laptop without installation: PGlite behind a socket, with its data in a folder. Uses about 800 MB of memory. */
import { mkdirSync } from "node:fs";
import { PGlite } from "@electric-sql/pglite";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";

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
  const server = new PGLiteSocketServer({ db, host: "127.0.0.1", port, maxConnections: connectionsMax });
  try {
    await server.start();
  } catch (thrown) {
    await db.close();
    throw thrown;
  }
  return {
    url: `postgres://postgres@${server.getServerConn()}/postgres?sslmode=disable`,
    stop: async () => {
      await server.stop();
      await db.close();
    },
  };
}
