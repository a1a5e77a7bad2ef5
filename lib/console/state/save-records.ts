/** Saves records as a file of NDJSON: one JSON object per line. */
import type { ShownRecord } from "./records.js";

export function saveRecords(topic: string, records: readonly ShownRecord[]): void {
  const lines = records.map((record) => `${JSON.stringify(record)}\n`);
  const address = URL.createObjectURL(new Blob(lines, { type: "application/x-ndjson" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = `${topic}.ndjson`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
