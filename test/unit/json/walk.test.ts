/** Bytes are JSON exactly where JSON.parse accepts their text, whatever stands around them. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonDepthMax } from "../../../lib/json/depth.js";
import { isJsonBytes } from "../../../lib/json/walk.js";

const around = (text: string, depthMax?: number): boolean => {
  const inner = Buffer.from(text);
  return isJsonBytes(Buffer.concat([Buffer.from('{"a":'), inner, Buffer.from('],1}"')]), 5, 5 + inner.length, depthMax);
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

test("nesting has a limit, and a caller may set a lower one", () => {
  const nested = (levels: number) => '{"a":['.repeat(levels / 2) + "]}".repeat(levels / 2);

  expect(around(nested(jsonDepthMax))).toBe(true);
  expect(around(nested(jsonDepthMax + 2))).toBe(false);
  expect(around(nested(500), 500)).toBe(true);
  expect(around(nested(502), 500)).toBe(false);
});
