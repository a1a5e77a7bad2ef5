/** How much text an answer may hold before Lambda would not give it back: 6 MB of JSON in which the answer is a string, its quotes escaped. */
import { lambdaPayloadBytesMax } from "./body-limits.js";

/** For the answer's frame, its partitions and cursor, and the headers around it. */
const aroundBytes = 120_000;
export interface ReplyBudget {
  /** Counts the text, which takes `bytesBound` at most, and answers whether it still fits; a text that does not fit is not counted. */
  readonly takes: (text: string, bytesBound: number) => boolean;
}

/** Counts by the bounds as long as that is enough, then exactly. */
export function createReplyBudget(bytesMax = lambdaPayloadBytesMax - aroundBytes): ReplyBudget {
  const texts: string[] = [];
  let boundBytes = 0;
  let exactBytes: number | undefined;
  return {
    takes: (text, bytesBound) => {
      if (exactBytes === undefined && boundBytes + bytesBound <= bytesMax) {
        texts.push(text);
        boundBytes += bytesBound;
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
