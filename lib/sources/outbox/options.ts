/** The options of an outbox, whatever its database. */
import * as v from "valibot";
import { RelayError } from "../../errors.js";
import { flag, oneOf, text, whole } from "../../option-values.js";
import { reference } from "../../targets/option-checks.js";
import { checkOptions } from "../../targets/options.js";
import { parseCertificates } from "../../trusted-authorities.js";

export interface OutboxOptions {
  /** The address of the database, as a reference to a secret: `env:NAME`, or the ARN of a secret. */
  readonly database: string;
  /** `table` or `schema.table`. */
  readonly table: string;
  /** The column that orders the rows: a sequence or a time. */
  readonly order: string;
  /** The column that identifies a row, and with it its delivery; `order` where absent. */
  readonly id?: string;
  /** The column that becomes the record's key. Rows with the same key keep their order. Absent: no key, and no order. */
  readonly key?: string;
  /** The column that becomes the value, byte for byte; null is a tombstone. Absent: the whole row, as `row` says. */
  readonly value?: string;
  /** The whole row: "json" (default), or "debezium", as a created row. */
  readonly row?: "json" | "debezium";
  /** A column with a JSON object, whose members become headers. */
  readonly headers?: string;
  /** A column with a time, which becomes the record's; the time of the run where absent. */
  readonly timestamp?: string;
  /** What becomes of a written row: "delete" (default), or the column that gets the time. Rows where it is set are not read. */
  readonly written?: "delete" | { readonly mark: string };
  /** Rows of one transaction; 1,000 where absent. */
  readonly rowsMax?: number;
  /** Looks again after so long, until the function's time ends. Absent: a run ends when no row is left. */
  readonly pollEveryMs?: number;
  readonly tls?: boolean | { readonly ca: string };
}

const name = v.pipe(text, v.regex(/^[A-Za-z_][A-Za-z0-9_$]{0,62}$/, "must be the name of a column"));
const optionEntries = {
  table: v.pipe(text, v.regex(/^[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)?$/, "must be table or schema.table")),
  order: name,
  id: v.optional(name),
  key: v.optional(name),
  value: v.optional(name),
  row: v.optional(oneOf("json", "debezium")),
  headers: v.optional(name),
  timestamp: v.optional(name),
  written: v.optional(v.union([v.literal("delete"), v.strictObject({ mark: name })], 'must be "delete" or { mark: <column> }')),
  rowsMax: v.optional(whole(1, 5_000)),
  pollEveryMs: v.optional(whole(100, 60_000)),
  tls: v.optional(v.union([flag, v.strictObject({ ca: reference(parseCertificates) })], "must be true, false or { ca }")),
};

/** Throws `bad-configuration` that names every fault. `schemes`: what an address of the database begins with, the usual one first. */
export function checkOutbox(name: string, options: OutboxOptions, schemes: readonly [string, ...string[]]): void {
  checkOptions(name, options, { ...optionEntries, database: reference((address) => assertAddress(address, schemes)) }, "source");
  if (options.value !== undefined && options.row !== undefined)
    throw new RelayError(
      "bad-configuration",
      `The source ${name}:\n  row: it says how a whole row is written, but \`value\` names a column. Remove one of them.`,
    );
}

function assertAddress(address: string, schemes: readonly [string, ...string[]]): void {
  if (schemes.some((scheme) => address.startsWith(`${scheme}://`)) && URL.canParse(address)) return;
  throw new RelayError(
    "bad-configuration",
    `The database must have the form ${schemes[0]}://user:password@host/database; the given one does not.`,
  );
}
