/**
 * The outbox on PostgreSQL: PGlite behind its socket, or the server that TEST_POSTGRES_URL names. PGlite runs one transaction at a time, so what two runs do to each
 * other at the same moment is only tried on a server.
 */
import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Kafka } from "../../../lib/kafka/kafka.js";
import { defineSource, type SourceDefinition } from "../../../lib/sources/define-source.js";
import type { OutboxOptions } from "../../../lib/sources/outbox/options.js";
import { outbox } from "../../../lib/sources/outbox.js";
import type { SourceHandler } from "../../../lib/sources/source.js";
import { type SqlServer, startSql } from "../../../local/sql/server.js";
import { createTestTopic, testKafka } from "../../support/broker/kafka.js";
import { uniqueName } from "../../support/broker/unique-names.js";
import { headersOf, idOf, recordsOf, runSource, textsOf } from "../../support/relay/source-run.js";

const kafka = testKafka();
const down = testKafka({ brokers: ["127.0.0.1:1"], connectTimeoutMs: 200 });
const handlers: SourceHandler[] = [];
let server: SqlServer | undefined;
let url = process.env.TEST_POSTGRES_URL ?? "";
let client: pg.Client;

beforeAll(async () => {
  if (url === "") {
    server = await startSql({ port: 0 });
    url = server.url;
  }
  client = new pg.Client({ connectionString: url });
  await client.connect();
});
afterEach(async () => {
  await Promise.all(handlers.splice(0).map((handler) => handler.close()));
});
afterAll(async () => {
  await client?.end();
  await server?.stop();
  await Promise.all([kafka.close(), down.close()]);
});

async function aTable(columns = "id bigserial primary key, key text, payload text"): Promise<string> {
  const table = `outbox_${randomUUID().slice(0, 8)}`;
  await client.query(`create table ${table} (${columns})`);
  return table;
}

type Given = Partial<OutboxOptions> & { readonly table: string };

async function aSource(options: Given, rules: Partial<SourceDefinition<never>> = {}, cluster: Kafka = kafka) {
  const topic = rules.to?.topic ?? (await createTestTopic(kafka));
  const name = uniqueName("outbox");
  const from = outbox({ database: url, order: "id", key: "key", value: "payload", ...options });
  const run = runSource(cluster, defineSource({ name, from, to: { topic }, ...rules }));
  handlers.push(run.handler);
  return { ...run, name, topic: topic as string };
}

const insert = (table: string, rows: readonly (readonly [key: string | null, payload: string | null])[]) =>
  client.query(`insert into ${table} (key, payload) select k, p from unnest($1::text[], $2::text[]) as given (k, p)`, [
    rows.map(([key]) => key),
    rows.map(([, payload]) => payload),
  ]);

const countIn = async (table: string): Promise<number> => Number((await client.query(`select count(*) from ${table}`)).rows[0].count);

test("rows are written in the order of their column, byte for byte, and are gone once Kafka has them", async () => {
  const table = await aTable();
  await insert(table, [
    ["a", '{ "n": 12345678901234567890 }'],
    ["a", "\\x00 text"],
    ["b", null],
    [null, "no key"],
  ]);
  const { invoke, topic, name } = await aSource({ table });

  expect(await invoke({})).toEqual({ written: 4, filtered: 0, deadLettered: 0, givenBack: 0 });

  const records = await recordsOf(kafka, topic);
  expect(textsOf(records)).toEqual(['{ "n": 12345678901234567890 }', "\\x00 text", undefined, "no key"]);
  expect(records.map(({ key }) => key?.toString())).toEqual(["a", "a", "b", undefined]);
  expect(records.map(idOf)).toEqual([1, 2, 3, 4].map((id) => `${name}/${id}`));
  expect(await countIn(table)).toBe(0);
});

test("bytes, headers, a time and an id of their own columns are kept", async () => {
  const table = await aTable("seq serial, event uuid, key bytea, payload bytea, headers jsonb, at timestamptz, sent timestamptz");
  const id = randomUUID();
  await client.query(
    `insert into ${table} values (1, $1, '\\xff00', '\\x00ff', '{"tenant":"north","n":1,"none":null}', '2026-01-02T03:04:05.678Z')`,
    [id],
  );
  const { invoke, topic, name } = await aSource({
    table,
    order: "seq",
    id: "event",
    headers: "headers",
    timestamp: "at",
    written: { mark: "sent" },
  });

  await invoke({});
  await invoke({});

  const [record, ...others] = await recordsOf(kafka, topic);
  expect(others).toEqual([]);
  expect([record?.key?.toString("hex"), record?.value?.toString("hex"), record?.timestampMs]).toEqual([
    "ff00",
    "00ff",
    Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  ]);
  expect(record?.headers.map((header) => [header.name, header.value?.toString()]).sort()).toEqual([
    ["n", "1"],
    ["none", undefined],
    ["relay.delivery-id", `${name}/${id}`],
    ["tenant", "north"],
  ]);
  expect((await client.query(`select sent is not null as sent from ${table}`)).rows).toEqual([{ sent: true }]);
});

test("without a column for the value, the row is the value, also as Debezium writes a created row", async () => {
  const table = await aTable("id int primary key, total numeric");
  await client.query(`insert into ${table} values (1, 12345678901234567890.10)`);
  const plain = await aSource({ table, key: "id", value: undefined as never, written: "delete" });
  await plain.invoke({});
  await client.query(`insert into ${table} values (2, 0.30)`);
  const debezium = await aSource({ table, key: "id", value: undefined as never, row: "debezium" });
  await debezium.invoke({});

  expect(textsOf(await recordsOf(kafka, plain.topic))).toEqual(['{"id":1,"total":12345678901234567890.10}']);
  const [change] = textsOf(await recordsOf(kafka, debezium.topic));
  expect(change).toMatch(
    /^\{"before":null,"after":\{"id":2,"total":0\.30\},"source":\{"connector":"postgresql","table":"outbox_\w+"\},"op":"c","ts_ms":\d+\}$/,
  );
});

test("while Kafka is down, the run fails and every row stays", async () => {
  const table = await aTable();
  await insert(table, [["a", "1"]]);
  const { invoke } = await aSource({ table }, {}, down);

  await expect(invoke({}, 8_600)).rejects.toThrow("Kafka has not acknowledged 1 of 1 rows, which stay in the table");

  expect(await countIn(table)).toBe(1);
});

test("a row whose record was written but not removed is written again under the same delivery id", async () => {
  const table = await aTable();
  await insert(table, [["a", "1"]]);
  await client.query(`create function ${table}_no() returns trigger language plpgsql as 'begin raise exception ''not now''; end'`);
  await client.query(`create trigger no before delete on ${table} execute function ${table}_no()`);
  const { invoke, topic, name } = await aSource({ table });

  await expect(invoke({})).rejects.toThrow(`The table ${table}: PostgreSQL answered P0001.`);
  await client.query(`drop trigger no on ${table}`);
  await invoke({});

  expect((await recordsOf(kafka, topic)).map(idOf)).toEqual([`${name}/1`, `${name}/1`]);
  expect(await countIn(table)).toBe(0);
});

test("a poison row becomes a dead letter, leaves the table, and holds no other row", async () => {
  const table = await aTable();
  await insert(table, [
    ["a", '{"n":1}'],
    ["a", "poison"],
    ["a", '{"n":3}'],
  ]);
  const { invoke, topic, name } = await aSource(
    { table },
    {
      transform: (({ value }: { value: unknown }) => {
        if (typeof value === "string") throw new Error("this is not an object");
        return { value };
      }) as never,
    },
  );

  expect(await invoke({})).toEqual({ written: 2, filtered: 0, deadLettered: 1, givenBack: 0 });

  expect(textsOf(await recordsOf(kafka, topic))).toEqual(['{"n":1}', '{"n":3}']);
  const [letter] = await recordsOf(kafka, `${name}.dead-letters`);
  expect([letter?.key?.toString(), letter?.value?.toString()]).toEqual(["a", "poison"]);
  expect(letter === undefined ? {} : headersOf(letter)).toMatchObject({
    "relay.error.code": "transform-failed",
    "relay.delivery-id": `${name}/2`,
  });
  expect(await countIn(table)).toBe(0);
});

test("a row that another transaction has locked holds the later rows of its key, and no others", async () => {
  if (server !== undefined) return; // PGlite would wait for the other transaction
  const table = await aTable();
  await insert(table, [
    ["a", "a1"],
    ["b", "b1"],
    ["a", "a2"],
    ["b", "b2"],
  ]);
  const { invoke, topic } = await aSource({ table });
  const other = new pg.Client({ connectionString: url });
  await other.connect();
  await other.query(`begin`);
  await other.query(`select * from ${table} where payload = 'a1' for update`);

  await invoke({});
  const before = textsOf(await recordsOf(kafka, topic));
  await other.query("rollback");
  await other.end();
  await invoke({});

  expect(before).toEqual(["b1", "b2"]);
  expect(textsOf(await recordsOf(kafka, topic))).toEqual(["b1", "b2", "a1", "a2"]);
});

test("two functions at once drain 10,000 rows: none is lost or doubled, and each key keeps its order", async () => {
  const table = await aTable();
  const rowsCount = 10_000;
  const keysCount = 97;
  await client.query(
    `insert into ${table} (key, payload) select 'k' || n % ${keysCount}, n::text from generate_series(1, ${rowsCount}) as n`,
  );
  const topic = await createTestTopic(kafka, { partitions: 4 });
  const runs = await Promise.all([1, 2].map(() => aSource({ table }, { to: { topic } })));

  const results = (await Promise.all(runs.map(({ invoke }) => invoke({}, 60_000)))) as { written: number }[];
  // A run that finds every bucket in use ends, so what came between is left for the next one.
  await runs[0]?.invoke({}, 60_000);

  const records = await recordsOf(kafka, topic);
  expect(records.length).toBe(rowsCount);
  expect(new Set(records.map(({ value }) => Number(value))).size).toBe(rowsCount);
  const last = new Map<string, number>();
  for (const { key, value } of records) {
    expect(Number(value)).toBeGreaterThan(last.get(String(key)) ?? 0);
    last.set(String(key), Number(value));
  }
  expect(await countIn(table)).toBe(0);
  // PGlite may give one of them everything.
  if (server === undefined) expect(results.filter(({ written }) => written > 0)).toHaveLength(2);
  expect(results.reduce((sum, { written }) => sum + written, 0)).toBeGreaterThan(0);
});

test.each([
  [{ table: "missing_table" }, "The table missing_table does not exist in the database of the outbox."],
  [{ key: "customer", headers: "head" }, /has no column customer, head; it has id, key, payload\./],
] as const)("%# a table or column that does not exist is named", async (given, message) => {
  const { invoke } = await aSource({ table: await aTable(), ...given });

  await expect(invoke({})).rejects.toThrow(message);
});

test("options that cannot be are named when the source is defined", () => {
  const right = { database: "env:X", table: "outbox", order: "id" };

  expect(() => outbox({ ...right, table: "a.b.c" })).toThrow("table: must be table or schema.table.");
  expect(() => outbox({ ...right, database: "mysql://x" })).toThrow("must have the form postgres://");
  expect(() => outbox({ ...right, value: "payload", row: "json" })).toThrow("Remove one of them");
  expect(() => outbox({ ...right, orderr: "id" } as never)).toThrow('orderr: this option does not exist. Did you mean "order"?');
});
