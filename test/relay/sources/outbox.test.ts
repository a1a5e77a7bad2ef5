/**
 * The outbox on PostgreSQL: PGlite behind its socket, or the server that TEST_POSTGRES_URL names. PGlite runs one transaction at a time, so what two runs do to each
 * other at the same moment is only tried on a server.
 */
import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { OutboxOptions } from "../../../lib/sources/outbox/options.js";
import { outbox } from "../../../lib/sources/outbox.js";
import { type SqlServer, startSql } from "../../../local/sql/server.js";
import { createOutboxRuns, testOutbox } from "../../support/relay/outbox-contract.js";
import { idOf, recordsOf, textsOf } from "../../support/relay/source-run.js";

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
afterAll(async () => {
  await client?.end();
  await server?.stop();
});

async function newTable(columns = "id bigserial primary key, key text, payload text"): Promise<string> {
  const table = `outbox_${randomUUID().slice(0, 8)}`;
  await client.query(`create table ${table} (${columns})`);
  return table;
}

const insert = (table: string, rows: readonly (readonly [key: string | null, payload: string | null])[]) =>
  client.query(`insert into ${table} (key, payload) select k, p from unnest($1::text[], $2::text[]) as given (k, p)`, [
    rows.map(([key]) => key),
    rows.map(([, payload]) => payload),
  ]);

const countIn = async (table: string): Promise<number> => Number((await client.query(`select count(*) from ${table}`)).rows[0].count);

async function lockFirst(table: string): Promise<(() => Promise<void>) | undefined> {
  if (server !== undefined) return undefined;
  const other = new pg.Client({ connectionString: url });
  await other.connect();
  await other.query("begin");
  await other.query(`select * from ${table} where id = 1 for update`);
  return async () => {
    await other.query("rollback");
    await other.end();
  };
}

const from = (options: Partial<OutboxOptions> & Pick<OutboxOptions, "table" | "order">) => outbox({ database: url, ...options });
const runs = createOutboxRuns({ from });
const { kafka, source } = runs;
// PGlite may give one of two runs everything.
testOutbox({ from, newTable, insert, countIn, lockFirst, isShared: () => server === undefined }, runs);

test("bytes, headers, a time and an id of their own columns are kept", async () => {
  const table = await newTable("seq serial, event uuid, key bytea, payload bytea, headers jsonb, at timestamptz, sent timestamptz");
  const id = randomUUID();
  await client.query(
    `insert into ${table} values (1, $1, '\\xff00', '\\x00ff', '{"tenant":"north","n":1,"none":null}', '2026-01-02T03:04:05.678Z')`,
    [id],
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
  expect(record?.headers.map((header) => [header.name, header.value?.toString()]).sort()).toEqual([
    ["n", "1"],
    ["none", undefined],
    ["relay.delivery-id", `${name}/${id}`],
    ["tenant", "north"],
  ]);
  expect((await client.query(`select sent is not null as sent from ${table}`)).rows).toEqual([{ sent: true }]);
});

test("without a column for the value, the row is the value, also as Debezium writes a created row", async () => {
  const table = await newTable("id int primary key, total numeric");
  await client.query(`insert into ${table} values (1, 12345678901234567890.10)`);
  const plain = await source({ table, key: "id", value: undefined as never, written: "delete" });
  await plain.invoke({});
  await client.query(`insert into ${table} values (2, 0.30)`);
  const debezium = await source({ table, key: "id", value: undefined as never, row: "debezium" });
  await debezium.invoke({});

  expect(textsOf(await recordsOf(kafka, plain.topic))).toEqual(['{"id":1,"total":12345678901234567890.10}']);
  const [change] = textsOf(await recordsOf(kafka, debezium.topic));
  expect(change).toMatch(
    /^\{"before":null,"after":\{"id":2,"total":0\.30\},"source":\{"connector":"postgresql","table":"outbox_\w+"\},"op":"c","ts_ms":\d+\}$/,
  );
});

test("a row whose record was written but not removed is written again under the same delivery id", async () => {
  const table = await newTable();
  await insert(table, [["a", "1"]]);
  await client.query(`create function ${table}_no() returns trigger language plpgsql as 'begin raise exception ''not now''; end'`);
  await client.query(`create trigger no before delete on ${table} execute function ${table}_no()`);
  const { invoke, topic, name } = await source({ table });

  await expect(invoke({})).rejects.toThrow(`The table ${table}: PostgreSQL answered P0001.`);
  await client.query(`drop trigger no on ${table}`);
  await invoke({});

  expect((await recordsOf(kafka, topic)).map(idOf)).toEqual([`${name}/1`, `${name}/1`]);
  expect(await countIn(table)).toBe(0);
});

test("options that cannot be are named when the source is defined", () => {
  const right = { database: "env:X", table: "outbox", order: "id" };

  expect(() => outbox({ ...right, table: "a.b.c" })).toThrow("table: must be table or schema.table.");
  expect(() => outbox({ ...right, database: "mysql://x" })).toThrow("must have the form postgres://");
  expect(() => outbox({ ...right, value: "payload", row: "json" })).toThrow("Remove one of them");
  expect(() => outbox({ ...right, orderr: "id" } as never)).toThrow('orderr: this option does not exist. Did you mean "order"?');
});
