/** The target "sql" on a real PostgreSQL (PGlite behind its socket): rows, repeats, tombstones, and one bad row among good ones. */

import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:net";
import type pg from "pg";
import { afterEach, expect, test } from "vitest";
import type { Target } from "../../../lib/relay/delivery.js";
import { type SqlOptions, sql } from "../../../lib/targets/sql.js";
import type { SqlServer } from "../../../local/sql/server.js";
import { type DeliveryOptions, delivery, soon, targetContext, verdictOf } from "../../support/relay/deliveries.js";
import { onSqlDatabase } from "../../support/targets/sql-database.js";

let server: SqlServer;
let client: pg.Client;
const targets: Target[] = [];

onSqlDatabase((running, connected) => {
  server = running;
  client = connected;
});
afterEach(async () => {
  await Promise.all(targets.splice(0).map((target) => target.close()));
});

const aTable = () => `orders_${randomUUID().slice(0, 8)}`;

async function open(options: Partial<SqlOptions> & { readonly table: string }): Promise<Target> {
  const target = await sql({
    connection: server.url,
    key: ["id"],
    columns: { id: "value.id", name: "value.name", total: "value.total" },
    create: { id: "bigint", name: "varchar(10)", total: "numeric" },
    ...options,
  }).open(targetContext());
  targets.push(target);
  return target;
}

async function rowsOf(table: string, columns = "id, name, total"): Promise<unknown[]> {
  return (await client.query(`select ${columns} from ${table} order by 1`)).rows as unknown[];
}

const order = (offset: number, id: number | string, name: string | null, more: DeliveryOptions = {}) =>
  delivery({ offset, key: String(id), value: name === null ? null : { id, name, total: offset }, ...more });

test("the newest record of a key is its row, in a table that was created for it", async () => {
  const table = aTable();
  const target = await open({ table });

  const outcomes = await target.deliver([order(0, 1, "a"), order(1, 2, "b"), order(2, 1, "c")], soon());

  expect(outcomes.map(verdictOf)).toEqual(["delivered", "delivered", "delivered"]);
  expect(await rowsOf(table, "id, name, total, relay_topic, relay_partition, relay_offset, relay_generation")).toEqual([
    { id: "1", name: "c", total: "2", relay_topic: "orders", relay_partition: 0, relay_offset: "2", relay_generation: "0" },
    { id: "2", name: "b", total: "1", relay_topic: "orders", relay_partition: 0, relay_offset: "1", relay_generation: "0" },
  ]);
});

test("a function that returns many columns per row fills a whole batch, although PostgreSQL limits the parameters of a statement", async () => {
  const table = aTable();
  const columns = Array.from({ length: 200 }, (_, index) => `c${index}`);
  const target = await open({
    table,
    columns: ({ source }) => ({ id: source.offset, ...Object.fromEntries(columns.map((column) => [column, 1])) }),
    create: { id: "bigint", ...Object.fromEntries(columns.map((column) => [column, "smallint"])) },
  });
  const batch = Array.from({ length: 400 }, (_, offset) => order(offset, offset, "a"));

  expect((await target.deliver(batch, soon())).map(verdictOf)).toEqual(Array(400).fill("delivered"));
  expect(await rowsOf(table, "count(*), sum(c199) as sum")).toEqual([{ count: "400", sum: "400" }]);
  expect(
    (
      await target.deliver(
        batch.map(({ source }) => order(Number(source.offset) + 400, Number(source.offset), null)),
        soon(),
      )
    ).map(verdictOf),
  ).toEqual(Array(400).fill("delivered"));
  expect(await rowsOf(table, "count(*)")).toEqual([{ count: "0" }]);
});

test("a row with more columns than a table can have is the record's own fault", async () => {
  const target = await open({
    table: aTable(),
    columns: ({ source }) =>
      source.offset === 1n
        ? Object.fromEntries([["id", 1], ...Array.from({ length: 70_000 }, (_, index) => [`c${index}`, 1])])
        : { id: source.offset },
  });

  const outcomes = await target.deliver([order(0, 0, "a"), order(1, 1, "a"), order(2, 2, "a")], soon());

  expect(outcomes.map(verdictOf)).toEqual(["delivered", "record: record-not-for-target", "delivered"]);
});

test("a tombstone deletes the row of its key; of a composite key by the members of a JSON key", async () => {
  const table = aTable();
  const target = await open({ table });
  await target.deliver([order(0, 1, "a"), order(1, 2, "b")], soon());
  await target.deliver([order(2, 1, null), order(3, 3, "d")], soon());
  expect(await rowsOf(table, "id")).toEqual([{ id: "2" }, { id: "3" }]);

  const composite = aTable();
  const pairs = await open({
    table: composite,
    key: ["a", "b"],
    columns: { a: "value.a", b: "key.b", n: "value.n" },
    create: { a: "int", b: "text", n: "int" },
  });
  const key = '{"a":1,"b":"x"}';
  await pairs.deliver(
    [delivery({ offset: 0, key, value: { a: 1, n: 1 } }), delivery({ offset: 1, key: '{"a":2,"b":"x"}', value: { a: 2, n: 2 } })],
    soon(),
  );
  await pairs.deliver([delivery({ offset: 2, key, value: null })], soon());
  expect(await rowsOf(composite, "a, b, n")).toEqual([{ a: 2, b: "x", n: 2 }]);
});

test("tombstones may be skipped or dead-lettered instead", async () => {
  const table = aTable();
  const skipping = await open({ table, tombstones: "skip" });
  await skipping.deliver([order(0, 1, "a")], soon());
  expect((await skipping.deliver([order(1, 1, null)], soon())).map(verdictOf)).toEqual(["delivered"]);
  const strict = await open({ table, tombstones: "dead-letter" });
  expect((await strict.deliver([order(1, 1, null)], soon())).map(verdictOf)).toEqual(["record: record-not-for-target"]);
  expect(await rowsOf(table, "id")).toEqual([{ id: "1" }]);
});

test("a tombstone that marks guards on: an older record does not bring the row back, and a newer one does", async () => {
  const table = aTable();
  const target = await open({ table, tombstones: "mark" });
  await target.deliver([order(0, 1, "a"), order(5, 1, null), order(6, 2, null)], soon());
  await target.deliver([order(4, 1, "old"), order(3, 2, "old")], soon());
  expect(await rowsOf(table, "id, name, relay_deleted")).toEqual([
    { id: "1", name: null, relay_deleted: true },
    { id: "2", name: null, relay_deleted: true },
  ]);
  await target.deliver([order(7, 1, "new")], soon());
  expect(await rowsOf(table, "id, name, relay_deleted")).toEqual([
    { id: "1", name: "new", relay_deleted: false },
    { id: "2", name: null, relay_deleted: true },
  ]);
});

test("a repeated batch and a whole repeated topic leave the table as it was", async () => {
  const table = aTable();
  const target = await open({ table });
  const records = Array.from({ length: 60 }, (_, offset) => order(offset, offset % 7, offset % 11 === 10 ? null : `n${offset}`));
  const batches = [records.slice(0, 25), records.slice(25, 40), records.slice(40)];
  for (const batch of batches) await target.deliver(batch, soon());
  const before = await rowsOf(table, "*");

  await target.deliver(batches[2] ?? [], soon());
  expect(await rowsOf(table, "*")).toEqual(before);
  for (const batch of batches) await target.deliver(batch, soon());
  expect(await rowsOf(table, "*")).toEqual(before);
});

test("an older record never undoes a newer one, whether it writes or deletes", async () => {
  const table = aTable();
  const target = await open({ table });
  await target.deliver([order(10, 1, "new")], soon());
  await target.deliver([order(5, 1, "old")], soon());
  await target.deliver([order(6, 1, null)], soon());
  expect(await rowsOf(table, "name")).toEqual([{ name: "new" }]);
});

test("from another partition, topic or generation the later delivery wins", async () => {
  const table = aTable();
  const target = await open({ table });
  await target.deliver([order(10, 1, "first")], soon());
  await target.deliver([order(1, 1, "moved", { partition: 1 })], soon());
  expect(await rowsOf(table, "name")).toEqual([{ name: "moved" }]);
  await target.deliver([order(0, 1, "other", { topic: "orders-2", partition: 1 })], soon());
  expect(await rowsOf(table, "name")).toEqual([{ name: "other" }]);
  await target.deliver([order(50, 1, "late", { topic: "orders-2", partition: 1 })], soon());
  await target.deliver([order(0, 1, "again", { topic: "orders-2", partition: 1, generation: 1 })], soon());
  expect(await rowsOf(table, "name, relay_generation")).toEqual([{ name: "again", relay_generation: "1" }]);
});

test("bad rows fail alone, and what stands before, between and after them is written", async () => {
  const table = aTable();
  const target = await open({ table });
  const records = Array.from({ length: 20 }, (_, n) => order(n, n, "ok"));
  records[0] = order(0, 0, "longer than ten");
  records[7] = order(7, "seven", "ok");
  records[8] = delivery({ offset: 8, key: "8", value: "no JSON" });
  records[9] = delivery({ offset: 9, key: "9", value: { name: "no id" } });
  records[10] = delivery({ offset: 10, key: "10", value: { id: 10, name: "a\u0000b" } });
  records[19] = order(19, 19, "ok", {});

  const outcomes = await target.deliver(records, soon());

  const failures = outcomes.map(verdictOf).flatMap((each, index) => (each === "delivered" ? [] : [[index, each]]));
  expect(failures).toEqual([
    [0, "record: record-refused"],
    [7, "record: record-refused"],
    [8, "record: record-not-for-target"],
    [9, "record: record-not-for-target"],
    [10, "record: record-not-for-target"],
  ]);
  expect(await rowsOf(table, "id")).toHaveLength(15);
  const [first] = outcomes;
  expect(first?.verdict === "failed" && first.error.message).not.toContain("longer");
});

test("a bad newer record of a key does not take the good older one with it", async () => {
  const table = aTable();
  const target = await open({ table });
  const outcomes = await target.deliver([order(0, 1, "good"), order(1, 1, "longer than ten")], soon());
  expect(outcomes.map(verdictOf)).toEqual(["delivered", "record: record-refused"]);
  expect(await rowsOf(table, "name")).toEqual([{ name: "good" }]);
});

test("two spellings of one key in a batch are one row", async () => {
  const table = aTable();
  const target = await open({ table, columns: { id: "key", name: "value.name", total: "value.total" } });
  const outcomes = await target.deliver([order(0, "1", "a"), order(1, "01", "b"), order(2, "2", "c")], soon());
  expect(outcomes.map(verdictOf)).toEqual(["delivered", "delivered", "delivered"]);
  expect(await rowsOf(table, "id, name")).toEqual([
    { id: "1", name: "b" },
    { id: "2", name: "c" },
  ]);
});

test("insert keeps every delivery as a row, once however often it comes", async () => {
  const table = aTable();
  const target = await open({ table, mode: "insert", key: [] });
  const records = [order(0, 1, "a"), order(1, 1, "b"), order(2, 1, null)];
  for (let index = 0; index < 2; index++)
    expect((await target.deliver(records, soon())).map(verdictOf)).toEqual(["delivered", "delivered", "delivered"]);
  expect(await rowsOf(table, "name")).toEqual([{ name: "a" }, { name: "b" }]);
});

test("columns come from value, key, headers and coordinates, or from a function", async () => {
  const table = aTable();
  const target = await open({
    table,
    columns: { id: "offset", name: "headers.tenant", at: "timestamp", tags: "value.tags", k: "key", deep: "value.a.b" },
    create: { id: "bigint", name: "text", at: "timestamptz", tags: "jsonb", k: "text", deep: "boolean" },
  });
  await target.deliver(
    [delivery({ offset: "9007199254740993" as never, key: "k1", headers: [["tenant", "x"]], value: { tags: ["a"], a: { b: true } } })],
    soon(),
  );
  expect(await rowsOf(table, "id, name, at, tags, k, deep")).toEqual([
    { id: "9007199254740993", name: "x", at: new Date(1_700_000_000_000), tags: ["a"], k: "k1", deep: true },
  ]);

  const made = aTable();
  const byFunction = await open({
    table: made,
    columns: ({ source, message }) => {
      const { kind } = message.document() as { kind: string };
      if (kind === "throws") throw new Error("no row");
      return kind === "none" ? undefined : kind === "gone" ? null : { id: Number(source.offset) % 2, name: kind };
    },
  });
  const outcomes = await byFunction.deliver(
    ["a", "b", "none", "throws", "gone"].map((kind, offset) => delivery({ offset, key: "1", value: { kind } })),
    soon(),
  );
  expect(outcomes.map(verdictOf)).toEqual(["delivered", "delivered", "delivered", "record: record-not-for-target", "delivered"]);
  expect(await rowsOf(made, "id, name")).toEqual([{ id: "0", name: "a" }]);
});

test("a missing table or column is the target's state: nothing is dead-lettered for it, and its coming is noticed", async () => {
  const table = aTable();
  const target = await sql({
    connection: server.url,
    table,
    key: ["id"],
    columns: { id: "value.id", name: "value.name", total: "value.total" },
  }).open(targetContext());
  targets.push(target);
  expect((await target.deliver([order(0, 1, "a")], soon())).map(verdictOf)).toEqual(["target: target-refused"]);
  await open({ table }).then((creating) => creating.deliver([order(0, 1, "a")], soon()));
  expect((await target.deliver([order(1, 1, "b")], soon())).map(verdictOf)).toEqual(["delivered"]);
  expect(await rowsOf(table, "name")).toEqual([{ name: "b" }]);
});

test("a database that is not there, or never answers, is the target's failure within its time", async () => {
  const listening = async (tcp: Server) => {
    await new Promise<void>((resolve) => tcp.listen(0, "127.0.0.1", resolve));
    const address = tcp.address();
    return typeof address === "object" ? (address?.port ?? 0) : 0;
  };
  const silent = createServer((socket) => socket.on("error", () => undefined).resume());
  const silentPort = await listening(silent);
  const gone = createServer();
  const gonePort = await listening(gone);
  gone.close();

  for (const [port, verdict] of [
    [gonePort, "target: target-failed"],
    [silentPort, "target: target-timeout"],
  ] as const) {
    const target = await sql({
      connection: `postgres://postgres@127.0.0.1:${port}/postgres`,
      table: "t",
      key: ["id"],
      columns: { id: "key" },
      timeoutMs: 300,
    }).open(targetContext());
    targets.push(target);
    expect((await target.deliver([delivery({ key: "1" })], soon())).map(verdictOf)).toEqual([verdict]);
  }
  silent.close();
});

test("a route that cannot be right is refused before it starts", () => {
  const right = { connection: "env:DB", table: "t", key: ["id"], columns: { id: "key" } } as const;
  expect(() => sql({ ...right, table: 'x"; drop table y; --' })).toThrow("is not a valid name of a table");
  expect(() => sql({ ...right, key: [] })).toThrow("needs `key`");
  expect(() => sql({ ...right, key: ["other"] })).toThrow("must also be in");
  expect(sql({ ...right, connection: "postgres://u:secret@h/d" }).options.connection).not.toContain("secret");
});
