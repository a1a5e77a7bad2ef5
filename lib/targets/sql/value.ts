/** How a column holds what a record had: `pg` writes these as they are. */
import { RelayError } from "../../errors.js";

export type SqlValue = string | number | boolean | bigint | Date | Buffer | null;

/** Nothing is null; objects and arrays become JSON text, which json and jsonb columns take. */
export function toSqlValue(value: unknown): SqlValue {
  if (value === undefined || value === null) return null;
  if (typeof value === "object") return value instanceof Date || Buffer.isBuffer(value) ? value : JSON.stringify(value);
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return value;
  throw new RelayError("record-not-for-target", `A ${typeof value} cannot be the value of a column.`);
}
