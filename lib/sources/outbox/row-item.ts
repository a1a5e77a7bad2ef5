/** A row of the outbox as an item. Pure. */
import type { RecordHeader } from "../../kafka/records.js";
import { toDebezium } from "../envelope.js";
import type { SourceItem } from "../origin.js";
import type { OutboxRow } from "./table.js";

interface RowForm {
  readonly table: string;
  readonly value?: string;
  readonly row?: "json" | "debezium";
  /** The kind of database, as Debezium names it. */
  readonly connector: string;
}

export function toRowItem(row: OutboxRow, name: string, form: RowForm, nowMs: number): SourceItem {
  const { id, key, headers, timestampMs = nowMs } = row;
  return {
    id: `${name}/${id}`,
    key,
    value: form.value === undefined ? wholeRow(row, form, timestampMs) : row.value,
    headers: headersOf(headers),
    timestampMs,
    about: { source: `/sources/${name}`, type: `outbox.${form.table}`, subject: key?.toString() ?? id },
  };
}

function wholeRow({ row = "null" }: OutboxRow, { table, row: as, connector }: RowForm, timestampMs: number): Buffer {
  if (as !== "debezium") return Buffer.from(row);
  return toDebezium({ operation: "c", before: undefined, after: row, source: { connector, table }, timestampMs });
}

/** Members of a JSON object: texts as they are, null as null, anything else as JSON. A column that holds something else gives no headers. */
function headersOf(json: string | null): readonly RecordHeader[] {
  if (json === null) return [];
  try {
    const members: unknown = JSON.parse(json);
    if (typeof members !== "object" || members === null || Array.isArray(members)) return [];
    return Object.entries(members).map(([name, value]) => ({ name, value: toHeaderValue(value) }));
  } catch {
    return [];
  }
}

function toHeaderValue(value: unknown): Buffer | null {
  if (value === null) return null;
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
}
