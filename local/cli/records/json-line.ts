/** A record as one line of JSON, as `consume --json` writes it: read back, byte for byte. */
import { RelayError } from "../../../lib/errors.js";
import { parseStrictJson } from "../../../lib/json/strict.js";
import type { OutgoingRecord, RecordHeader } from "../../../lib/kafka/records.js";

/** `partition_id` and `offset` say where it was, and are not used: it goes where its key, or `--partition`, leads. */
const members = [
  "partition_id",
  "offset",
  "timestamp",
  "key",
  "key_encoding",
  "key_schema",
  "headers",
  "value",
  "value_encoding",
  "value_schema",
];
const headerMembers = ["name", "value", "encoding"];

/** Throws `bad-request` that names the member that is wrong. What was decoded by a schema must be encoded again: as JSON, it would be another record. */
export function parseJsonLine(line: Buffer, encodes: { readonly key: boolean; readonly value: boolean }): OutgoingRecord {
  const record = objectOf(parsed(line), "the line", members);
  for (const part of ["key", "value"] as const) {
    if (record[`${part}_schema`] === undefined || encodes[part]) continue;
    throw bad(`${part}: was decoded by a schema; give --${part}-format to write it by one, or read it with consume --no-decode`);
  }
  if (!("value" in record)) throw bad("value: is missing; null is a tombstone");
  const { timestamp, headers = [] } = record;
  if (!Array.isArray(headers)) throw bad("headers: must be a list of { name, value }");
  return {
    key: toBytes(record.key, record.key_encoding, "key"),
    value: toBytes(record.value, record.value_encoding, "value"),
    headers: headers.map(toHeader),
    ...(timestamp === undefined ? {} : { timestampMs: toTimestampMs(timestamp) }),
  };
}

function parsed(line: Buffer): unknown {
  try {
    return parseStrictJson(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(line));
  } catch (thrown) {
    throw bad(`is not JSON as consume --json writes it${thrown instanceof RelayError ? ` (${thrown.message})` : ""}`);
  }
}

function toHeader(given: unknown, index: number): RecordHeader {
  const { name, value, encoding } = objectOf(given, `headers[${index}]`, headerMembers);
  if (typeof name !== "string") throw bad(`headers[${index}].name: must be text`);
  return { name, value: toBytes(value, encoding, `headers[${index}].value`) };
}

function objectOf(given: unknown, place: string, known: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof given !== "object" || given === null || Array.isArray(given)) throw bad(`${place}: must be a JSON object`);
  const stray = Object.keys(given).find((name) => !known.includes(name));
  if (stray !== undefined) throw bad(`${place}: ${JSON.stringify(stray.slice(0, 100))} is not known; use ${known.join(", ")}`);
  return given as Readonly<Record<string, unknown>>;
}

function toBytes(data: unknown, encoding: unknown, place: string): Buffer | null {
  if (encoding !== undefined && encoding !== "base64") throw bad(`${place}: its encoding must be "base64", or not given for text`);
  if (data === null || data === undefined) return null;
  if (typeof data !== "string") throw bad(`${place}: must be text or null; write JSON values as text`);
  if (encoding === undefined) return Buffer.from(data);
  const bytes = Buffer.from(data, "base64");
  if (bytes.toString("base64") !== data) throw bad(`${place}: is not valid base64`);
  return bytes;
}

function toTimestampMs(timestamp: unknown): number {
  const ms = typeof timestamp === "string" ? Date.parse(timestamp) : timestamp;
  if (typeof ms === "number" && Number.isSafeInteger(ms)) return ms;
  throw bad("timestamp: must be a time like 2026-05-01T12:00:00.000Z, or milliseconds since 1970");
}

function bad(message: string): RelayError {
  return new RelayError("bad-request", `${message}.`);
}
