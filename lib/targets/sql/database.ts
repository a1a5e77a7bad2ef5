/** A few connections to PostgreSQL, opened on first use; `pg` and `kysely` are loaded then. A connection that overran its time is cut, since nothing else ends its wait. */
import { Socket } from "node:net";
import type { Kysely } from "kysely";
import { createDeadline, within } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import { installed } from "../../installed.js";

/** Tables are named by routes, so their columns are not known to the compiler. */
type Tables = Record<string, Record<string, unknown>>;
export type SqlConnection = Kysely<Tables>;

interface DatabaseOptions {
  readonly connectionString: string;
  readonly connectionsMax: number;
  readonly tls?: boolean | { readonly ca: string };
}

export interface Database {
  /** Throws what pg throws, or `target-timeout` when the work was not done in time; then it may or may not have been committed. */
  readonly run: (work: (connection: SqlConnection) => Promise<void>, timeoutMs: number) => Promise<void>;
  readonly close: () => void;
}

const connectTimeoutMs = 5_000;
const idleTimeoutMs = 60_000;

export async function createDatabase(options: DatabaseOptions): Promise<Database> {
  const [{ default: pg }, { Kysely, PostgresDialect }] = await Promise.all([installed("pg", () => import("pg")), import("kysely")]);
  const sockets = new Set<Socket>();
  const pool = new pg.Pool({
    connectionString: options.connectionString,
    max: options.connectionsMax,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: idleTimeoutMs,
    application_name: "kafka-relay",
    allowExitOnIdle: true,
    ...(options.tls === undefined ? {} : { ssl: options.tls }),
    stream: () => {
      const socket = new Socket();
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      return socket;
    },
  });
  // Idle connections that break end up here; the next query opens another.
  pool.on("error", () => undefined);
  const connection = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    run: (work, timeoutMs) =>
      within(createDeadline(timeoutMs), work(connection), () => {
        cut();
        throw new RelayError("target-timeout", `The database did not finish within ${Math.round(timeoutMs)} ms.`);
      }),
    close: () => {
      pool.end().catch(() => undefined);
    },
  };
}
