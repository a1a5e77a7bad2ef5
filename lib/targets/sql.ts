/** The target "sql": records become rows of a PostgreSQL table; upserts, inserts, and deletes on tombstones, safe to repeat. Options and verdicts: docs/targets.md. */
import * as v from "valibot";
import { RelayError } from "../errors.js";
import { flag, oneOf, text, whole } from "../option-values.js";
import type { Delivery, DeliveryOutcome, Target, TargetContext, TargetDefinition } from "../relay/delivery.js";
import { parseCertificates } from "../trusted-authorities.js";
import { assertPath, type Change, type ChangeRules, type RowMapping, type Tombstones, toChange } from "./change.js";
import { checkedText, reference } from "./option-checks.js";
import { checkOptions, made, timeoutMs, timeoutMsDefault } from "./options.js";
import { deliverByHalves, delivered, failedBy, failedByRecord } from "./outcome.js";
import { createDatabase, type Database } from "./sql/database.js";
import { applyChanges, createTable, type GuardColumns, guardParametersMax, parametersMax, type Table } from "./sql/statement.js";
import { toSqlValue } from "./sql/value.js";
import { isLoginRefused, toSqlFailure } from "./sql/verdict.js";

export interface SqlOptions {
  /** `postgres://user:password@host/database`, as a reference to a secret. */
  readonly connection: string;
  /** `table` or `schema.table`. */
  readonly table: string;
  /** The columns that make a row one: a primary key or unique constraint has exactly these. */
  readonly key: readonly string[];
  /** Where each column's value is: "value.customer.id", "key", "headers.tenant", "topic", "partition", "offset", "timestamp"; or a function that makes the row, or none. */
  readonly columns: RowMapping;
  /** "upsert" (default): the newest record of a key is its row. "insert": every delivery is a row of its own, once, identified by the column `relay_id`. */
  readonly mode?: "upsert" | "insert";
  /** What a null value does: "delete" (default of upsert), "skip" (default of insert), "dead-letter", or "mark": the row stays, with `relay_deleted` true, and guards on. */
  readonly tombstones?: Tombstones | "mark";
  /** The route's `generation`, which may be set here instead. */
  readonly generation?: number;
  /** Other names for the columns that guard against repeats. */
  readonly guardColumns?: Partial<GuardColumns>;
  /** Creates the table where it is missing: each column's type. */
  readonly create?: Readonly<Record<string, string>>;
  /** Rows a statement at most; 500 where absent. */
  readonly rowsMax?: number;
  /** Connections this function holds; 1 where absent. */
  readonly connectionsMax?: number;
  /** Of one batch; 10,000 where absent, and never past the time the function has left. */
  readonly timeoutMs?: number;
  /** TLS without, or with (PEM or a reference), an authority of your own; absent: as the connection string says. */
  readonly tls?: boolean | { readonly ca: string };
}

/** Of a table in PostgreSQL (https://www.postgresql.org/docs/current/limits.html). */
const columnsMax = 1_600;

const optionEntries = {
  connection: reference(assertPostgresAddress),
  table: text,
  key: v.array(text, "must be a list of columns"),
  columns: v.union([v.record(v.string(), checkedText(assertPath)), made], "must be an object of paths, or a function of the delivery"),
  mode: v.optional(oneOf("upsert", "insert")),
  tombstones: v.optional(oneOf("delete", "skip", "dead-letter", "mark")),
  generation: v.optional(whole(0, Number.MAX_SAFE_INTEGER)),
  guardColumns: v.optional(
    v.strictObject({
      topic: v.optional(text),
      partition: v.optional(text),
      offset: v.optional(text),
      generation: v.optional(text),
      id: v.optional(text),
      deleted: v.optional(text),
    }),
  ),
  create: v.optional(v.record(v.string(), v.pipe(v.string(), v.regex(/^[A-Za-z][A-Za-z0-9_ ,()[\]]*$/, "must be a PostgreSQL type")))),
  rowsMax: v.optional(whole(1, 10_000)),
  connectionsMax: v.optional(whole(1, 100)),
  timeoutMs: v.optional(timeoutMs),
  tls: v.optional(v.union([flag, v.strictObject({ ca: reference(parseCertificates) })], "must be true, false or { ca }")),
};

export function sql(options: SqlOptions): TargetDefinition {
  checkOptions("sql", options, optionEntries);
  const guard: GuardColumns = {
    topic: "relay_topic",
    partition: "relay_partition",
    offset: "relay_offset",
    generation: "relay_generation",
    id: "relay_id",
    deleted: "relay_deleted",
    ...options.guardColumns,
  };
  assertSound(options, guard);
  return {
    kind: "sql",
    name: options.table,
    options: { ...options, connection: /^(env|arn):/.test(options.connection) ? options.connection : "(given in the route)" },
    open: (context) => openSql(options, guard, context),
  };
}

/** What `pg` connects by. Throws `bad-configuration` without showing the password. */
function assertPostgresAddress(text: string): void {
  if (/^postgres(ql)?:\/\//.test(text) && URL.canParse(text)) return;
  throw new RelayError(
    "bad-configuration",
    "The connection must have the form postgres://user:password@host/database, with special characters of the password percent-encoded; the given one does not.",
  );
}

function assertSound(options: SqlOptions, guard: GuardColumns): void {
  const name = /^[A-Za-z_][A-Za-z0-9_$]{0,62}$/;
  const columns = typeof options.columns === "function" ? [] : Object.keys(options.columns);
  const names = [...options.table.split("."), ...options.key, ...columns, ...Object.values(guard), ...Object.keys(options.create ?? {})];
  const wrong = names.find((each) => !name.test(each));
  const clash = columns.find((each) => Object.values(guard).includes(each));
  const { create } = options;
  const uncreated = create === undefined ? undefined : [...options.key, ...columns].find((each) => !Object.hasOwn(create, each));
  const faults = [
    wrong === undefined
      ? undefined
      : `${JSON.stringify(wrong)} is not a valid name of a table or column: use letters, digits, _ and $, at most 63 characters`,
    options.key.length === 0 && options.mode !== "insert" ? "an upsert needs `key`, the columns that identify a row" : undefined,
    columns.length > 0 && options.key.some((each) => !columns.includes(each))
      ? "every column of `key` must also be in `columns`"
      : undefined,
    typeof options.columns !== "function" && columns.length === 0 ? "`columns` must name at least one column" : undefined,
    options.table.split(".").length > 2 ? "`table` must be `table` or `schema.table`" : undefined,
    new Set(options.key).size < options.key.length ? "`key` names a column twice" : undefined,
    new Set(Object.values(guard)).size < Object.values(guard).length ? "`guardColumns` names a column twice" : undefined,
    clash === undefined ? undefined : `${JSON.stringify(clash)} is a column of \`columns\` and of \`guardColumns\``,
    uncreated === undefined ? undefined : `\`create\` has no type for the column ${JSON.stringify(uncreated)}`,
    options.mode === "insert" && (options.tombstones === "mark" || options.tombstones === "delete")
      ? `tombstones ${JSON.stringify(options.tombstones)} requires mode "upsert", because inserted rows cannot be found by a key`
      : undefined,
  ].filter((fault) => fault !== undefined);
  if (faults.length > 0) throw new RelayError("bad-configuration", `The SQL target ${options.table}: ${faults.join("; ")}.`);
}

function openSql(options: SqlOptions, guard: GuardColumns, context: TargetContext): Target {
  const mode = options.mode ?? "upsert";
  const tombstones = options.tombstones ?? (mode === "insert" ? "skip" : "delete");
  const marksDeletes = tombstones === "mark" && mode === "upsert";
  const table = { name: options.table, key: options.key, mode, guard, marksDeletes };
  let open: Promise<Database> | undefined;
  let isRefused = false;
  const close = async () => {
    const database = await open?.catch(() => undefined);
    open = undefined;
    database?.close();
  };
  const current = (): Promise<Database> => {
    open ??= openDatabase(options, table, context, isRefused).catch((thrown) => {
      open = undefined;
      throw thrown;
    });
    return open;
  };
  const attempt = async (changes: readonly Change[], timeoutMs: number): Promise<DeliveryOutcome> => {
    try {
      const database = await current();
      await database.run((connection) => applyChanges(connection, table, changes), timeoutMs);
      isRefused = false;
      return delivered;
    } catch (thrown) {
      const error = toSqlFailure(thrown, options.table);
      // Somebody may have changed a password: the next attempt reads it again. Broken connections the pool replaces by itself.
      isRefused = isLoginRefused(error);
      if (isRefused) await close();
      return failedBy(error);
    }
  };

  const rules = {
    key: options.key,
    columns: options.columns,
    tombstones: tombstones === "mark" ? ("delete" as const) : tombstones,
    toValue: toSqlValue,
  };
  // A function's columns are known only from its rows: a batch that exceeds the limit is split into statements of one transaction.
  const columnsCount = typeof options.columns === "function" ? 0 : Object.keys(options.columns).length;
  return {
    kind: "sql",
    name: options.table,
    deliveriesMax: Math.min(options.rowsMax ?? 500, Math.floor(parametersMax / (guardParametersMax + columnsCount))),
    deliver: (deliveries, deadline) =>
      deliverRows(deliveries, rules, (changes) => attempt(changes, Math.min(options.timeoutMs ?? timeoutMsDefault, deadline.leftMs()))),
    close,
  };
}

/** All rows of a batch are written together. Where the database blames a row, halves of the batch are tried until that row stands alone. */
async function deliverRows(
  deliveries: readonly Delivery[],
  rules: ChangeRules<unknown>,
  write: (changes: readonly Change[]) => Promise<DeliveryOutcome>,
): Promise<readonly DeliveryOutcome[]> {
  const outcomes = new Map<Delivery, DeliveryOutcome>();
  const changes = new Map<Delivery, Change>();
  for (const delivery of deliveries) {
    try {
      const change = toChange(delivery, rules);
      if (change === undefined) outcomes.set(delivery, delivered);
      else changes.set(delivery, storable(change));
    } catch (thrown) {
      outcomes.set(delivery, failedByRecord(thrown));
    }
  }
  const rows = [...changes.keys()];
  const results = await deliverByHalves(rows, (some) => write(some.map((each) => changes.get(each) as Change)));
  for (const [index, delivery] of rows.entries()) outcomes.set(delivery, results[index] as DeliveryOutcome);
  return deliveries.map((delivery) => outcomes.get(delivery) as DeliveryOutcome);
}

function storable(change: Change): Change {
  const count = Object.keys(change.row).length;
  if (count <= columnsMax) return change;
  throw new RelayError("record-not-for-target", `The row has ${count} columns, but a PostgreSQL table can have at most ${columnsMax}.`);
}

async function openDatabase(options: SqlOptions, table: Table, context: TargetContext, refresh: boolean): Promise<Database> {
  const { tls } = options;
  const database = await createDatabase({
    connectionString: await context.secret(options.connection, { refresh }),
    connectionsMax: options.connectionsMax ?? 1,
    ...(tls === undefined ? {} : { tls: typeof tls === "boolean" ? tls : { ca: await context.secret(tls.ca, { refresh }) } }),
  });
  if (options.create === undefined) return database;
  try {
    const columns = options.create;
    await database.run((connection) => createTable(connection, { ...table, columns }), timeoutMsDefault);
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}
