/** A PostgreSQL server (PGlite) and a client of it, for the tests of one file or block. */
import pg from "pg";
import { afterAll, beforeAll } from "vitest";
import { type SqlServer, startSql } from "../../../local/sql/server.js";

export function onSqlDatabase(use: (server: SqlServer, client: pg.Client) => void): void {
  let server: SqlServer | undefined;
  let client: pg.Client | undefined;
  beforeAll(async () => {
    server = await startSql({ port: 0 });
    client = new pg.Client({ connectionString: server.url });
    await client.connect();
    use(server, client);
  });
  afterAll(async () => {
    await client?.end();
    await server?.stop();
  });
}
