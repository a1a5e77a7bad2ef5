/** Records of one call for one partition, and how many bytes they need in a batch. */
import type { OutgoingRecord } from "../records.js";
import type { ProduceCall } from "./call.js";

/** Records of one call for one partition, in order. */
export interface Part {
  readonly call: ProduceCall;
  readonly records: readonly OutgoingRecord[];
  /** The place of each record in its call. */
  readonly indexes: readonly number[];
  /** An upper bound for their size in a batch. */
  readonly bytes: number;
}

const recordOverheadMax = 36; // length, attributes, timestamp and offset deltas, lengths of key and value, number of headers
const headerOverheadMax = 10;
const utf8UnitBytesMax = 3;

/** An upper bound for a record's size in a batch, without looking at its text. */
export function boundBytes({ key, value, headers }: OutgoingRecord): number {
  let bytes = recordOverheadMax + (key?.length ?? 0) + (value?.length ?? 0);
  for (const header of headers) bytes += headerOverheadMax + header.name.length * utf8UnitBytesMax + (header.value?.length ?? 0);
  return bytes;
}

/** The records `from` to `to` of a part. */
export function slice(part: Part, from: number, to: number): Part {
  const records = part.records.slice(from, to);
  return {
    call: part.call,
    records,
    indexes: part.indexes.slice(from, to),
    bytes: records.reduce((sum, record) => sum + boundBytes(record), 0),
  };
}

/** The part without the records at these places, or nothing if none remains. */
export function withoutPlaces(part: Part, isLeftOut: (place: number) => boolean): readonly Part[] {
  const kept = part.records.map((_, place) => place).filter((place) => !isLeftOut(place));
  if (kept.length === part.records.length) return [part];
  if (kept.length === 0) return [];
  const records = kept.map((place) => part.records[place] as OutgoingRecord);
  return [
    {
      call: part.call,
      records,
      indexes: kept.map((place) => part.indexes[place] as number),
      bytes: records.reduce((sum, record) => sum + boundBytes(record), 0),
    },
  ];
}
