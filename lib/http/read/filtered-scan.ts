/** A read through a filter: which records are given, which are passed over, and when it has looked at enough. */
import type { Deadline } from "../../deadline.js";
import { type RecordView, type SetPlace, toKafkaRecord } from "../../kafka/codec/record-view.js";
import { compileRecordSearch } from "../../relay/route/record-filter.js";
import { bytesDefault, bytesMax, type ReadQuery, recordsDefault, scannedBytesMax, scannedDefault } from "./read-query.js";
import { type DecodedRecord, withDecoded } from "./record-decoding.js";

interface Scan {
  /** "enough": the read ends before this record. `given` is how many the answer has already. */
  readonly judge: (view: RecordView, place: SetPlace, given: number, decoded?: DecodedRecord) => "given" | "passed over" | "enough";
  /** The record is in the answer. */
  readonly give: (view: RecordView) => void;
  readonly scanned: () => number;
  /** It ended, or will end, because of how much it looked at, and not because of what it found. */
  readonly isLimited: () => boolean;
}

/** Kept back from the time for looking, to answer in. */
const answerMarginMs = 2_000;
const recordsPerLookAtClock = 256;

/** Undefined: the read asks for every record. Throws `bad-request` for a filter that is not a pattern. */
export function createScan(
  query: Pick<ReadQuery, "filter" | "contains" | "limit" | "bytes_max" | "scan_max">,
  deadline: Deadline,
): Scan | undefined {
  const matches = compileRecordSearch(query);
  if (matches === undefined) return undefined;
  const recordsMax = query.limit ?? recordsDefault;
  const givenBytesMax = Math.min(query.bytes_max ?? bytesDefault, bytesMax);
  const scannedMax = query.scan_max ?? scannedDefault;
  let scanned = 0;
  let scannedBytes = 0;
  let givenBytes = 0;
  let isLate = false;
  const isLimited = () => isLate || scanned >= scannedMax || scannedBytes >= scannedBytesMax;
  return {
    judge: (view, place, given, decoded) => {
      if (given >= recordsMax || isLimited()) return "enough";
      if (scanned % recordsPerLookAtClock === 0 && scanned > 0 && deadline.leftMs() < answerMarginMs) {
        isLate = true;
        return "enough";
      }
      const record = toKafkaRecord(view, place);
      if (!matches(decoded === undefined ? record : withDecoded(record, decoded))) {
        scanned++;
        scannedBytes += view.contentBytes;
        return "passed over";
      }
      return given > 0 && givenBytes + view.contentBytes > givenBytesMax ? "enough" : "given";
    },
    give: (view) => {
      scanned++;
      scannedBytes += view.contentBytes;
      givenBytes += view.contentBytes;
    },
    scanned: () => scanned,
    isLimited,
  };
}
