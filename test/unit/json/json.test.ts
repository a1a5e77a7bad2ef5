/** JSON without rounding: what is read keeps its digits, what is written has them, and nothing is so deep that it breaks a call stack. */
import { describe, expect, test } from "vitest";
import { jsonDepthMax } from "../../../lib/json/depth.js";
import { NumberText, plainText, toExactNumber } from "../../../lib/json/number-text.js";
import { isJson, parseJson, parsePlainJson } from "../../../lib/json/read.js";
import { toJsonText } from "../../../lib/json/write.js";

const nested = (levels: number, inner = "") => "[".repeat(levels) + inner + "]".repeat(levels);

test.each([
  '{"id":9007199254740993}',
  '{"id":-9223372036854775808,"amount":0.1234567890123456789,"list":[1e400,-1E-400,[18446744073709551615]]}',
  '{"__proto__":{"id":9007199254740993},"constructor":1,"":9007199254740993}',
  '["\\ud800",9007199254740993,"\\\\\\"","é","\\u0000"]',
])("%s is written as it was read", (text) => {
  expect(toJsonText(parseJson(text))).toBe(text);
});

test("reading agrees with JSON.parse on every value that a double holds, in any spelling", () => {
  const text =
    ' { "a" : [ 1.0 , -0 , 1e3 , "x\\"y\\\\" , { } , [ ] , true , false , null ] , "a" : 2, "b":1.7976931348623157e-100,"c":9007199254740991 } ';

  const read = parseJson(text.replace("2,", '[2,"e12345678901234567"],'));

  expect(read).toEqual({ a: [2, "e12345678901234567"], b: 1.7976931348623157e-100, c: 9007199254740991 });
  expect(parseJson(`[9007199254740993,${text}]`)).toEqual([new NumberText("9007199254740993"), JSON.parse(text)]);
});

test("a member called __proto__ is a member", () => {
  const read = parseJson('{"__proto__":{"x":9007199254740993}}') as object;

  expect(Object.keys(read)).toEqual(["__proto__"]);
  expect((read as { readonly x?: unknown }).x).toBeUndefined();
});

describe("depth", () => {
  test.each([
    ["plain", ""],
    ["exact", "9007199254740993"],
    ["exact, with brackets in texts", '"[[[[\\"[[",9007199254740993'],
  ])("has one limit in JSON that is %s", (_, inner) => {
    expect(() => parseJson(nested(jsonDepthMax, inner))).not.toThrow();
    expect(() => parsePlainJson(nested(jsonDepthMax, inner))).not.toThrow();
    for (const levels of [jsonDepthMax + 1, 5_000, 100_000]) {
      const tooDeep = expect.objectContaining({ code: "record-undecodable", message: expect.stringContaining("1000 levels") });
      expect(() => parseJson(nested(levels, inner))).toThrowError(tooDeep);
      expect(() => parsePlainJson(nested(levels, inner))).toThrowError(tooDeep);
    }
  });

  test("does not count brackets inside texts, and does not matter where nothing is looked into", () => {
    expect(parseJson(`["${"[{".repeat(5_000)}"]`)).toHaveLength(1);
    expect(isJson(nested(100_000))).toBe(true);
    expect(isJson(`${nested(100_000)}]`)).toBe(false);
  });

  test("ends the writing of what holds itself", () => {
    const circle: Record<string, unknown> = { id: 1n };
    circle.self = circle;

    expect(() => toJsonText(circle)).toThrowError(/nested deeper than 1000 levels, or it holds itself/);
  });
});

test("writing agrees with JSON.stringify, and bigints and number texts are their digits", () => {
  const rest = {
    a: undefined,
    b: () => 1,
    c: Number.NaN,
    d: new Date(0),
    e: [undefined, Symbol("x")],
    f: new String("boxed"),
    g: { toJSON: (name: string) => name },
  };

  expect(toJsonText({ n: 9007199254740993n, rest })).toBe(`{"n":9007199254740993,"rest":${JSON.stringify(rest)}}`);
  expect(toJsonText(undefined)).toBeUndefined();
  expect(() => JSON.stringify(new NumberText("9007199254740993"))).toThrowError(/without losing digits/);
});

test.each([
  ["9007199254740993.000", "9007199254740993"],
  ["9.007199254740993e15", "9007199254740993"],
  ["-1e20", "-100000000000000000000"],
  ["0.1234567890123456789", "0.1234567890123456789"],
  ["12345678901234567890.5e-22", "0.00123456789012345678905"],
  ["1e400", "0.1e401"],
  ["-0.00", "0"],
])("%s has the one text %s", (text, expected) => {
  expect(plainText(new NumberText(text))).toBe(expected);
  expect(toExactNumber(text)).toEqual(text === "-0.00" ? -0 : new NumberText(text));
});

test("a text of millions of digits or levels is answered at once", () => {
  expect(toJsonText(parseJson(`[${"1".repeat(1_000_000)}]`))).toHaveLength(1_000_002);
  expect(() => parseJson(nested(1_000_000))).toThrowError(/1000 levels/);
});
