/** What a delivery means for a table of any kind: a row to write, a row to delete, or nothing. */
import { RelayError } from "../errors.js";
import type { Delivery } from "../relay/delivery.js";

export type Row = Readonly<Record<string, unknown>>;
/** Paths by column, or a function: a row, `null` to delete the row of the record's key, undefined to write nothing. */
export type RowMapping = Readonly<Record<string, string>> | ((delivery: Delivery) => Row | null | undefined);

export type Tombstones = "delete" | "skip" | "dead-letter";

/** One change of the table, with the coordinates that guard it. */
export interface Change<Value = unknown> {
  readonly kind: "write" | "delete";
  /** Every column of the row; of a delete the key columns alone. */
  readonly row: Readonly<Record<string, Value>>;
  readonly deliveryId: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

export interface ChangeRules<Value> {
  readonly key: readonly string[];
  readonly columns: RowMapping;
  readonly tombstones: Tombstones;
  /** How the table holds a value; throws `record-not-for-target` where it cannot. */
  readonly toValue: (value: unknown) => Value;
}

/** Throws `record-not-for-target` where the record has not what the table needs; undefined: there is nothing to do. */
export function toChange<Value>(delivery: Delivery, rules: ChangeRules<Value>): Change<Value> | undefined {
  const { source, message, id } = delivery;
  const coordinates = { deliveryId: id, topic: source.topic, partition: source.partition, offset: source.offset };
  const isTombstone = message.value === null && message.document() === undefined;
  const row = isTombstone ? null : rowOf(delivery, rules);
  if (row === undefined) return undefined;
  if (row !== null) return { kind: "write", row: withKey(row, rules.key), ...coordinates };

  const { tombstones } = rules;
  if (tombstones === "skip") return undefined;
  if (tombstones === "dead-letter") throw new RelayError("record-not-for-target", "The record is a tombstone, and this table takes none.");
  return { kind: "delete", row: keyOf(delivery, rules), ...coordinates };
}

function rowOf<Value>(delivery: Delivery, { columns, toValue }: ChangeRules<Value>): Readonly<Record<string, Value>> | null | undefined {
  const row: Record<string, Value> = {};
  if (typeof columns !== "function") {
    for (const [column, path] of Object.entries(columns)) row[column] = toValue(valueAt(delivery, path));
    return row;
  }
  const made = madeBy(columns, delivery);
  if (made === null || made === undefined) return made;
  for (const [column, value] of Object.entries(made)) row[column] = toValue(value);
  return row;
}

function madeBy(columns: (delivery: Delivery) => Row | null | undefined, delivery: Delivery): Row | null | undefined {
  try {
    return columns(delivery);
  } catch (thrown) {
    throw new RelayError("record-not-for-target", "The route's function made no row of this record.", { cause: thrown });
  }
}

const pathForm = /^(value|key)(\.[^.]+)*$|^headers\..+$|^(topic|partition|offset|timestamp)$/;

/** Throws `bad-configuration` for a path that leads nowhere in any record. */
export function assertPath(path: string): void {
  if (pathForm.test(path)) return;
  throw new RelayError(
    "bad-configuration",
    `${JSON.stringify(path)} leads nowhere: a path is value, key, topic, partition, offset or timestamp, or starts with "value.", "key." or "headers."`,
  );
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
        `${JSON.stringify(path)} leads nowhere: a path starts with value, key, headers, topic, partition, offset or timestamp.`,
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

function withKey<Value>(row: Readonly<Record<string, Value>>, key: readonly string[]): Readonly<Record<string, Value>> {
  const missing = key.find((column) => row[column] === null || row[column] === undefined);
  if (missing === undefined) return row;
  throw new RelayError("record-not-for-target", `The record has no value for the key column ${missing}.`);
}

/** A tombstone's row is known by its key alone: by the column's own path where that leads into the key, else a JSON object's member of the column's name, else the whole key. */
function keyOf<Value>(delivery: Delivery, { key, columns, toValue }: ChangeRules<Value>): Readonly<Record<string, Value>> {
  const parsed = parsedKey(delivery.message.key);
  const row: Record<string, Value> = {};
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
    row[column] = toValue(value);
  }
  return withKey(row, key);
}
