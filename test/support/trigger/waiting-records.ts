/** Records that wait in a lane, made without a broker. */
import { Rows, WaitingRecord } from "../../../local/kafka-trigger/src/poll/rows.js";

interface WaitingRow {
  readonly offset: number;
  readonly timestampMs?: number;
  readonly payloadBytes?: number;
  readonly key?: string;
  readonly value?: string;
}

export function rowsOf(topic: string, partition: number, given: readonly WaitingRow[]): Rows {
  const bytes = Buffer.from(given.map(({ key = "", value = "" }) => key + value).join(""));
  const rows = new Rows(topic, partition, bytes, "CREATE_TIME");
  let at = 0;
  for (const { offset, timestampMs = 0, payloadBytes = 100, key, value } of given) {
    const keyBytes = key === undefined ? -1 : Buffer.byteLength(key);
    const valueAt = at + Math.max(0, keyBytes);
    const valueBytes = value === undefined ? -1 : Buffer.byteLength(value);
    const headersAt = valueAt + Math.max(0, valueBytes);
    const places = { keyAt: at, keyBytes, valueAt, valueBytes, headersAt, headerCount: 0, contentBytes: headersAt - at };
    rows.add({ bytes, offset, timestampMs, timestampType: "CREATE_TIME", ...places }, payloadBytes);
    at = headersAt;
  }
  return rows;
}

export function waitingRecords(topic: string, partition: number, given: readonly WaitingRow[]): readonly WaitingRecord[] {
  const rows = rowsOf(topic, partition, given);
  return given.map((_, row) => new WaitingRecord(rows, row));
}
