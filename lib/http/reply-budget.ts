/** How much text an answer may hold before Lambda would not give it back: 6 MB of JSON in which the answer is a string, its quotes escaped. */
import { lambdaPayloadBytesMax } from "./body-limits.js";

/** For the answer's frame, its partitions and cursor, and the headers around it. */
const aroundBytes = 120_000;
/** A UTF-16 unit takes three bytes at most, six where it is a control character, which no JSON text holds as it is. */
const bytesPerUnitMax = 3;

export interface ReplyBudget {
  /** Counts the text and answers whether it still fits; a text that does not fit is not counted. */
  readonly takes: (text: string) => boolean;
}

/** Counts by a cheap bound as long as that is enough, then exactly. */
export function createReplyBudget(bytesMax = lambdaPayloadBytesMax - aroundBytes): ReplyBudget {
  const texts: string[] = [];
  let boundBytes = 0;
  let exactBytes: number | undefined;
  return {
    takes: (text) => {
      const bound = (text.length + 1) * bytesPerUnitMax;
      if (exactBytes === undefined && boundBytes + bound <= bytesMax) {
        texts.push(text);
        boundBytes += bound;
        return true;
      }
      exactBytes ??= texts.reduce((sum, one) => sum + exactBytesOf(one), 0);
      const bytes = exactBytesOf(text);
      if (exactBytes + bytes > bytesMax) return false;
      exactBytes += bytes;
      return true;
    },
  };
}

function exactBytesOf(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - 1; // its quotes, and the comma behind it
}
