/** What a read may still give: bytes, records, and what its visitor accepts. */
import type { ReadLimits, ReadVisitor } from "./reader.js";

const fetchBytesMin = 64 * 1024;
/** For the first request of a read that is limited by records: most are smaller. */
const recordBytesGuess = 1024;

export interface Budget {
  readonly visit: ReadVisitor;
  readonly isSpent: () => boolean;
  readonly isUntouched: () => boolean;
  /** What a request should ask for. */
  readonly bytesWanted: () => number;
}

export function createBudget({ bytesMax, recordsMax }: ReadLimits, visitor: ReadVisitor): Budget {
  let bytes = 0;
  let records = 0;
  let isSpent = recordsMax <= 0;
  return {
    visit: (place, view) => {
      const isOver = records > 0 && bytes + view.contentBytes > bytesMax;
      if (isSpent || isOver || !visitor(place, view)) {
        isSpent = true;
        return false;
      }
      bytes += view.contentBytes;
      isSpent = ++records >= recordsMax || bytes >= bytesMax;
      return true;
    },
    isSpent: () => isSpent,
    isUntouched: () => records === 0 && !isSpent,
    bytesWanted: () => Math.max(fetchBytesMin, Math.min(bytesMax - bytes, (recordsMax - records) * recordBytesGuess)),
  };
}
