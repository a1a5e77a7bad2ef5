/** The outbox on MariaDB, the open relative of MySQL: its own server, or the one that TEST_MYSQL_URL names. */
import { randomUUID } from "node:crypto";
import { type Connection, createConnection } from "mysql2/promise";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { mysqlOutbox } from "../../../lib/sources/mysql-outbox.js";
import type { OutboxOptions } from "../../../lib/sources/outbox/options.js";
import { createTestTopic } from "../../support/broker/kafka.js";
import { uniqueName } from "../../support/broker/unique-names.js";
import { killMidway } from "../../support/relay/killed-source.js";
import { startMariaDb } from "../../support/relay/mariadb.js";
import { createOutboxRuns, fullTable, numbersInOrder, rowsCount, testOutbox } from "../../support/relay/outbox-contract.js";
import { headersOf, idOf, recordsOf, textsOf } from "../../support/relay/source-run.js";

let server: Awaited<ReturnType<typeof startMariaDb>>;
let client: Connection;

beforeAll(async () => {
  server = await startMariaDb();
  if (server !== undefined) client = await createConnection({ uri: server.url, multipleStatements: true });
}, 90_000);
beforeEach((context) => {
  if (server === undefined) context.skip();
});
afterAll(async () => {
  await client?.end();
  server?.stop();
});

async function newTable(columns = "id bigint auto_increment primary key, `key` varchar(50), payload longtext"): Promise<string> {
  const table = `outbox_${randomUUID().slice(0, 8)}`;
  await client.query(`create table ${table} (${columns})`);
  return table;
}

const insert = (table: string, rows: readonly (readonly [key: string | null, payload: string | null])[]) =>
  client.query(`insert into ${table} (\`key\`, payload) values ?`, [rows]);

async function countIn(table: string): Promise<number> {
  const [rows] = await client.query(`select count(*) as n from ${table}`);
  return Number((rows as unknown as readonly { readonly n: unknown }[])[0]?.n);
}

async function lockFirst(table: string): Promise<() => Promise<void>> {
  const other = await createConnection(server?.url ?? "");
  await other.query("set transaction isolation level read committed");
  await other.query("start transaction");
  await other.query(`select * from ${table} where id = 1 for update`);
  return async () => {
    await other.query("rollback");
    await other.end();
  };
}

const from = (options: Partial<OutboxOptions> & Pick<OutboxOptions, "table" | "order">) =>
  mysqlOutbox({ database: server?.url ?? "", ...options });
const runs = createOutboxRuns({ from });
const { kafka, source } = runs;
// Runs take turns by a named lock: one of two may write everything.
testOutbox({ from, newTable, insert, countIn, lockFirst, isShared: () => false }, runs);

test("bytes, headers, a time and an id of bytes are kept, and a marked row is written once", async () => {
  const table = await newTable(
    "seq bigint auto_increment primary key, event binary(16), `key` varbinary(9), payload blob, headers json, at datetime(3), sent datetime",
  );
  await client.query(
    `set time_zone = '+00:00'; insert into ${table} (event, \`key\`, payload, headers, at) values (unhex('00112233445566778899aabbccddeeff'), x'ff00', x'00ff', '{"tenant":"north","n":1,"none":null}', '2026-01-02 03:04:05.678')`,
  );
  const { invoke, topic, name } = await source({
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
  const table = await newTable("id int primary key, total decimal(30, 2)");
  await client.query(`insert into ${table} values (1, 12345678901234567890.10)`);
  const plain = await source({ table, key: "id", value: undefined as never });
  await plain.invoke({});
  await client.query(`insert into ${table} values (2, 0.30)`);
  const debezium = await source({ table, key: "id", value: undefined as never, row: "debezium" });
  await debezium.invoke({});

  expect(textsOf(await recordsOf(kafka, plain.topic))).toEqual(['{"id": 1, "total": 12345678901234567890.10}']);
  expect(textsOf(await recordsOf(kafka, debezium.topic))[0]).toMatch(
    /^\{"before":null,"after":\{"id": 2, "total": 0\.30\},"source":\{"connector":"mysql","table":"outbox_\w+"\},"op":"c","ts_ms":\d+\}$/,
  );
});

test("a run that is killed midway loses nothing: its rows are written again under the same ids, in the order of their keys", async () => {
  const table = await fullTable({ newTable, insert });
  const topic = await createTestTopic(kafka, { partitions: 4 });
  const name = uniqueName("killed");
  const options = { database: server?.url ?? "", table, order: "id", key: "key", value: "payload", rowsMax: 200 };

  const written = await killMidway(
    kafka,
    { kind: "mysqlOutbox", options, name, topic, event: {}, timeLeftMs: 60_000, recordsMax: 200 },
    400,
  );
  expect(written).toBeLessThan(rowsCount);
  const next = await source(options, { name, to: { topic } });
  await next.invoke({}, 60_000);

  expect(await numbersInOrder(kafka, topic)).toBe(rowsCount);
  const records = await recordsOf(kafka, topic);
  expect(new Set(records.map(idOf)).size).toBe(rowsCount);
  // At most the transaction that was under way.
  expect(records.length).toBeLessThanOrEqual(rowsCount + 200);
  expect(await countIn(table)).toBe(0);
}, 120_000);

test("an address that was refused is read again for the next run, as after the rotation of a password", async () => {
  const table = await newTable();
  await insert(table, [["a", "1"]]);
  process.env.TEST_OUTBOX_DATABASE = server?.url.replace(/outbox$/, "missing");
  const { invoke } = await source({ table, database: "env:TEST_OUTBOX_DATABASE" });

  await expect(invoke({})).rejects.toThrow("the database answered 1049");
  process.env.TEST_OUTBOX_DATABASE = server?.url;
  await invoke({});

  expect(await countIn(table)).toBe(0);
});

test("a server that cannot be reached is named as that, and an address of another kind is refused", async () => {
  const { invoke } = await source({ table: "outbox", database: "mysql://root@127.0.0.1:1/outbox" });

  await expect(invoke({})).rejects.toThrow("The database of outbox could not be reached: ECONNREFUSED.");
  expect(() => mysqlOutbox({ database: "postgres://x", table: "outbox", order: "id" })).toThrow("must have the form mysql://");
});
