/** The table of the demo's outbox: an application would write a quake to it in the transaction of its own change. */
import pg from "pg";
import type { Quake } from "./quakes.js";

const timeoutMs = 10_000;

async function withClient<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: timeoutMs, query_timeout: timeoutMs });
  client.on("error", () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

export async function createOutbox(url: string): Promise<void> {
  await withClient(url, (client) =>
    client.query("create table if not exists quakes_outbox (seq bigserial, id text primary key, payload json not null)"),
  );
}

/** True if every quake is in the table. False if that is unknown: writing them again is safe, because the id of a row is the id of its event. */
export async function writeToOutbox(url: string, quakes: readonly Quake[]): Promise<boolean> {
  try {
    await withClient(url, (client) =>
      client.query(
        "insert into quakes_outbox (id, payload) select i, p from unnest($1::text[], $2::json[]) as given (i, p) on conflict do nothing",
        [quakes.map(({ id }) => id), quakes.map((quake) => JSON.stringify(quake))],
      ),
    );
    return true;
  } catch {
    return false;
  }
}
