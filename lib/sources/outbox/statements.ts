/**
 * The statements of the outbox on PostgreSQL. Runs at the same time divide the keys between them: each key belongs to one of 64 buckets, and a run holds the advisory
 * locks of its buckets until its transaction ends (https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS). `SKIP LOCKED` alone would let one
 * run take a key's later rows while another still holds the earlier ones.
 */
import { type RawBuilder, sql, type Transaction } from "kysely";
import { RelayError } from "../../errors.js";

export interface OutboxTable {
  readonly table: string;
  readonly order: string;
  readonly id: string;
  readonly key: string | undefined;
  readonly value: string | undefined;
  readonly headers: string | undefined;
  readonly timestamp: string | undefined;
  /** The column that a written row gets its time in; undefined: written rows are deleted. */
  readonly mark: string | undefined;
  readonly rowsMax: number;
}

/** The type of each column that is read. */
export type RowColumns = ReadonlyMap<string, string>;

/** As PostgreSQL writes it: text, or hex for bytes. */
export interface OutboxRow {
  readonly id: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: string | null;
  readonly timestampMs: number | undefined;
  /** The whole row as JSON; undefined where one column is the value. */
  readonly row: string | undefined;
}

type Connection = Transaction<Record<string, Record<string, unknown>>>;

const bucketsCount = 64;
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

/** The next rows of buckets that no other run holds, in order, locked until the transaction ends. */
export async function lockRows(connection: Connection, table: OutboxTable, types: RowColumns): Promise<readonly OutboxRow[]> {
  const buckets = await lockBuckets(connection, table);
  if (buckets.length === 0) return [];
  const { id, key, order, rowsMax } = table;
  // A second statement sees what other runs removed before they gave the buckets up.
  const { rows } = await sql<RawRow>`
    with chosen as materialized (
      select ${ref(id)} as id, ${keyText(table)} as k, row_number() over (order by ${ref(order)}) as n from ${sql.table(table.table)}
      where ${bucket(table)} = any(${[...buckets]}) and ${isOpen(table)} order by ${ref(order)} limit ${rowsMax}
    ), locked as materialized (
      select ${ref(id)} as id, ${columnText(table.value, types)} as value, ${columnText(key, types)} as key,
        ${table.headers === undefined ? sql`null` : sql`${ref(table.headers)}::text`} as headers,
        ${table.timestamp === undefined ? sql`null` : sql`(extract(epoch from ${ref(table.timestamp)}) * 1000)::text`} as time,
        ${table.value === undefined ? sql`row_to_json(outbox_row)::text` : sql`null`} as row
      from ${sql.table(table.table)} as outbox_row
      where ${ref(id)} in (select id from chosen) and ${isOpen(table)} for update skip locked
    )
    select chosen.id::text as id, chosen.k as k, locked.id is not null as "isLocked", locked.value, locked.key, locked.headers, locked.time, locked.row
    from chosen left join locked on locked.id = chosen.id order by chosen.n`.execute(connection);
  return inOrder(rows).map((row) => toRow(row, table, types));
}

interface RawRow {
  readonly id: string;
  /** The key as text; null: the row has no order. */
  readonly k: string | null;
  readonly isLocked: boolean;
  readonly value: string | null;
  readonly key: string | null;
  readonly headers: string | null;
  readonly time: string | null;
  readonly row: string | null;
}

/** A row that another transaction has locked holds the later rows of its key. */
function inOrder(rows: readonly RawRow[]): readonly RawRow[] {
  const held = new Set<string>();
  return rows.filter(({ k, isLocked }) => {
    if (!isLocked && k !== null) held.add(k);
    return isLocked && (k === null || !held.has(k));
  });
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
    select bucket from ordered where pg_try_advisory_xact_lock(hashtext(${`kafka-relay ${table.table}`}), bucket) limit ${bucketsMax}`.execute(
    connection,
  );
  return rows.map(({ bucket: one }) => one);
}

/** Once Kafka, or the dead letter topic, has acknowledged them. */
export async function removeRows(connection: Connection, { table, id, mark }: OutboxTable, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  if (mark === undefined) await sql`delete from ${sql.table(table)} where ${ref(id)} = any(${[...ids]})`.execute(connection);
  else await sql`update ${sql.table(table)} set ${ref(mark)} = now() where ${ref(id)} = any(${[...ids]})`.execute(connection);
}

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
