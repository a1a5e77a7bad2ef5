/**
 * Records as they were fetched: the bytes, and a table of numbers with the positions in them, so that a waiting record costs no object and no string. They become
 * Lambda's records only when a batch is handed over.
 */
import { forEachHeader, type RecordView } from "../../../../lib/kafka/codec/record-view.js";
import type { KafkaEventRecord } from "../../../../lib/kafka-event/shape.js";
import { type SchemasOfRecord, toEventRecord, withSchemaMetadata } from "../../../../lib/kafka-event/write.js";

const offsetAt = 0;
const timestampAt = 1;
const keyPlace = 2;
const valuePlace = 4;
const headersPlace = 6;
const payloadAt = 8;
const columns = 9;
const firstRows = 16;

export class Rows {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: Buffer;
  readonly timestampType: RecordView["timestampType"];
  count = 0;
  /** The sum over all rows. */
  payloadBytes = 0;
  #numbers = new Float64Array(firstRows * columns);
  /** By row, where the mapping has a schema registry. */
  #schemas: Map<number, SchemasOfRecord> | undefined;

  constructor(topic: string, partition: number, bytes: Buffer, timestampType: RecordView["timestampType"]) {
    this.topic = topic;
    this.partition = partition;
    this.bytes = bytes;
    this.timestampType = timestampType;
  }

  /** The view must be of these bytes. */
  add(view: RecordView, payloadBytes: number, schemas?: SchemasOfRecord): void {
    if (schemas !== undefined) {
      this.#schemas ??= new Map();
      this.#schemas.set(this.count, schemas);
    }
    const start = this.count++ * columns;
    if (start === this.#numbers.length) {
      const grown = new Float64Array(this.#numbers.length * 2);
      grown.set(this.#numbers);
      this.#numbers = grown;
    }
    const numbers = this.#numbers;
    numbers[start + offsetAt] = view.offset;
    numbers[start + timestampAt] = view.timestampMs;
    numbers[start + keyPlace] = view.keyAt;
    numbers[start + keyPlace + 1] = view.keyBytes;
    numbers[start + valuePlace] = view.valueAt;
    numbers[start + valuePlace + 1] = view.valueBytes;
    numbers[start + headersPlace] = view.headersAt;
    numbers[start + headersPlace + 1] = view.headerCount;
    numbers[start + payloadAt] = payloadBytes;
    this.payloadBytes += payloadBytes;
  }

  offset(row: number): number {
    return this.#numbers[row * columns + offsetAt] as number;
  }

  timestamp(row: number): number {
    return this.#numbers[row * columns + timestampAt] as number;
  }

  payload(row: number): number {
    return this.#numbers[row * columns + payloadAt] as number;
  }

  schemas(row: number): SchemasOfRecord | undefined {
    return this.#schemas?.get(row);
  }

  view(row: number): RecordView {
    const numbers = this.#numbers;
    const start = row * columns;
    return {
      bytes: this.bytes,
      offset: numbers[start + offsetAt] as number,
      timestampMs: numbers[start + timestampAt] as number,
      timestampType: this.timestampType,
      keyAt: numbers[start + keyPlace] as number,
      keyBytes: numbers[start + keyPlace + 1] as number,
      valueAt: numbers[start + valuePlace] as number,
      valueBytes: numbers[start + valuePlace + 1] as number,
      headersAt: numbers[start + headersPlace] as number,
      headerCount: numbers[start + headersPlace + 1] as number,
      contentBytes: 0,
    };
  }
}

/** One of the rows, while it is in a batch. */
export class WaitingRecord {
  readonly rows: Rows;
  readonly row: number;

  constructor(rows: Rows, row: number) {
    this.rows = rows;
    this.row = row;
  }

  get offset(): number {
    return this.rows.offset(this.row);
  }

  /** Milliseconds since the epoch. */
  get timestamp(): number {
    return this.rows.timestamp(this.row);
  }

  get payloadBytes(): number {
    return this.rows.payload(this.row);
  }

  /** As the function gets it; a new object each time, so that a function cannot change what another attempt sees. */
  toEventRecord(): KafkaEventRecord {
    const record = toEventRecord(this.rows.view(this.row), this.rows.topic, this.rows.partition);
    const schemas = this.rows.schemas(this.row);
    return schemas === undefined ? record : withSchemaMetadata(record, schemas);
  }
}

/** Where key, value and headers of a record begin and end in its bytes. */
export function extentOf(view: RecordView): readonly [number, number] {
  let end = Math.max(view.keyAt + view.keyBytes, view.valueAt + view.valueBytes, view.headersAt);
  if (view.headerCount > 0) {
    forEachHeader(view, (nameAt, nameBytes, valueAt, valueBytes) => {
      // A null value has no bytes, but the -1 before it belongs to the record.
      end = Math.max(end, nameAt + nameBytes, valueAt + Math.max(0, valueBytes));
    });
  }
  return [Math.min(view.keyAt, view.valueAt, view.headersAt), end];
}

/** The same rows with their own bytes, where most of what was fetched was filtered out: a few records must not keep all of it in memory. */
export function compact(rows: Rows): Rows {
  if (rows.payloadBytes * wasteMax >= rows.bytes.length) return rows;
  const all = Array.from({ length: rows.count }, (_, row) => rows.view(row));
  const bytes = Buffer.allocUnsafeSlow(all.map(extentOf).reduce((sum, [from, end]) => sum + end - from, 0));
  const kept = new Rows(rows.topic, rows.partition, bytes, rows.timestampType);
  let at = 0;
  for (const [row, view] of all.entries()) {
    const [from, end] = extentOf(view);
    rows.bytes.copy(bytes, at, from, end);
    kept.add(moved(view, bytes, at - from), rows.payload(row), rows.schemas(row));
    at += end - from;
  }
  return kept;
}

function moved(view: RecordView, bytes: Buffer, by: number): RecordView {
  return { ...view, bytes, keyAt: view.keyAt + by, valueAt: view.valueAt + by, headersAt: view.headersAt + by };
}

/** Bytes that may be kept per byte that is counted as waiting. */
const wasteMax = 4;
