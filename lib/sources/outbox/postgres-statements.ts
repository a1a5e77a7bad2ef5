/**
 * The statements of the outbox on PostgreSQL. A run that is alone locks the table's next rows, and keeps others out by an advisory lock until its transaction ends
 * (https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS). Runs at the same time divide the keys between them: each key belongs to one of 64
 * buckets, and a run holds the locks of its buckets. `SKIP LOCKED` alone would let one run take a key's later rows while another still holds the earlier ones.
 */
import { type RawBuilder, sql, type Transaction } from "kysely";
import { RelayError } from "../../errors.js";
import { inOrder, type OutboxRow, type OutboxTable, type RowColumns } from "./table.js";

type Connection = Transaction<Record<string, Record<string, unknown>>>;

const bucketsCount = 64;
/** The number behind the buckets: held by a run that is alone, shared by runs at the same time. */
const wholeTable = bucketsCount;
/** How long a run waits for one that is alone; after it, the run ends as if the table was empty. */
const sharedWaitMs = 2_000;
/** Of one transaction, so that another run finds others. */
const bucketsMax = 16;
/** How far a run looks ahead for buckets that are free. */
const lookAhead = 4;

/** Throws `bad-configuration` that names the table, or every column, that does not exist. */
export async function columnsOf(
  connection: Connection,
  { table, order, id, key, value, headers, timestamp, mark }: OutboxTable,
): Promise<RowColumns> {
  const { rows } = await sql<{ name: string; type: string }>`
    select a.attname as name, t.typname as type from pg_attribute a join pg_type t on t.oid = a.atttypid
    where a.attrelid = to_regclass(${table}) and a.attnum > 0 and not a.attisdropped`.execute(connection);
  if (rows.length === 0) throw new RelayError("bad-configuration", `The table ${table} does not exist in the database of the outbox.`);
  const types = new Map(rows.map(({ name, type }) => [name, type]));
  const wanted = [order, id, key, value, headers, timestamp, mark].filter((column) => column !== undefined);
  const missing = [...new Set(wanted)].filter((column) => !types.has(column));
  if (missing.length > 0)
    throw new RelayError(
      "bad-configuration",
      `The table ${table} has no column ${missing.join(", ")}; it has ${[...types.keys()].join(", ")}.`,
    );
  return types;
}

/** True: until the transaction ends, no other run reads the table. */
export async function lockTable(connection: Connection, { table }: OutboxTable): Promise<boolean> {
  const { rows } = await sql<{ isAlone: boolean }>`
    select pg_try_advisory_xact_lock(${lockOf(table)}, ${sql.lit(wholeTable)}) as "isAlone"`.execute(connection);
  return rows[0]?.isAlone === true;
}

/** For a run that is alone: the next rows, in order, locked until the transaction ends. Throws 55P03 where a transaction of the application has locked one. */
export async function lockNextRows(connection: Connection, table: OutboxTable, types: RowColumns): Promise<readonly OutboxRow[]> {
  const { rows } = await sql<RawRow>`
    select ${ref(table.id)}::text as id, ${columnsOfRow(table, types)} from ${sql.table(table.table)} as outbox_row
    where ${isOpen(table)} order by ${ref(`outbox_row.${table.order}`)} limit ${table.rowsMax} for update nowait`.execute(connection);
  return rows.map((row) => toRow(row, table, types));
}

export const isRowLocked = (thrown: unknown): boolean => (thrown as { readonly code?: unknown } | undefined)?.code === "55P03";

/** For runs at the same time: the next rows of buckets that no other run holds, in order, locked until the transaction ends. */
export async function lockSharedRows(connection: Connection, table: OutboxTable, types: RowColumns): Promise<readonly OutboxRow[]> {
  await sql`set local lock_timeout = ${sql.lit(sharedWaitMs)}`.execute(connection);
  await sql`select pg_advisory_xact_lock_shared(${lockOf(table.table)}, ${sql.lit(wholeTable)})`.execute(connection);
  await sql`set local lock_timeout to default`.execute(connection);
  const buckets = await lockBuckets(connection, table);
  if (buckets.length === 0) return [];
  const { id, order, rowsMax } = table;
  // A second statement sees what other runs removed before they gave the buckets up.
  const { rows } = await sql<ChosenRow>`
    with chosen as materialized (
      select ${ref(id)} as id, ${keyText(table)} as k, row_number() over (order by ${ref(order)}) as n from ${sql.table(table.table)}
      where ${bucket(table)} = any(${[...buckets]}) and ${isOpen(table)} order by ${ref(order)} limit ${rowsMax}
    ), locked as materialized (
      select ${ref(id)} as id, ${columnsOfRow(table, types)}
      from ${sql.table(table.table)} as outbox_row
      where ${ref(id)} in (select id from chosen) and ${isOpen(table)} for update skip locked
    )
    select chosen.id::text as id, chosen.k as k, locked.id is not null as "isLocked", locked.value, locked.key, locked.headers, locked.time, locked.row
    from chosen left join locked on locked.id = chosen.id order by chosen.n`.execute(connection);
  return inOrder(rows).map((row) => toRow(row, table, types));
}

/** Value, key, headers, time and the whole row, each as text. */
function columnsOfRow({ value, key, headers, timestamp }: OutboxTable, types: RowColumns): RawBuilder<unknown> {
  return sql`${columnText(value, types)} as value, ${columnText(key, types)} as key,
    ${headers === undefined ? sql`null` : sql`${ref(headers)}::text`} as headers,
    ${timestamp === undefined ? sql`null` : sql`(extract(epoch from ${ref(timestamp)}) * 1000)::text`} as time,
    ${value === undefined ? sql`row_to_json(outbox_row)::text` : sql`null`} as row`;
}

interface RawRow {
  readonly id: string;
  readonly value: string | null;
  readonly key: string | null;
  readonly headers: string | null;
  readonly time: string | null;
  readonly row: string | null;
}

interface ChosenRow extends RawRow {
  /** The key as text; null: the row has no order. */
  readonly k: string | null;
  readonly isLocked: boolean;
}

function toRow({ id, value, key, headers, time, row }: RawRow, table: OutboxTable, types: RowColumns): OutboxRow {
  return {
    id,
    key: toBytes(key, table.key, types),
    value: toBytes(value, table.value, types),
    headers,
    timestampMs: time === null ? undefined : Math.round(Number(time)),
    row: row ?? undefined,
  };
}

/** The buckets of the first rows that are free, and are ours from now on. */
async function lockBuckets(connection: Connection, table: OutboxTable): Promise<readonly number[]> {
  const { rows } = await sql<{ bucket: number }>`
    with head as materialized (
      select bucket, min(n) as first from (
        select ${bucket(table)} as bucket, row_number() over (order by ${ref(table.order)}) as n from ${sql.table(table.table)}
        where ${isOpen(table)} order by ${ref(table.order)} limit ${table.rowsMax * lookAhead}
      ) as waiting group by bucket
    ), ordered as materialized (select bucket from head order by first)
    select bucket from ordered where pg_try_advisory_xact_lock(${lockOf(table.table)}, bucket) limit ${bucketsMax}`.execute(connection);
  return rows.map(({ bucket: one }) => one);
}

/** Once Kafka, or the dead letter topic, has acknowledged them. */
export async function removeRows(connection: Connection, { table, id, mark }: OutboxTable, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  if (mark === undefined) await sql`delete from ${sql.table(table)} where ${ref(id)} = any(${[...ids]})`.execute(connection);
  else await sql`update ${sql.table(table)} set ${ref(mark)} = now() where ${ref(id)} = any(${[...ids]})`.execute(connection);
}

const lockOf = (table: string): RawBuilder<unknown> => sql`hashtext(${`kafka-relay ${table}`})`;
const ref = (column: string): RawBuilder<unknown> => sql.ref(column);
const isOpen = ({ mark }: OutboxTable): RawBuilder<unknown> => (mark === undefined ? sql`true` : sql`${ref(mark)} is null`);
const keyText = ({ key }: OutboxTable): RawBuilder<unknown> => (key === undefined ? sql`null::text` : sql`${ref(key)}::text`);

function bucket(table: OutboxTable): RawBuilder<unknown> {
  return sql`(hashtext(coalesce(${keyText(table)}, ${ref(table.id)}::text)) & ${sql.lit(bucketsCount - 1)})`;
}

const isBytes = (column: string | undefined, types: RowColumns): boolean => column !== undefined && types.get(column) === "bytea";

function columnText(column: string | undefined, types: RowColumns): RawBuilder<unknown> {
  if (column === undefined) return sql`null`;
  return isBytes(column, types) ? sql`encode(${ref(column)}, 'hex')` : sql`${ref(column)}::text`;
}

function toBytes(given: string | null, column: string | undefined, types: RowColumns): Buffer | null {
  return given === null ? null : Buffer.from(given, isBytes(column, types) ? "hex" : "utf8");
}
