/** Which partition each record of a call goes to, and how many bytes each partition gets. Pure. */
import type { OutgoingRecord } from "../records.js";
import { boundBytes, type Part } from "./part.js";

export interface Plan {
  /** What each partition gets, in the order of the call. */
  readonly parts: ReadonlyMap<number, Omit<Part, "call">>;
  /** Records that name a partition which the topic does not have. */
  readonly misplaced: readonly { readonly index: number; readonly partition: number }[];
}

interface GrowingPart {
  readonly records: OutgoingRecord[];
  readonly indexes: number[];
  bytes: number;
}

export function planRecords(
  records: readonly OutgoingRecord[],
  partitionsCount: number,
  choose: (record: OutgoingRecord, recordBytes: number) => number,
): Plan {
  const parts = new Map<number, GrowingPart>();
  const misplaced: { index: number; partition: number }[] = [];
  for (let index = 0; index < records.length; index++) {
    const record = records[index] as OutgoingRecord;
    const bytes = boundBytes(record);
    const partition = choose(record, bytes);
    if (!Number.isInteger(partition) || partition < 0 || partition >= partitionsCount) {
      misplaced.push({ index, partition });
      continue;
    }
    const part = parts.get(partition);
    if (part === undefined) parts.set(partition, { records: [record], indexes: [index], bytes });
    else {
      part.records.push(record);
      part.indexes.push(index);
      part.bytes += bytes;
    }
  }
  return { parts, misplaced };
}
