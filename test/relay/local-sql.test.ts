/** The laptop's PostgreSQL serves several clients at once as a server would, although PGlite is a single backend. */
import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type SqlServer, startSql } from "../../local/sql/server.js";

let server: SqlServer;
let clients: pg.Client[];
beforeEach(async () => {
  server = await startSql({ port: 0 });
  clients = [];
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
  await server.stop();
});

async function connect(): Promise<pg.Client> {
  const client = new pg.Client(server.url);
  client.on("error", () => {});
  await client.connect();
  clients.push(client);
  return client;
}

/** Cuts the connection without a word. */
const cut = (client: pg.Client): void =>
  void (client as unknown as { connection: { stream: { destroy: () => void } } }).connection.stream.destroy();

test("statements of several clients at once each get their own result, and none is lost", async () => {
  const [first, second, third] = [await connect(), await connect(), await connect()];
  await first.query("create table t (id int primary key)");
  const insert = async (client: pg.Client, from: number): Promise<readonly unknown[]> => {
    const wrong: unknown[] = [];
    for (let id = from; id < from + 200; id++) {
      const { rows } = await client.query("insert into t values ($1) returning id", [id]);
      if (rows[0]?.id !== id) wrong.push({ id, rows });
    }
    return wrong;
  };
  const rollBack = async (): Promise<readonly unknown[]> => {
    for (let time = 0; time < 50; time++) {
      await third.query("begin");
      await third.query("insert into t values ($1)", [100_000 + time]);
      await third.query("rollback");
    }
    return [];
  };

  expect((await Promise.all([insert(first, 0), insert(second, 1_000), rollBack()])).flat()).toEqual([]);
  expect((await first.query("select count(*)::int as count from t")).rows).toEqual([{ count: 400 }]);
});

test("a client waits while another one is in a transaction, and sees what that one committed", async () => {
  const [first, second] = [await connect(), await connect()];
  await first.query("create table t (id int primary key)");
  await first.query("begin");
  await first.query("insert into t values ($1)", [1]);
  const seen = second.query("select id from t order by id");

  await first.query("insert into t values ($1)", [2]);
  await first.query("commit");

  expect((await seen).rows).toEqual([{ id: 1 }, { id: 2 }]);
});

test("a client that is cut off in a transaction leaves nothing of it, and holds nobody", async () => {
  const [first, second] = [await connect(), await connect()];
  await first.query("create table t (id int primary key)");
  await first.query("begin");
  await first.query("insert into t values ($1)", [1]);
  const inserted = second.query("insert into t values ($1)", [2]);

  cut(first);
  await inserted;

  expect((await second.query("select id from t")).rows).toEqual([{ id: 2 }]);
});

test("an error in a statement, or in a transaction, is the client's own", async () => {
  const [first, second] = [await connect(), await connect()];
  await first.query("create table t (id int primary key)");
  await expect(first.query("insert into t values ($1)", ["no number"])).rejects.toThrow(/invalid input syntax/);
  await first.query("begin");
  await expect(first.query("select nothing")).rejects.toThrow();
  const waiting = second.query("insert into t values ($1) returning id", [7]);
  await first.query("rollback");

  expect((await waiting).rows).toEqual([{ id: 7 }]);
});
