/** Writes the records that a read visits: through its filter, decoded by their schemas, and within what an answer can hold. */
import type { Deadline } from "../../deadline.js";
import type { RecordView, SetPlace } from "../../kafka/codec/record-view.js";
import { createScan } from "./filtered-scan.js";
import { isFiltered, type ReadQuery } from "./read-query.js";
import { type DecodedRecord, type DecodingOptions, RecordDecoding, schemaWaitsMax, shownOf } from "./record-decoding.js";
import { type RecordFormats, RecordJson } from "./record-json.js";

/** The names of things in the two contracts. */
export type RecordStyle = "v2" | "v3";

interface WriterRequest {
  readonly topic: string;
  readonly query: Pick<ReadQuery, "limit" | "bytes_max" | "filter" | "contains" | "scan_max">;
  readonly formats: RecordFormats;
  readonly style: RecordStyle;
  /** What the host returns at most. */
  readonly replyBytesMax: number;
  /** Absent: no registry is configured. */
  readonly decoding?: Pick<DecodingOptions, "open" | "logical"> | undefined;
}

export interface RecordWriter {
  readonly visit: (place: { readonly partition: number }, view: RecordView) => boolean;
  /** What ended the last visit before a record: call again from there when it has settled. Rejects where the read as a whole fails. */
  readonly takeWaiting: () => Promise<void> | undefined;
  readonly finish: () => string;
  readonly count: () => number;
  /** Of keys, values and headers that are given. */
  readonly bytes: () => number;
  /** Records that a filter has looked at. */
  readonly scanned: () => number;
  readonly isScanLimited: () => boolean;
  readonly firstOffset: (partition: number) => bigint | undefined;
  readonly lastPartition: () => number | undefined;
}

/** Room for the rest of the answer: its partitions and cursor, and the HTTP headers. */
const aroundBytes = 120_000;

export function createRecordWriter(request: WriterRequest, deadline: Deadline): RecordWriter {
  const { topic, style, formats, query } = request;
  const filter = createScan(query, deadline);
  const json = new RecordJson(formats, request.replyBytesMax - aroundBytes);
  const schemas = createSchemaWaits({ ...request, isFiltered: isFiltered(query) }, deadline);
  const firstOffsets = new Map<number, number>();
  let prefix: Buffer = Buffer.alloc(0);
  let last: number | undefined;
  let bytes = 0;
  return {
    visit: ({ partition }, view) => {
      const place = { topic, partition };
      const decoded = schemas.decoded(view, place);
      if (decoded === "waiting") return false;
      const verdict = filter?.judge(view, place, json.count, decoded) ?? "given";
      if (verdict !== "given") return verdict === "passed over";
      if (partition !== last) prefix = prefixOf(topic, partition, style);
      if (!json.add(view, prefix, decoded === undefined ? undefined : shownOf(decoded, formats))) return false;
      filter?.give(view);
      bytes += view.contentBytes;
      if (partition !== last && !firstOffsets.has(partition)) firstOffsets.set(partition, view.offset);
      last = partition;
      return true;
    },
    takeWaiting: schemas.takeWaiting,
    finish: () => json.finish(),
    count: () => json.count,
    bytes: () => bytes,
    scanned: () => filter?.scanned() ?? 0,
    isScanLimited: () => filter !== undefined && (filter.isLimited() || schemas.isLimited()),
    firstOffset: (partition) => {
      const first = firstOffsets.get(partition);
      return first === undefined ? undefined : BigInt(first);
    },
    lastPartition: () => last,
  };
}

/** A visit cannot wait: it ends before a record whose schema is not known yet. After too many of them the whole read ends, and its cursor goes on. */
export function createSchemaWaits(
  { formats, decoding, isFiltered: looksInside }: Pick<WriterRequest, "formats" | "decoding"> & { readonly isFiltered: boolean },
  deadline: Deadline,
) {
  const records = decoding === undefined ? undefined : new RecordDecoding({ ...decoding, formats, isFiltered: looksInside }, deadline);
  let waiting: Promise<void> | undefined;
  let waits = 0;
  const waitFor = (promise: Promise<void>): "waiting" => {
    promise.catch(() => {}); // it is thrown where it is awaited
    if (++waits <= schemaWaitsMax) waiting = promise;
    return "waiting";
  };
  return {
    decoded: (view: RecordView, place: SetPlace): DecodedRecord | "waiting" | undefined => {
      try {
        const decoded = records?.of(view, place);
        return decoded instanceof Promise ? waitFor(decoded) : decoded;
      } catch (thrown) {
        return waitFor(Promise.reject(thrown));
      }
    },
    takeWaiting: (): Promise<void> | undefined => {
      const taken = waiting;
      waiting = undefined;
      return taken;
    },
    isLimited: () => waits > schemaWaitsMax,
  };
}

function prefixOf(topic: string, partition: number, style: RecordStyle): Buffer {
  const name = JSON.stringify(topic);
  return Buffer.from(style === "v3" ? `{"topic_name":${name},"partition_id":${partition},` : `{"topic":${name},"partition":${partition},`);
}
