/** What may be spliced into an answer is what JSON.parse takes, and nothing else. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { isJsonText, splicedDepthMax } from "../../../lib/json/walk.js";

const around = (text: string): boolean => {
  const inner = Buffer.from(text);
  return isJsonText(Buffer.concat([Buffer.from('{"a":'), inner, Buffer.from('],1}"')]), 5, 5 + inner.length);
};
const parses = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

test("it agrees with JSON.parse on generated JSON, also with something cut out, doubled or changed in it", () => {
  fc.assert(
    fc.property(
      fc.json(),
      fc.nat(),
      fc.nat({ max: 4 }),
      fc.constantFrom("", '"', "\\", "{", "]", ",", ":", "0", "-", "e", ".", " ", "\n", "\u0000", "\\u00", "t"),
      (json, place, count, noise) => {
        const at = place % (json.length + 1);
        const changed = json.slice(0, at) + noise + json.slice(at + count);

        expect(around(json)).toBe(true);
        expect([changed, around(changed)]).toEqual([changed, parses(changed)]);
      },
    ),
    { numRuns: 3_000 },
  );
});

test("it agrees with JSON.parse on any text of JSON's characters", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:\\/ \t\nutrefalsn0123456789.-+eE'), maxLength: 12 }), (text) => {
      expect([text, around(text)]).toEqual([text, parses(text)]);
    }),
    { numRuns: 20_000 },
  );
});

test("nesting beyond the limit is not spliced", () => {
  expect(around("[".repeat(splicedDepthMax) + "]".repeat(splicedDepthMax))).toBe(true);
  expect(around("[".repeat(splicedDepthMax + 1) + "]".repeat(splicedDepthMax + 1))).toBe(false);
});
