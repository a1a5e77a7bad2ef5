/** The event pattern language, case by case. `rules.json` was written rule by rule, `agreed.json` generated; both were held against AWS's Event Ruler 2.1.0. */
import { expect, test } from "vitest";
import { RelayError } from "../../../lib/errors.js";
import { NumberText } from "../../../lib/json/number-text.js";
import { parseJson } from "../../../lib/json/read.js";
import { compilePattern } from "../../../lib/patterns/compile.js";
import type { EventPattern } from "../../../lib/patterns/event-pattern.js";
import agreed from "./cases/agreed.json" with { type: "json" };
import rules from "./cases/rules.json" with { type: "json" };

interface Case {
  readonly pattern: string;
  readonly event: string;
  readonly expected: boolean | string;
}

function outcome({ pattern, event }: Pick<Case, "pattern" | "event">): boolean | "refused" {
  let matches: (event: unknown) => boolean;
  try {
    matches = compilePattern(pattern);
  } catch (error) {
    if (error instanceof RelayError && error.code === "bad-configuration") return "refused";
    throw error;
  }
  return matches(parseJson(event));
}

test.each(rules as (Case & { rule: string })[])("$rule: $pattern and $event: $expected", (given) => {
  expect(outcome(given)).toBe(given.expected);
});

test("generated patterns match generated events as AWS's own library does", () => {
  const wrong = (agreed as Case[]).filter((given) => outcome(given) !== given.expected);

  expect(wrong).toEqual([]);
});

test.each([
  [{ value: { size: [{ numeric: ["!=", 5] }] } }, "pattern.value.size[0].numeric: "],
  [{ a: [{ prefx: "x" }] }, 'pattern.a[0].prefx: "prefx" is not an operator. Did you mean "prefix"?'],
  [{ a: { "b c": "x" } }, 'pattern.a["b c"]: a value must be in a list, such as ["x"]'],
  [{ $or: [{ a: [1] }, { b: [] }] }, "pattern.$or[1].b: "],
])("a fault names its place: %j", (pattern, message) => {
  expect(() => compilePattern(pattern as unknown as EventPattern)).toThrowError(
    expect.objectContaining({ message: expect.stringContaining(message) }),
  );
});

test("a wildcard with many stars is matched in linear time", () => {
  const matches = compilePattern({ a: [{ wildcard: `${"*a".repeat(200)}*b` }] });

  expect(matches({ a: "a".repeat(1_000_000) })).toBe(false);
});

test("a deeply nested array neither overflows nor hangs", () => {
  let nested: unknown = "x";
  for (let depth = 0; depth < 100_000; depth++) nested = [nested];

  expect(compilePattern({ a: ["x"] })({ a: nested })).toBe(true);
});

test("branches of $or that would multiply without end are refused", () => {
  const branch = (name: string) => ({ a: { [name]: [1] } });
  const pattern = Object.fromEntries([["a", { z: [1] }]]) as Record<string, unknown>;
  let inner: Record<string, unknown> = pattern;
  for (let depth = 0; depth < 12; depth++) {
    const next: Record<string, unknown> = { a: { y: [1] } };
    inner.$or = [next, branch("x")];
    inner = next;
    next.b = [1];
  }

  expect(() => compilePattern(pattern as unknown as EventPattern)).not.toThrow();
});

test("a whole number that a double cannot hold is refused where it was already rounded, and exact as bigint or text", () => {
  expect(() => compilePattern({ id: [2 ** 53 + 2] }, { rounded: "refuse" })).toThrowError(/bigint/);
  expect(compilePattern({ id: [9007199254740993n] })(parseJson('{"id":9007199254740993}'))).toBe(true);
  expect(compilePattern({ id: [9007199254740993n] })(parseJson('{"id":9007199254740992}'))).toBe(false);
});

test("Lambda's rule: plain numbers are equal by their text, ranges by their value", () => {
  const matches = compilePattern('{"a":[300]}', { numbers: "text" });
  const event = (text: string) => parseJson(`{"a":${text}}`, "text");

  expect([matches(event("300")), matches(event("300.0")), matches(event("3e2"))]).toEqual([true, false, false]);
  expect(compilePattern('{"a":[3.0e2]}', { numbers: "text" })(event("3.0e2"))).toBe(true);
  expect(compilePattern('{"a":[{"numeric":["=",300]}]}', { numbers: "text" })(event("3e2"))).toBe(true);
  expect(compilePattern('{"a":[{"anything-but":[300]}]}', { numbers: "text" })(event("300.0"))).toBe(true);
});

test.each([
  '[{"wildcard":"a*"}]',
  '[{"cidr":"10.0.0.0/8"}]',
  '[{"anything-but":{"prefix":"a"}}]',
  '[{"prefix":{"equals-ignore-case":"a"}}]',
])("an operator that Lambda's event filtering does not have is refused for it: %s", (leaf) => {
  expect(() => compilePattern(`{"a":${leaf}}`, { operators: "lambda", place: "filterPatterns[0]" })).toThrowError(
    /filterPatterns\[0\]\.a\[0\].*Lambda/,
  );
  expect(() => compilePattern(`{"a":${leaf}}`)).not.toThrow();
});

test("numbers are read without rounding, and as plain numbers where a double says the same", () => {
  expect(parseJson('{"a":1,"b":[2.5,"3"],"c":123456789012345678901}')).toEqual({
    a: 1,
    b: [2.5, "3"],
    c: new NumberText("123456789012345678901"),
  });
  expect(parseJson(' [ "a\\"b" , { "x\\u0041" : [ ] } , 1e400 , -0.0 ] ')).toEqual(['a"b', { xA: [] }, new NumberText("1e400"), -0]);
  expect(() => parseJson('{"a":12345678901234567890,}')).toThrow(SyntaxError);
});

test("an unknown operator is a compile error", () => {
  const right: EventPattern = { a: [{ prefix: "x" }, "y", 5], $or: [{ b: [null] }, { c: { d: [{ numeric: [">", 1, "<=", 5] }] } }] };
  // @ts-expect-error there is no such operator
  const unknown: EventPattern = { a: [{ prefx: "x" }] };
  // @ts-expect-error two operators in one object
  const two: EventPattern = { a: [{ prefix: "x", suffix: "y" }] };
  // @ts-expect-error a range begins with its lower bound
  const upsideDown: EventPattern = { a: [{ numeric: ["<", 5, ">", 1] }] };

  expect([right, unknown, two, upsideDown]).toHaveLength(4);
});
