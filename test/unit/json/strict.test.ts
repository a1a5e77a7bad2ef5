/** JSON of requests and answers: every digit, no polluted prototypes, no text that comes back in a message. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseJson, toJson } from "../../../lib/json/strict.js";

test("it reads what JSON.parse reads, and writes what JSON.stringify writes", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      expect(toJson(parseJson(text))).toBe(JSON.stringify(JSON.parse(text)));
    }),
  );
});

test("a whole number that a double cannot hold is a bigint, and is written with all its digits", () => {
  expect(parseJson('{"offset":9007199254740993,"small":7,"rate":1.5}')).toEqual({ offset: 9007199254740993n, small: 7, rate: 1.5 });
  expect(toJson({ offset: 9007199254740993n, at: new Date(0), none: undefined, list: [undefined, 1n] })).toBe(
    '{"offset":9007199254740993,"at":"1970-01-01T00:00:00.000Z","list":[null,1]}',
  );
});

test("a member called __proto__ is a member, and changes no prototype", () => {
  const value = parseJson('{"__proto__":{"polluted":true}}') as object;

  expect(Object.keys(value)).toEqual(["__proto__"]);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});

test.each([
  ["{"],
  ['{"a":1,}'],
  ["[1,]"],
  ['{"a":1 "b":2}'],
  ["tru"],
  ["1 2"],
  ['"\u0001"'],
  ['"\\x"'],
  ["-"],
  ["01"],
  ["1e999"],
  ["NaN"],
  ["[".repeat(500_000)],
  ['{"a":1,"a":2}'],
])("%s is refused", (text) => {
  expect(() => parseJson(text)).toThrow(/The body is no valid JSON: at position \d+/);
});

test("a string of megabytes is read", () => {
  const text = JSON.stringify("é\\".repeat(1_000_000));

  expect(parseJson(text)).toBe(JSON.parse(text));
});
