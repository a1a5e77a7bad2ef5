/** JSON of requests and answers: every digit is kept, no prototype is changed, no value comes back in a message. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonDepthMax } from "../../../lib/json/depth.js";
import { parseStrictJson } from "../../../lib/json/strict.js";
import { toJsonText } from "../../../lib/json/write.js";

test("it reads what JSON.parse reads, and writes what JSON.stringify writes", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      expect(toJsonText(parseStrictJson(text))).toBe(JSON.stringify(JSON.parse(text)));
    }),
  );
});

test("a whole number that a double cannot hold is a bigint, and is written with all its digits", () => {
  expect(parseStrictJson('{"offset":9007199254740993,"small":7,"rate":1.5}')).toEqual({ offset: 9007199254740993n, small: 7, rate: 1.5 });
  expect(toJsonText({ offset: 9007199254740993n, at: new Date(0), none: undefined, list: [undefined, 1n] })).toBe(
    '{"offset":9007199254740993,"at":"1970-01-01T00:00:00.000Z","list":[null,1]}',
  );
});

test("a member called __proto__ is a member, and changes no prototype", () => {
  const value = parseStrictJson('{"__proto__":{"polluted":true}}') as object;

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
  expect(() => parseStrictJson(text)).toThrow(/The JSON is not valid: at byte \d+/);
});

test.each([
  ['{"é":1,"é":2}', 'at byte 8, the member "é" is given twice'],
  ['["é",1e999]', "at byte 6, a number is out of range"],
  ['["é",]', "at byte 6, a value was expected"],
  ["[1", "at byte 2, a comma or a closing bracket was expected"],
  ["[", "at byte 1, a value was expected, and the text ends"],
])("the fault of %s is found %s", (text, fault) => {
  expect(() => parseStrictJson(text)).toThrow(fault);
});

test("nesting has the one limit of all JSON here", () => {
  const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);

  expect(parseStrictJson(nested(jsonDepthMax))).toHaveLength(1);
  expect(() => parseStrictJson(nested(jsonDepthMax + 1))).toThrow(/nested more than 1000 levels deep/);
});

test("a string of megabytes is read", () => {
  const text = JSON.stringify("é\\".repeat(1_000_000));

  expect(parseStrictJson(text)).toBe(JSON.parse(text));
});
