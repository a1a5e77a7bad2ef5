/** The statements: one for all rows written, one for all rows deleted, each guarded so that a repeat or an older record changes nothing. */

import type { Change } from "../change.js";
import type { SqlConnection } from "./database.js";

export interface GuardColumns {
  readonly topic: string;
  readonly partition: string;
  readonly offset: string;
  readonly generation: string;
  /** Of "insert" alone: the delivery id, unique. */
  readonly id: string;
  /** Of tombstones that mark: true for a row that is gone. */
  readonly deleted: string;
}

export interface Table {
  readonly name: string;
  readonly key: readonly string[];
  readonly mode: "upsert" | "insert";
  readonly guard: GuardColumns;
  /** Do deletes keep the row, as its key and its guard, so that an older record does not bring it back? */
  readonly marksDeletes: boolean;
}

/** PostgreSQL counts the parameters of a statement with 16 bits. */
export const parametersMax = 65_535;
/** Topic, partition, offset and generation, and of inserts the delivery id. */
export const guardParametersMax = 5;

/** Applies changes in the order given, all or none. Of several changes to one key the last is applied: what it replaces would not have lasted either. */
export async function applyChanges(connection: SqlConnection, table: Table, changes: readonly Change[]): Promise<void> {
  if (table.mode === "insert") return inserts(connection, table, changes);
  const lastByKey = new Map(changes.map((change) => [keyText(table, change), change]));
  const last = [...lastByKey.values()];
  const deletes = table.marksDeletes ? [] : last.filter(({ kind }) => kind === "delete");
  const writes = byColumns(table.marksDeletes ? last.map((change) => marked(table, change)) : last.filter(({ kind }) => kind === "write"));
  return allOrNone(connection, [
    ...writes.flatMap(inStatements).map((some) => (on: SqlConnection) => upsert(on, table, some)),
    ...inStatements(deletes).map((some) => (on: SqlConnection) => remove(on, table, some)),
  ]);
}

async function allOrNone(connection: SqlConnection, steps: readonly ((on: SqlConnection) => Promise<void>)[]): Promise<void> {
  const [only] = steps;
  if (only !== undefined && steps.length === 1) return only(connection);
  await connection.transaction().execute(async (transaction) => {
    for (const step of steps) await step(transaction);
  });
}

/** Changes with the same columns, in as few statements as their parameters allow. */
function inStatements(changes: readonly Change[]): readonly (readonly Change[])[] {
  const parameters = guardParametersMax + Object.keys(changes[0]?.row ?? {}).length;
  const rowsMax = Math.max(1, Math.floor(parametersMax / parameters));
  return Array.from({ length: Math.ceil(changes.length / rowsMax) }, (_, index) => changes.slice(index * rowsMax, (index + 1) * rowsMax));
}

/** Equal only where PostgreSQL gets the same key: two spellings of one row's key may differ here, two rows' keys never agree. */
function keyText({ key }: Table, { row }: Change): string {
  return JSON.stringify(key.map((column) => identityOf(row[column])));
}

/** String() would drop a date's milliseconds, and bytes that are not UTF-8. */
function identityOf(value: unknown): readonly [kind: "time" | "bytes" | "text", identity: string | number] {
  if (value instanceof Date) return ["time", value.getTime()];
  if (Buffer.isBuffer(value)) return ["bytes", value.toString("hex")];
  return ["text", String(value)];
}

/** Rows with the same columns go into one statement; a mapping by paths always gives the same ones. */
function byColumns(changes: readonly Change[]): readonly (readonly Change[])[] {
  const groups = new Map<string, Change[]>();
  for (const change of changes) {
    const columns = Object.keys(change.row).join();
    const group = groups.get(columns);
    if (group === undefined) groups.set(columns, [change]);
    else group.push(change);
  }
  return [...groups.values()];
}

/** A delete writes its mark and leaves the other columns as they are; a write takes the mark away. */
function marked({ guard }: Table, change: Change): Change {
  return { ...change, kind: "write", row: { ...change.row, [guard.deleted]: change.kind === "delete" } };
}

function guarded({ guard }: Table, change: Change): Record<string, unknown> {
  return {
    ...change.row,
    [guard.topic]: change.topic,
    [guard.partition]: change.partition,
    [guard.offset]: change.offset,
    [guard.generation]: change.generation,
  };
}

/** Written over unless the row came from a later offset of the same topic, partition and generation; from elsewhere, the later delivery wins. */
async function upsert(connection: SqlConnection, table: Table, changes: readonly Change[]): Promise<void> {
  const { name, key, guard } = table;
  const rows = changes.map((change) => guarded(table, change));
  const columns = Object.keys(rows[0] ?? {}).filter((column) => !key.includes(column));
  await connection
    .insertInto(name)
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns([...key])
        .doUpdateSet((eb) => Object.fromEntries(columns.map((column) => [column, eb.ref(`excluded.${column}`)])))
        .where((eb) => {
          const same = (column: string) => eb(eb.ref(`${name}.${column}`), "is not distinct from", eb.ref(`excluded.${column}`));
          const isNewer = eb(eb.ref(`${name}.${guard.offset}`), ">", eb.ref(`excluded.${guard.offset}`));
          return eb.not(eb.and([same(guard.topic), same(guard.partition), same(guard.generation), isNewer]));
        }),
    )
    .execute();
}

async function remove(connection: SqlConnection, table: Table, changes: readonly Change[]): Promise<void> {
  const { name, key, guard } = table;
  await connection
    .deleteFrom(name)
    .where((eb) =>
      eb.or(
        changes.map((change) =>
          eb.and([
            ...key.map((column) => eb(column, "=", change.row[column])),
            eb.not(
              eb.and([
                eb(guard.topic, "is not distinct from", change.topic),
                eb(guard.partition, "is not distinct from", change.partition),
                eb(guard.generation, "is not distinct from", change.generation),
                eb(guard.offset, ">", change.offset),
              ]),
            ),
          ]),
        ),
      ),
    )
    .execute();
}

/** A delivery is a row; a repeated delivery finds its id already there. */
async function inserts(connection: SqlConnection, table: Table, changes: readonly Change[]): Promise<void> {
  const { guard } = table;
  const insert = async (on: SqlConnection, some: readonly Change[]): Promise<void> => {
    const rows = some.map((change) => ({ ...guarded(table, change), [guard.id]: change.deliveryId }));
    await on
      .insertInto(table.name)
      .values(rows)
      .onConflict((conflict) => conflict.column(guard.id).doNothing())
      .execute();
  };
  const groups = byColumns(changes).flatMap(inStatements);
  return allOrNone(
    connection,
    groups.map((some) => (on: SqlConnection) => insert(on, some)),
  );
}

interface TableShape extends Table {
  /** PostgreSQL types by column. */
  readonly columns: Readonly<Record<string, string>>;
}

/** Creates the table where it is missing, with the columns that guard it; an existing one is left as it is. */
export async function createTable(connection: SqlConnection, { name, key, mode, guard, columns, marksDeletes }: TableShape): Promise<void> {
  const { sql } = await import("kysely");
  let table = connection.schema.createTable(name).ifNotExists();
  for (const [column, type] of Object.entries(columns)) {
    table = table.addColumn(column, sql.raw(type), (definition) => (key.includes(column) ? definition.notNull() : definition));
  }
  table = table
    .addColumn(guard.topic, "text")
    .addColumn(guard.partition, "integer")
    .addColumn(guard.offset, "bigint")
    .addColumn(guard.generation, "bigint");
  if (marksDeletes) table = table.addColumn(guard.deleted, "boolean");
  table =
    mode === "insert"
      ? table.addColumn(guard.id, "text", (definition) => definition.primaryKey())
      : table.addPrimaryKeyConstraint(`${name.replaceAll(".", "_")}_pkey`, [...key] as never[]);
  await table.execute();
}
