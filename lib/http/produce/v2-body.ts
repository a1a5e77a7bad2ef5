/** The v2 produce contract on the wire: `{"records": [...]}` in, `{"offsets": [...]}` out. Pure: from bytes to records, from outcomes to text. */
import { RelayError } from "../../errors.js";
import { JsonScanner } from "../../json/scanner.js";
import type { ProduceOutcome } from "../../kafka/produce/producer.js";
import type { OutgoingRecord, RecordHeader } from "../../kafka/records.js";
import { entryMessageLengthMax, toWords } from "../problem.js";
import { noHeaders, once, readBase64, readHeaders, readPartition, readTimestamp, toTextBytes, unknownMember } from "./record-members.js";

/** How keys and values are embedded: any JSON value kept as compact JSON, bytes in base64, or plain text. */
export type EmbeddedFormat = "json" | "binary" | "text";

/** What `application/json` means here: embedded JSON. */
export const v2Formats: ReadonlyMap<string, EmbeddedFormat> = new Map([
  ["application/vnd.kafka.json.v2+json", "json"],
  ["application/vnd.kafka.json+json", "json"],
  ["application/json", "json"],
  ["application/vnd.kafka.binary.v2+json", "binary"],
  ["application/vnd.kafka.binary+json", "binary"],
  ["application/vnd.kafka.text.v2+json", "text"],
  ["application/vnd.kafka.text+json", "text"],
]);

/** The format that a Content-Type names; `unsupported-media-type` says why another is none, and what to send instead. */
export function toEmbeddedFormat(essence: string): EmbeddedFormat {
  const format = v2Formats.get(essence);
  if (format !== undefined) return format;
  throw new RelayError("unsupported-media-type", refusalOf(essence));
}

function refusalOf(essence: string): string {
  const instead = "send application/vnd.kafka.json.v2+json or application/vnd.kafka.binary.v2+json";
  const [, schemaFormat] = /^application\/vnd\.kafka\.(avro|jsonschema|protobuf)(?:\.v[12])?\+json$/.exec(essence) ?? [];
  if (schemaFormat !== undefined) {
    return `${essence} needs a schema registry, and none is behind this API: ${instead}, with the ${schemaFormat} bytes encoded by the client.`;
  }
  if (/^application\/vnd\.kafka(?:\.v2)?\+json$/.test(essence)) {
    return `${essence} does not say how keys and values are embedded: ${instead}.`;
  }
  return `A body of type ${essence} is not taken here: ${instead}.`;
}

export interface V2Limits {
  /** Records a request. */
  readonly recordsMax: number;
}

const knownOfRequest = '"records" (and "key_schema", "key_schema_id", "value_schema", "value_schema_id", which mean nothing here)';
const knownOfRecord = '"key", "value", "partition", "headers" and "timestamp"';
const schemaMembers = ["key_schema", "key_schema_id", "value_schema", "value_schema_id"] as const;

/**
 * Reads a v2 request of UTF-8 bytes. A partition in a record wins over `partitionOfPath`. Any fault refuses the whole request, by its place: 400 for what is no
 * JSON or of another kind, 422 for `records` missing or empty and for members nobody knows.
 */
export function readV2Records(body: Buffer, format: EmbeddedFormat, limits: V2Limits, partitionOfPath?: number): readonly OutgoingRecord[] {
  const scanner = new JsonScanner(body);
  if (scanner.isAtEnd()) throw new RelayError("unprocessable", "The request has no body, and one is needed.", { restCode: 42206 });
  let records: OutgoingRecord[] | undefined;
  let seen = 0;
  if (scanner.nextKind() !== "object") {
    scanner.readValue();
    throw unprocessableUnless(scanner.isNull(), 'The body: an object with "records" was expected.');
  }
  if (scanner.enter("object")) {
    do {
      scanner.readName();
      if (scanner.nameIs("records")) {
        seen = once(seen, 1, scanner, "The body");
        records = readRecords(scanner, format, limits, partitionOfPath);
      } else {
        const bit = schemaMembers.findIndex((name) => scanner.nameIs(name));
        if (bit < 0) throw unknownMember("The body", scanner.name(), knownOfRequest);
        seen = once(seen, 2 << bit, scanner, "The body");
        scanner.readValue();
      }
    } while (scanner.hasMore("object"));
  }
  if (!scanner.isAtEnd()) throw scanner.malformed("one JSON object was expected, and more follows it");
  if (records === undefined || records.length === 0) throw new RelayError("unprocessable", 'The body: "records" is missing or empty.');
  return records;
}

function unprocessableUnless(isUnprocessable: boolean, message: string): RelayError {
  return new RelayError(isUnprocessable ? "unprocessable" : "bad-request", message);
}

function readRecords(
  scanner: JsonScanner,
  format: EmbeddedFormat,
  limits: V2Limits,
  partitionOfPath: number | undefined,
): OutgoingRecord[] {
  const records: OutgoingRecord[] = [];
  const kind = scanner.nextKind();
  if (kind !== "array") {
    scanner.readValue();
    throw unprocessableUnless(kind === "null", `records: a list was expected, not ${kind}.`);
  }
  if (!scanner.enter("array")) return records;
  do {
    if (records.length >= limits.recordsMax) {
      throw new RelayError(
        "too-large",
        `The request holds more than ${limits.recordsMax} records, which is the most a request may hold here.`,
      );
    }
    records.push(readRecord(scanner, format, records.length, partitionOfPath));
  } while (scanner.hasMore("array"));
  return records;
}

function readRecord(scanner: JsonScanner, format: EmbeddedFormat, index: number, partitionOfPath: number | undefined): OutgoingRecord {
  let key: Buffer | null = null;
  let value: Buffer | null = null;
  let headers: readonly RecordHeader[] = noHeaders;
  let timestampMs: number | undefined;
  let partition = partitionOfPath;
  let seen = 0;
  const kind = scanner.nextKind();
  if (kind !== "object") {
    scanner.readValue();
    throw unprocessableUnless(kind === "null", `records[${index}]: an object was expected, not ${kind}.`);
  }
  if (scanner.enter("object")) {
    do {
      scanner.readName();
      if (scanner.nameIs("value")) {
        seen = once(seen, 1, scanner, `records[${index}]`);
        value = readEmbedded(scanner, format, index, "value");
      } else if (scanner.nameIs("key")) {
        seen = once(seen, 2, scanner, `records[${index}]`);
        key = readEmbedded(scanner, format, index, "key");
      } else if (scanner.nameIs("partition")) {
        seen = once(seen, 4, scanner, `records[${index}]`);
        partition = readPartition(scanner, `records[${index}].partition`) ?? partitionOfPath;
      } else if (scanner.nameIs("headers")) {
        seen = once(seen, 8, scanner, `records[${index}]`);
        headers = readHeaders(scanner, `records[${index}].headers`);
      } else if (scanner.nameIs("timestamp")) {
        seen = once(seen, 16, scanner, `records[${index}]`);
        timestampMs = readTimestamp(scanner, `records[${index}].timestamp`);
      } else throw unknownMember(`records[${index}]`, scanner.name(), knownOfRecord);
    } while (scanner.hasMore("object"));
  }
  return toOutgoing(key, value, headers, timestampMs, partition);
}

/** Absent members stay absent. Written out, not spread: this runs for every record. */
export function toOutgoing(
  key: Buffer | null,
  value: Buffer | null,
  headers: readonly RecordHeader[],
  timestampMs: number | undefined,
  partition: number | undefined,
): OutgoingRecord {
  if (timestampMs === undefined) return partition === undefined ? { key, value, headers } : { key, value, headers, partition };
  return partition === undefined ? { key, value, headers, timestampMs } : { key, value, headers, timestampMs, partition };
}

function readEmbedded(scanner: JsonScanner, format: EmbeddedFormat, index: number, member: "key" | "value"): Buffer | null {
  if (format === "binary") return readBase64(scanner, `records[${index}].${member}`);
  scanner.readValue();
  if (scanner.isNull()) return null;
  return format === "json" ? scanner.compact() : toTextBytes(scanner, `records[${index}].${member}`);
}

/** v2 tells a record that is too large, or refused for another reason that another try does not mend, by one number. */
export function v2CodeOf(error: RelayError): number {
  return error.code === "record-too-large" || error.code === "record-refused" || error.code === "internal" ? 50002 : error.failure.restCode;
}

/** The answer's text: one entry a record, in order. Failed entries also say whether a retry makes sense and whether the record may be in Kafka. */
export function toV2Answer(outcomes: readonly ProduceOutcome[]): string {
  let text = '{"offsets":[';
  for (let index = 0; index < outcomes.length; index++) {
    const outcome = outcomes[index] as ProduceOutcome;
    if (index > 0) text += ",";
    text += outcome.outcome === "written" ? toWrittenEntry(outcome.partition, outcome.offset) : toFailedEntry(outcome.error);
  }
  return `${text}],"key_schema_id":null,"value_schema_id":null}`;
}

function toWrittenEntry(partition: number, offset: bigint): string {
  return `{"partition":${partition},"offset":${offset},"error_code":null,"error":null}`;
}

function toFailedEntry(error: RelayError): string {
  return JSON.stringify({
    partition: null,
    offset: null,
    error_code: v2CodeOf(error),
    error: toWords(error, entryMessageLengthMax),
    retriable: error.failure.isRetriable,
    maybe_written: error.failure.written === "maybe",
  });
}
