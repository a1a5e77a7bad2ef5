/** The rows that a run wrote to SQL. */
import pg from "pg";

const timeoutMs = 5_000;

/** Row counts by id; undefined while the database or the table does not exist. */
export async function rowsOf(url: string, run: string): Promise<ReadonlyMap<string, number> | undefined> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: timeoutMs, query_timeout: timeoutMs });
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ id: string; count: string }>("select id, count(*) from quakes where id like $1 group by id", [
      `%.${run}`,
    ]);
    return new Map(rows.map(({ id, count }) => [id, Number(count)]));
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => {});
  }
}
