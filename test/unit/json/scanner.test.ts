/** The scanner agrees with JSON.parse on what is JSON, and gives back what was sent, compact. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { compactJson } from "../../../lib/json/compact.js";
import { jsonDepthMax } from "../../../lib/json/depth.js";
import { JsonScanner } from "../../../lib/json/scanner.js";

/** The compact form of a text, or undefined where the scanner refuses it. */
function compact(text: string): string | undefined {
  const scanner = new JsonScanner(Buffer.from(text));
  try {
    scanner.readValue();
    const bytes = scanner.compact();
    return scanner.isAtEnd() ? bytes.toString() : undefined;
  } catch {
    return undefined;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test("what it gives back is what JSON.stringify would write, for any value and any white space", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, "\t", "\r\n "), (value, space) => {
      expect(compact(JSON.stringify(value, null, space as never))).toBe(JSON.stringify(value));
    }),
  );
});

test("it accepts and refuses the same texts as JSON.parse", () => {
  const pieces = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"a"',
    '"\\u00e9"',
    '"\\x"',
    "1",
    "-0.5e+3",
    "01",
    "1.",
    ".5",
    "-",
    "true",
    "nul",
    "null",
    " ",
    "\n",
    '"',
    "\\",
    "\u0001",
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 12 }), (parts) => {
      const text = parts.join("");
      expect(compact(text) !== undefined).toBe(isJson(text));
    }),
    { numRuns: 5_000 },
  );
});

test.each([
  ["digits beyond the doubles", '{"id":12345678901234567,"rate":1.10,"far":1e400}', '{"id":12345678901234567,"rate":1.10,"far":1e400}'],
  ["members in their order, numbers first or last", '{ "b" : 1, "2" : 2, "a" : 3 }', '{"b":1,"2":2,"a":3}'],
  ["white space inside strings", '[ " a  b " ]', '[" a  b "]'],
  ["needless escapes in their short form", '"\\u0041\\/\\u00e9\\ud83d\\ude00"', '"A/é😀"'],
  ["needed escapes", '"\\"\\\\\\n\\u0000"', '"\\"\\\\\\n\\u0000"'],
  ["half of a surrogate pair as its escape", '["\\ud800"]', '["\\ud800"]'],
  ["the same member twice, as sent", '{"a":1,"a":2}', '{"a":1,"a":2}'],
])("it keeps %s", (_what, text, kept) => {
  expect(compact(text)).toBe(kept);
});

test("nesting has an end, and no stack overflows before it", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

  expect(compact(nested(jsonDepthMax))).toBe(nested(jsonDepthMax));
  expect(compact(nested(jsonDepthMax + 1))).toBeUndefined();
  expect(compact("[".repeat(3_000_000))).toBeUndefined();
});

test("a fault is reported with the byte it begins at, and nothing of the text is repeated", () => {
  const scanner = new JsonScanner(Buffer.from('{"secret": hunter2}'));

  expect(() => scanner.readValue()).toThrow(/at byte 11, a value was expected/);
  expect(() => new JsonScanner(Buffer.from('{"secret": hunter2}')).readValue()).not.toThrow(/hunter/);
});

test("compacting twice changes nothing", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
      const once = Buffer.from(compact(JSON.stringify(value, null, 2)) ?? "");
      expect(compactJson(once, 0, once.length)).toEqual(once);
    }),
  );
});
