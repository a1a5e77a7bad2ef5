/** What a delivery means for a table: a row to write, a row to delete, or nothing. */
import { RelayError } from "../../errors.js";
import type { Delivery } from "../../relay/delivery.js";

export type SqlValue = string | number | boolean | bigint | Date | Buffer | null | object;
export type SqlRow = Readonly<Record<string, SqlValue | undefined>>;
/** Paths by column, or a function: a row, `null` to delete the row of the record's key, undefined to write nothing. */
export type RowMapping = Readonly<Record<string, string>> | ((delivery: Delivery) => SqlRow | null | undefined);

/** One change of the table, with the coordinates that guard it. */
export interface Change {
  readonly kind: "write" | "delete";
  /** Every column of the row; of a delete the key columns alone. */
  readonly row: Readonly<Record<string, SqlValue>>;
  readonly deliveryId: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

export interface RowRules {
  readonly key: readonly string[];
  readonly columns: RowMapping;
  readonly mode?: "upsert" | "insert";
  readonly tombstones?: "delete" | "skip" | "dead-letter";
}

/** Throws `record-not-for-target` where the record has not what the table needs; undefined: there is nothing to do. */
export function toChange(delivery: Delivery, rules: RowRules): Change | undefined {
  const { source, message, id } = delivery;
  const coordinates = { deliveryId: id, topic: source.topic, partition: source.partition, offset: source.offset };
  const isTombstone = message.value === null && message.document() === undefined;
  const row = isTombstone ? null : rowOf(delivery, rules.columns);
  if (row === undefined) return undefined;
  if (row !== null) return { kind: "write", row: withKey(row, rules.key), ...coordinates };

  const tombstones = rules.tombstones ?? (rules.mode === "insert" ? "skip" : "delete");
  if (tombstones === "skip") return undefined;
  if (tombstones === "dead-letter") throw new RelayError("record-not-for-target", "The record is a tombstone, and this table takes none.");
  return { kind: "delete", row: keyOf(delivery, rules), ...coordinates };
}

function rowOf(delivery: Delivery, columns: RowMapping): SqlRow | null | undefined {
  if (typeof columns !== "function") {
    const row: Record<string, SqlValue> = {};
    for (const [column, path] of Object.entries(columns)) row[column] = toSqlValue(valueAt(delivery, path));
    return row;
  }
  try {
    const row = columns(delivery);
    return row === null || row === undefined
      ? row
      : Object.fromEntries(Object.entries(row).map(([name, value]) => [name, toSqlValue(value)]));
  } catch (thrown) {
    throw new RelayError("record-not-for-target", "The route's `columns` function made no row of this record.", { cause: thrown });
  }
}

/** What stands at "value.a.b", "key", "key.a", "headers.name", "topic", "partition", "offset" or "timestamp"; undefined where nothing does. */
export function valueAt({ message, source }: Delivery, path: string): unknown {
  const [root = "", ...names] = path.split(".");
  switch (root) {
    case "value": {
      const document = message.document();
      if (document === undefined && message.value !== null) {
        throw new RelayError(
          "record-not-for-target",
          `The record's value is no JSON, and the table takes ${JSON.stringify(path)} from it.`,
        );
      }
      return within(document, names);
    }
    case "key":
      return names.length === 0 ? message.key?.toString("utf8") : within(parsedKey(message.key), names);
    case "headers": {
      const name = names.join(".");
      return message.headers.findLast((header) => header.name === name)?.value?.toString("utf8");
    }
    case "topic":
    case "partition":
    case "offset":
      return source[root];
    case "timestamp":
      return new Date(message.timestampMs);
    default:
      throw new RelayError(
        "bad-configuration",
        `${JSON.stringify(path)} leads nowhere: a column's path starts with value, key, headers, topic, partition, offset or timestamp.`,
      );
  }
}

function within(document: unknown, names: readonly string[]): unknown {
  let value = document;
  for (const name of names) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

function parsedKey(key: Buffer | null): unknown {
  try {
    return key === null ? undefined : JSON.parse(key.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** Objects and arrays become JSON text, which json and jsonb columns take. */
function toSqlValue(value: unknown): SqlValue {
  if (value === undefined || value === null) return null;
  if (typeof value === "object") return value instanceof Date || Buffer.isBuffer(value) ? value : JSON.stringify(value);
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return value;
  throw new RelayError("record-not-for-target", `A ${typeof value} cannot be the value of a column.`);
}

function withKey(row: SqlRow, key: readonly string[]): Readonly<Record<string, SqlValue>> {
  const missing = key.find((column) => row[column] === null || row[column] === undefined);
  if (missing === undefined) return row as Readonly<Record<string, SqlValue>>;
  throw new RelayError("record-not-for-target", `The record has no value for the key column ${missing}.`);
}

/** A tombstone's row is known by its key alone: by the column's own path where that leads into the key, else a JSON object's member of the column's name, else the whole key. */
function keyOf(delivery: Delivery, { key, columns }: RowRules): Readonly<Record<string, SqlValue>> {
  const parsed = parsedKey(delivery.message.key);
  const row: Record<string, SqlValue> = {};
  for (const column of key) {
    const path = typeof columns === "function" ? undefined : columns[column];
    const value =
      path !== undefined && !path.startsWith("value")
        ? valueAt(delivery, path)
        : typeof parsed === "object" && parsed !== null
          ? within(parsed, [column])
          : key.length === 1
            ? delivery.message.key?.toString("utf8")
            : undefined;
    row[column] = toSqlValue(value);
  }
  return withKey(row, key);
}
