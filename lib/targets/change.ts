/** What a delivery means for a table of any kind: a row to write, a row to delete, or nothing. */
import { RelayError } from "../errors.js";
import type { Delivery } from "../relay/delivery.js";
import { isContainer, memberAt, parsedKey, valueAt, wholeKeyOf } from "../relay/route/path.js";

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
  readonly generation: number;
}

export interface ChangeRules<Value> {
  readonly key: readonly string[];
  readonly columns: RowMapping;
  readonly tombstones: Tombstones;
  /** How the table holds a value; throws `record-not-for-target` where it cannot. Numbers that a double does not hold come as NumberText. */
  readonly toValue: (value: unknown, column: string) => Value;
}

/** Throws `record-not-for-target` where the record has not what the table needs; undefined: there is nothing to do. */
export function toChange<Value>(delivery: Delivery, rules: ChangeRules<Value>): Change<Value> | undefined {
  const { source, message, id, generation } = delivery;
  const coordinates = { deliveryId: id, topic: source.topic, partition: source.partition, offset: source.offset, generation };
  const isTombstone = message.value === null && message.exactDocument() === undefined;
  const row = isTombstone ? null : rowOf(delivery, rules);
  if (row === undefined) return undefined;
  if (row !== null) return { kind: "write", row: withKey(row, rules.key), ...coordinates };

  const { tombstones } = rules;
  if (tombstones === "skip") return undefined;
  if (tombstones === "dead-letter")
    throw new RelayError("record-not-for-target", "The record is a tombstone, and the route dead-letters tombstones.");
  return { kind: "delete", row: keyOf(delivery, rules), ...coordinates };
}

function rowOf<Value>(delivery: Delivery, { columns, toValue }: ChangeRules<Value>): Readonly<Record<string, Value>> | null | undefined {
  if (typeof columns !== "function")
    return rowFrom(Object.entries(columns).map(([column, path]) => [column, toValue(valueAt(delivery, path), column)]));
  const made = madeBy(columns, delivery);
  if (made === null || made === undefined) return made;
  return rowFrom(Object.entries(made).map(([column, value]) => [column, toValue(value, column)]));
}

/** A column called `__proto__` is a column, and not the row's prototype. */
function rowFrom<Value>(columns: readonly (readonly [string, Value])[]): Readonly<Record<string, Value>> {
  return Object.fromEntries(columns);
}

function madeBy(columns: (delivery: Delivery) => Row | null | undefined, delivery: Delivery): Row | null | undefined {
  try {
    return columns(delivery);
  } catch (thrown) {
    if (thrown instanceof RelayError && thrown.failure.blame === "record") throw thrown;
    throw new RelayError("record-not-for-target", "The route's function threw an error for this record instead of returning a row.", {
      cause: thrown,
    });
  }
}

const pathForm = /^(value|key)(\.[^.]+)*$|^headers\..+$|^(topic|partition|offset|timestamp)$/;

/** Throws `bad-configuration` for a path that leads nowhere in any record. */
export function assertPath(path: string): void {
  if (pathForm.test(path)) return;
  throw new RelayError(
    "bad-configuration",
    `${JSON.stringify(path)} is not a path of a record: a path is value, key, topic, partition, offset or timestamp, or starts with "value.", "key." or "headers."`,
  );
}

function withKey<Value>(row: Readonly<Record<string, Value>>, key: readonly string[]): Readonly<Record<string, Value>> {
  const missing = key.find((column) => row[column] === null || row[column] === undefined);
  if (missing === undefined) return row;
  throw new RelayError("record-not-for-target", `The record has no value for the key column ${missing}.`);
}

/** A tombstone's row is known by its key alone: by the column's own path where that leads into the key, else a JSON object's member of the column's name, else the whole key. */
function keyOf<Value>(delivery: Delivery, { key, columns, toValue }: ChangeRules<Value>): Readonly<Record<string, Value>> {
  const parsed = parsedKey(delivery.message);
  const row: Record<string, Value> = {};
  for (const column of key) {
    const path = typeof columns === "function" ? undefined : columns[column];
    const value =
      path !== undefined && !path.startsWith("value")
        ? valueAt(delivery, path)
        : isContainer(parsed)
          ? memberAt(parsed, [column])
          : key.length === 1
            ? wholeKeyOf(delivery.message)
            : undefined;
    row[column] = toValue(value, column);
  }
  return withKey(row, key);
}
