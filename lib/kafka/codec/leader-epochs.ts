/**
 * Under which leader each batch of a record set was written (KIP-101): what distinguishes a log from another one with the same offsets after an unclean election. Pure, and
 * reads only the headers of batches.
 */
import { readInt64 } from "./record-view.js";

const lengthAt = 8;
const lengthEnd = 12;
const epochAt = 12;
const magicAt = 16;

/** Visits the whole batches of a set in order; message sets of old brokers have no epochs. */
export function forEachEpoch(bytes: Buffer, visit: (baseOffset: number, epoch: number) => void): void {
  for (let at = 0; at + magicAt < bytes.length; ) {
    const end = at + lengthEnd + bytes.readInt32BE(at + lengthAt);
    if (end <= at + magicAt || end > bytes.length || bytes[at + magicAt] !== 2) return;
    visit(readInt64(bytes, at), bytes.readInt32BE(at + epochAt));
    at = end;
  }
}

/** The epoch of the last record before an offset, or `otherwise` if the set does not contain it. */
export function epochBefore(bytes: Buffer, offset: number, otherwise: number | undefined): number | undefined {
  let found = otherwise;
  forEachEpoch(bytes, (baseOffset, epoch) => {
    if (baseOffset < offset && epoch >= 0) found = epoch;
  });
  return found;
}
