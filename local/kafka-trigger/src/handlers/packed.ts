/**
 * A batch on its way into a worker: the bytes of the records and their places in these bytes, transferred without a copy. The worker builds Lambda's event from
 * it, so that base64 and objects are made once, on the thread that uses them.
 */
import type { RecordView } from "../../../../lib/kafka/codec/record-view.js";
import type { KafkaEvent, KafkaEventRecord } from "../../../../lib/kafka-event/shape.js";
import { type SchemasOfRecord, toEventRecord, withSchemaMetadata } from "../../../../lib/kafka-event/write.js";
import type { Mapping } from "../mapping.js";
import { type EventHead, toEventHead } from "../poll/event.js";
import { extentOf, type WaitingRecord } from "../poll/rows.js";
import type { Run } from "../poll/run.js";

export interface PackedEvent {
  readonly head: EventHead;
  readonly topic: string;
  readonly runs: readonly { readonly partition: number; readonly parts: readonly PackedPart[] }[];
}

/** Records from one buffer. */
interface PackedPart {
  readonly timestampType: RecordView["timestampType"];
  readonly bytes: Uint8Array;
  /** Eight numbers per record, in the order of `columns`. */
  readonly numbers: Float64Array;
  /** Of each record, where the mapping has a schema registry. */
  readonly schemas?: readonly (SchemasOfRecord | undefined)[];
}

const columns = ["offset", "timestampMs", "keyAt", "keyBytes", "valueAt", "valueBytes", "headersAt", "headerCount"] as const;
const keyAt = 2;
const valueAt = 4;
const headersAt = 6;

export function packEvent(mapping: Mapping, runs: readonly Run[]): PackedEvent {
  return {
    head: toEventHead(mapping),
    topic: mapping.topic,
    runs: runs.map(({ partition, records }) => ({ partition, parts: byRows(records).map(pack) })),
  };
}

/** What `postMessage` transfers instead of copying. */
export function buffersOf({ runs }: PackedEvent): readonly ArrayBuffer[] {
  return runs.flatMap(({ parts }) => parts.flatMap(({ bytes, numbers }) => [bytes.buffer as ArrayBuffer, numbers.buffer as ArrayBuffer]));
}

export function unpackEvent({ head, topic, runs }: PackedEvent): KafkaEvent {
  const records: Record<string, KafkaEventRecord[]> = {};
  for (const { partition, parts } of runs) {
    const id = `${topic}-${partition}`;
    const own = records[id] ?? [];
    records[id] = own;
    for (const part of parts) unpack(part, topic, partition, own);
  }
  return { ...head, records };
}

/** Neighbouring records from the same buffer. */
function byRows(records: readonly WaitingRecord[]): readonly (readonly WaitingRecord[])[] {
  const groups: WaitingRecord[][] = [];
  for (const record of records) {
    const last = groups.at(-1);
    if (last?.[0]?.rows === record.rows) last.push(record);
    else groups.push([record]);
  }
  return groups;
}

/** One copy from the first record to the last where little lies between them; otherwise record by record. */
function pack(records: readonly WaitingRecord[]): PackedPart {
  const { rows } = records[0] as WaitingRecord;
  const views = records.map(({ row }) => rows.view(row));
  const extents = views.map(extentOf);
  const from = extents[0]?.[0] ?? 0;
  const end = extents.at(-1)?.[1] ?? 0;
  const contentBytes = extents.reduce((sum, [first, behind]) => sum + behind - first, 0);
  const isDense = end - from <= contentBytes + gapBytesMax * records.length;
  const bytes = Buffer.allocUnsafeSlow(isDense ? end - from : contentBytes);
  if (isDense) rows.bytes.copy(bytes, 0, from, end);
  const numbers = new Float64Array(records.length * columns.length);
  let at = 0;
  for (const [index, view] of views.entries()) {
    const [first, behind] = extents[index] as readonly [number, number];
    if (!isDense) rows.bytes.copy(bytes, at, first, behind);
    const shift = isDense ? -from : at - first;
    at += behind - first;
    const start = index * columns.length;
    for (const [column, name] of columns.entries()) numbers[start + column] = view[name];
    for (const place of [keyAt, valueAt, headersAt]) numbers[start + place] = (numbers[start + place] as number) + shift;
  }
  const schemas = records.map(({ row }) => rows.schemas(row));
  const hasSchemas = schemas.some((one) => one !== undefined);
  return { timestampType: rows.timestampType, bytes, numbers, ...(hasSchemas ? { schemas } : {}) };
}

/** A few lengths and deltas stand between two records of a batch. */
const gapBytesMax = 32;

function unpack(
  { timestampType, bytes: given, numbers, schemas }: PackedPart,
  topic: string,
  partition: number,
  into: KafkaEventRecord[],
): void {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength);
  for (let start = 0; start < numbers.length; start += columns.length) {
    const view: RecordView = {
      bytes,
      timestampType,
      offset: numbers[start] as number,
      timestampMs: numbers[start + 1] as number,
      keyAt: numbers[start + keyAt] as number,
      keyBytes: numbers[start + keyAt + 1] as number,
      valueAt: numbers[start + valueAt] as number,
      valueBytes: numbers[start + valueAt + 1] as number,
      headersAt: numbers[start + headersAt] as number,
      headerCount: numbers[start + headersAt + 1] as number,
      contentBytes: 0,
    };
    const record = toEventRecord(view, topic, partition);
    const own = schemas?.[start / columns.length];
    into.push(own === undefined ? record : withSchemaMetadata(record, own));
  }
}
