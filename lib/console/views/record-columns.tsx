/** A record in a row. */
import type { RowColumn } from "../parts/rows.js";
import { TimeText } from "../parts/times.js";
import type { ShownRecord } from "../state/records.js";
import { toCountText, toSizeText } from "../words/format.js";
import { sizeOf, toPreview } from "../words/record-text.js";

export const recordColumns: readonly RowColumn<ShownRecord>[] = [
  { title: "Time", width: "204px", cell: ({ timestamp }) => <TimeText timeMs={timestamp} /> },
  { title: "Partition", width: "72px", isNumber: true, cell: ({ partition }) => partition },
  { title: "Offset", width: "96px", isNumber: true, cell: ({ offset }) => toCountText(offset) },
  { title: "Key", width: "20%", cell: ({ key, key_format }) => <Preview value={key} format={key_format} /> },
  { title: "Value", cell: (record) => <ValuePreview record={record} /> },
  {
    title: "Size",
    width: "84px",
    isNumber: true,
    cell: ({ value, value_format, omitted }) => toSizeText(omitted?.value_bytes ?? sizeOf(value, value_format)),
  },
];

function ValuePreview({ record: { value, value_format, omitted } }: { readonly record: ShownRecord }) {
  if (omitted !== undefined) return <span class="badge warn">too large for a list</span>;
  if (value === null) return <span class="badge">tombstone</span>;
  return <Preview value={value} format={value_format} />;
}

function Preview({ value, format }: { readonly value: string | null; readonly format: string | undefined }) {
  if (value === null) return <span class="muted">null</span>;
  if (value === "") return <span class="muted">empty</span>;
  return <span class={`mono ${format === "base64" ? "muted" : ""}`}>{toPreview(value, format)}</span>;
}
