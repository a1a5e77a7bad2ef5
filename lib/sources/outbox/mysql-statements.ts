/** The statements of the outbox on MySQL and MariaDB. The names of tables and columns have been checked when the source was defined. */
import type { Connection } from "mysql2/promise";
import { RelayError } from "../../errors.js";
import { inOrder, type OutboxRow, type OutboxTable, type RowColumns } from "./table.js";

/** A row, and its id as the server wants it back. */
interface LockedRow {
  readonly row: OutboxRow;
  readonly rawId: unknown;
}

interface RawRow {
  readonly id: unknown;
  readonly k: string | null;
  readonly key: string | Buffer | null;
  readonly value: string | Buffer | null;
  readonly headers: string | null;
  readonly time: string | null;
  readonly row: string | null;
}

/** What a query returns, in the shape that its columns say. */
export async function queried<Row>(on: Connection, statement: string, values: readonly unknown[]): Promise<readonly Row[]> {
  const [rows] = await on.query(statement, [...values]);
  return rows as unknown as readonly Row[];
}

/** Throws `bad-configuration` that names the table, or every column, that does not exist. */
export async function columnsOfTable(
  on: Connection,
  { table, order, id, key, value, headers, timestamp, mark }: OutboxTable,
): Promise<RowColumns> {
  const [schema, name] = table.includes(".") ? table.split(".") : [null, table];
  const rows = await queried<{ readonly name: string; readonly type: string }>(
    on,
    "select column_name as name, data_type as type from information_schema.columns where table_schema = coalesce(?, database()) and table_name = ? order by ordinal_position",
    [schema, name],
  );
  const types = new Map(rows.map((one) => [one.name, one.type.toLowerCase()]));
  if (types.size === 0) throw new RelayError("bad-configuration", `The table ${table} does not exist in the database of the outbox.`);
  const wanted = [order, id, key, value, headers, timestamp, mark].filter((column) => column !== undefined);
  const missing = [...new Set(wanted)].filter((column) => !types.has(column));
  if (missing.length > 0)
    throw new RelayError(
      "bad-configuration",
      `The table ${table} has no column ${missing.join(", ")}; it has ${[...types.keys()].join(", ")}.`,
    );
  return types;
}

/** Another transaction has locked a row: MySQL says 3572, MariaDB the same as after a wait. */
export const isRowTaken = (thrown: unknown): boolean =>
  [3572, 1205].includes(Number((thrown as { readonly errno?: unknown } | undefined)?.errno));

/** The next rows in order, locked until the transaction ends. Throws where a transaction of the application has locked one. */
export async function lockRowsInOrder(on: Connection, table: OutboxTable, columns: RowColumns): Promise<readonly LockedRow[]> {
  const rows = await queried<RawRow>(
    on,
    `select ${selected(table, columns)} from ${quoted(table.table)} where ${isOpen(table)} order by ${quoted(table.order)} limit ? for update nowait`,
    [table.rowsMax],
  );
  return rows.map((row) => toLockedRow(row));
}

/** The same where some are locked: those, and the later ones of their keys, stay for another run. */
export async function lockRowsOneByOne(on: Connection, table: OutboxTable, columns: RowColumns): Promise<readonly LockedRow[]> {
  const next = await queried<Pick<RawRow, "id" | "k">>(
    on,
    `select ${quoted(table.id)} as id, ${keyText(table)} as k from ${quoted(table.table)} where ${isOpen(table)} order by ${quoted(table.order)} limit ?`,
    [table.rowsMax],
  );
  if (next.length === 0) return [];
  const rows = await queried<RawRow>(
    on,
    `select ${selected(table, columns)} from ${quoted(table.table)} where ${quoted(table.id)} in (?) and ${isOpen(table)} for update skip locked`,
    [next.map(({ id }) => id)],
  );
  const locked = new Map(rows.map((row) => [idText(row.id), row]));
  return inOrder(next.map(({ id, k }) => ({ k, isLocked: locked.has(idText(id)), row: locked.get(idText(id)) }))).flatMap(({ row }) =>
    row === undefined ? [] : [toLockedRow(row)],
  );
}

/** Once Kafka, or the dead letter topic, has acknowledged them. */
export async function removeLockedRows(on: Connection, { table, id, mark }: OutboxTable, ids: readonly unknown[]): Promise<void> {
  if (ids.length === 0) return;
  const these = `where ${quoted(id)} in (?)`;
  if (mark === undefined) await on.query(`delete from ${quoted(table)} ${these}`, [ids]);
  else await on.query(`update ${quoted(table)} set ${quoted(mark)} = now() ${these}`, [ids]);
}

const quoted = (name: string): string =>
  name
    .split(".")
    .map((part) => `\`${part}\``)
    .join(".");
const isOpen = ({ mark }: OutboxTable): string => (mark === undefined ? "true" : `${quoted(mark)} is null`);
const keyText = ({ key }: OutboxTable): string => (key === undefined ? "null" : `cast(${quoted(key)} as char)`);
const isBytes = (type: string | undefined): boolean => /^(tiny|medium|long)?blob$|binary$|^bit$/.test(type ?? "");

function selected({ id, key, value, headers, timestamp, ...table }: OutboxTable, columns: RowColumns): string {
  const text = (column: string | undefined): string =>
    column === undefined ? "null" : isBytes(columns.get(column)) ? quoted(column) : `cast(${quoted(column)} as char)`;
  return [
    `${quoted(id)} as id`,
    `${keyText({ key, id, value, headers, timestamp, ...table })} as k`,
    `${text(key)} as ${quoted("key")}`,
    `${text(value)} as value`,
    `${headers === undefined ? "null" : `cast(${quoted(headers)} as char)`} as headers`,
    // Whole milliseconds, from the time zone of the session.
    `${timestamp === undefined ? "null" : `cast(unix_timestamp(${quoted(timestamp)}) * 1000 as char)`} as time`,
    `${value === undefined ? `cast(json_object(${[...columns.keys()].map((column) => `'${column}', ${quoted(column)}`).join(", ")}) as char)` : "null"} as ${quoted("row")}`,
  ].join(", ");
}

function toLockedRow({ id, key, value, headers, time, row }: RawRow): LockedRow {
  return {
    rawId: id,
    row: {
      id: idText(id),
      key: toBuffer(key),
      value: toBuffer(value),
      headers,
      timestampMs: time === null ? undefined : Math.round(Number(time)),
      row: row ?? undefined,
    },
  };
}

/** Ids that are bytes, such as UUIDs, are written in hex. */
const idText = (id: unknown): string => (Buffer.isBuffer(id) ? id.toString("hex") : String(id));
const toBuffer = (given: string | Buffer | null): Buffer | null => (given === null || Buffer.isBuffer(given) ? given : Buffer.from(given));
