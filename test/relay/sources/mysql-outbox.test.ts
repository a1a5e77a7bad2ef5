/** The outbox on MariaDB, the open relative of MySQL: its own server, or the one that TEST_MYSQL_URL names. */
import { randomUUID } from "node:crypto";
import { type Connection, createConnection } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { defineSource, type SourceDefinition } from "../../../lib/sources/define-source.js";
import { mysqlOutbox } from "../../../lib/sources/mysql-outbox.js";
import type { OutboxOptions } from "../../../lib/sources/outbox/options.js";
import type { SourceHandler } from "../../../lib/sources/source.js";
import { createTestTopic, testKafka } from "../../support/broker/kafka.js";
import { uniqueName } from "../../support/broker/unique-names.js";
import { killMidway } from "../../support/relay/killed-source.js";
import { startMariaDb } from "../../support/relay/mariadb.js";
import { headersOf, idOf, recordsOf, runSource, textsOf } from "../../support/relay/source-run.js";

const kafka = testKafka();
const down = testKafka({ brokers: ["127.0.0.1:1"], connectTimeoutMs: 200 });
const handlers: SourceHandler[] = [];
let server: Awaited<ReturnType<typeof startMariaDb>>;
let client: Connection;

beforeAll(async () => {
  server = await startMariaDb();
  if (server !== undefined) client = await createConnection({ uri: server.url, multipleStatements: true });
}, 90_000);
beforeEach((context) => {
  if (server === undefined) context.skip();
});
afterEach(async () => {
  await Promise.all(handlers.splice(0).map((handler) => handler.close()));
});
afterAll(async () => {
  await client?.end();
  server?.stop();
  await Promise.all([kafka.close(), down.close()]);
});

async function aTable(columns = "id bigint auto_increment primary key, `key` varchar(50), payload longtext"): Promise<string> {
  const table = `outbox_${randomUUID().slice(0, 8)}`;
  await client.query(`create table ${table} (${columns})`);
  return table;
}

type Given = Partial<OutboxOptions> & { readonly table: string };

async function aSource(options: Given, rules: Partial<SourceDefinition<never>> = {}, cluster = kafka) {
  const topic = rules.to?.topic ?? (await createTestTopic(kafka));
  const name = uniqueName("mysql-outbox");
  const from = mysqlOutbox({ database: server?.url ?? "", order: "id", key: "key", value: "payload", ...options });
  const run = runSource(cluster, defineSource({ name, from, to: { topic }, ...rules }));
  handlers.push(run.handler);
  return { ...run, name, topic: topic as string };
}

const insert = (table: string, rows: readonly (readonly [key: string | null, payload: string | null])[]) =>
  client.query(`insert into ${table} (\`key\`, payload) values ?`, [rows]);

async function countIn(table: string): Promise<number> {
  const [rows] = await client.query(`select count(*) as n from ${table}`);
  return Number((rows as unknown as readonly { readonly n: unknown }[])[0]?.n);
}

test("rows are written in the order of their column, byte for byte, and are gone once Kafka has them", async () => {
  const table = await aTable();
  await insert(table, [
    ["a", '{ "n": 12345678901234567890 }'],
    ["a", "é \\ text"],
    ["b", null],
    [null, "no key"],
  ]);
  const { invoke, topic, name } = await aSource({ table });

  expect(await invoke({})).toEqual({ written: 4, filtered: 0, deadLettered: 0, givenBack: 0 });

  const records = await recordsOf(kafka, topic);
  expect(textsOf(records)).toEqual(['{ "n": 12345678901234567890 }', "é \\ text", undefined, "no key"]);
  expect(records.map(({ key }) => key?.toString())).toEqual(["a", "a", "b", undefined]);
  expect(records.map(idOf)).toEqual([1, 2, 3, 4].map((id) => `${name}/${id}`));
  expect(await countIn(table)).toBe(0);
});

test("bytes, headers, a time and an id of bytes are kept, and a marked row is written once", async () => {
  const table = await aTable(
    "seq bigint auto_increment primary key, event binary(16), `key` varbinary(9), payload blob, headers json, at datetime(3), sent datetime",
  );
  await client.query(
    `set time_zone = '+00:00'; insert into ${table} (event, \`key\`, payload, headers, at) values (unhex('00112233445566778899aabbccddeeff'), x'ff00', x'00ff', '{"tenant":"north","n":1,"none":null}', '2026-01-02 03:04:05.678')`,
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
  expect(record === undefined ? {} : headersOf(record)).toEqual({
    tenant: "north",
    n: "1",
    none: undefined,
    "relay.delivery-id": `${name}/00112233445566778899aabbccddeeff`,
  });
});

test("without a column for the value, the row is the value, also as Debezium writes a created row", async () => {
  const table = await aTable("id int primary key, total decimal(30, 2)");
  await client.query(`insert into ${table} values (1, 12345678901234567890.10)`);
  const plain = await aSource({ table, key: "id", value: undefined as never });
  await plain.invoke({});
  await client.query(`insert into ${table} values (2, 0.30)`);
  const debezium = await aSource({ table, key: "id", value: undefined as never, row: "debezium" });
  await debezium.invoke({});

  expect(textsOf(await recordsOf(kafka, plain.topic))).toEqual(['{"id": 1, "total": 12345678901234567890.10}']);
  expect(textsOf(await recordsOf(kafka, debezium.topic))[0]).toMatch(
    /^\{"before":null,"after":\{"id": 2, "total": 0\.30\},"source":\{"connector":"mysql","table":"outbox_\w+"\},"op":"c","ts_ms":\d+\}$/,
  );
});

test("while Kafka is down, the run fails and every row stays", async () => {
  const table = await aTable();
  await insert(table, [["a", "1"]]);
  const { invoke } = await aSource({ table }, {}, down);

  await expect(invoke({}, 8_600)).rejects.toThrow("Kafka has not acknowledged 1 of 1 rows, which stay in the table");

  expect(await countIn(table)).toBe(1);
});

test("a poison row becomes a dead letter, leaves the table, and holds no other row", async () => {
  const table = await aTable();
  await insert(table, [
    ["a", '{"n":1}'],
    ["a", "poison"],
    ["a", '{"n":3}'],
  ]);
  const transform = ({ value }: { value: unknown }) => {
    if (typeof value === "string") throw new Error("this is not an object");
    return { value };
  };
  const { invoke, topic, name } = await aSource({ table }, { transform: transform as never });

  expect(await invoke({})).toEqual({ written: 2, filtered: 0, deadLettered: 1, givenBack: 0 });

  expect(textsOf(await recordsOf(kafka, topic))).toEqual(['{"n":1}', '{"n":3}']);
  const [letter] = await recordsOf(kafka, `${name}.dead-letters`);
  expect([letter?.key?.toString(), letter?.value?.toString()]).toEqual(["a", "poison"]);
  expect(await countIn(table)).toBe(0);
});

test("a row that another transaction has locked holds the later rows of its key, and no others", async () => {
  const table = await aTable();
  await insert(table, [
    ["a", "a1"],
    ["b", "b1"],
    ["a", "a2"],
    ["b", "b2"],
  ]);
  const { invoke, topic } = await aSource({ table });
  const other = await createConnection(server?.url ?? "");
  await other.query("set transaction isolation level read committed");
  await other.query("start transaction");
  await other.query(`select * from ${table} where id = 1 for update`);

  await invoke({});
  const before = textsOf(await recordsOf(kafka, topic));
  await other.query("rollback");
  await other.end();
  await invoke({});

  expect(before).toEqual(["b1", "b2"]);
  expect(textsOf(await recordsOf(kafka, topic))).toEqual(["b1", "b2", "a1", "a2"]);
});

const rowsCount = 10_000;
const keysCount = 97;

async function aFullTable(): Promise<string> {
  const table = await aTable();
  const rows = Array.from({ length: rowsCount }, (_, index) => [`k${(index + 1) % keysCount}`, String(index + 1)] as const);
  for (let from = 0; from < rowsCount; from += 1_000) await insert(table, rows.slice(from, from + 1_000));
  return table;
}

/** Of the first time that each value is there. */
async function inOrderOfKeys(topic: string): Promise<number> {
  const [seen, last] = [new Set<number>(), new Map<string, number>()];
  for (const { key, value } of await recordsOf(kafka, topic)) {
    const number = Number(value);
    if (seen.has(number)) continue;
    seen.add(number);
    expect(number).toBeGreaterThan(last.get(String(key)) ?? 0);
    last.set(String(key), number);
  }
  return seen.size;
}

test("two functions at once drain 10,000 rows: none is lost or doubled, and each key keeps its order", async () => {
  const table = await aFullTable();
  const topic = await createTestTopic(kafka, { partitions: 4 });
  const runs = await Promise.all([1, 2].map(() => aSource({ table }, { to: { topic } })));

  const results = (await Promise.all(runs.map(({ invoke }) => invoke({}, 60_000)))) as { written: number }[];
  await runs[0]?.invoke({}, 60_000);

  expect(await inOrderOfKeys(topic)).toBe(rowsCount);
  expect((await recordsOf(kafka, topic)).length).toBe(rowsCount);
  expect(await countIn(table)).toBe(0);
  expect(results.reduce((sum, { written }) => sum + written, 0)).toBeGreaterThan(0);
}, 90_000);

test("a run that is killed midway loses nothing: its rows are written again under the same ids, in the order of their keys", async () => {
  const table = await aFullTable();
  const topic = await createTestTopic(kafka, { partitions: 4 });
  const name = uniqueName("killed");
  const options = { database: server?.url ?? "", table, order: "id", key: "key", value: "payload", rowsMax: 200 };

  const written = await killMidway(
    kafka,
    { kind: "mysqlOutbox", options, name, topic, event: {}, timeLeftMs: 60_000, recordsMax: 200 },
    400,
  );
  expect(written).toBeLessThan(rowsCount);
  const next = runSource(kafka, defineSource({ name, from: mysqlOutbox(options), to: { topic } }));
  handlers.push(next.handler);
  await next.invoke({}, 60_000);

  expect(await inOrderOfKeys(topic)).toBe(rowsCount);
  const records = await recordsOf(kafka, topic);
  expect(new Set(records.map(idOf)).size).toBe(rowsCount);
  // At most the transaction that was under way.
  expect(records.length).toBeLessThanOrEqual(rowsCount + 200);
  expect(await countIn(table)).toBe(0);
}, 120_000);

test.each([
  [{ table: "missing_table" }, "The table missing_table does not exist in the database of the outbox."],
  [{ key: "customer", headers: "head" }, /has no column customer, head; it has id, key, payload\./],
] as const)("%# a table or column that does not exist is named", async (given, message) => {
  const { invoke } = await aSource({ table: await aTable(), ...given });

  await expect(invoke({})).rejects.toThrow(message);
});

test("a server that cannot be reached is named as that, and an address of another kind is refused", async () => {
  const { invoke } = await aSource({ table: "outbox", database: "mysql://root@127.0.0.1:1/outbox" });

  await expect(invoke({})).rejects.toThrow("The database of outbox could not be reached: ECONNREFUSED.");
  expect(() => mysqlOutbox({ database: "postgres://x", table: "outbox", order: "id" })).toThrow("must have the form mysql://");
});
