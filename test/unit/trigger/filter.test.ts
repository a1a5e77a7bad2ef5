/** Filter criteria of the mapping, by the sentences of https://docs.aws.amazon.com/lambda/latest/dg/kafka-filtering.html and invocation-eventfiltering.html. */
import { expect, test } from "vitest";
import { compileFilter } from "../../../local/kafka-trigger/src/filter.js";

const record = (value: string | Buffer | null, more: object = {}) => ({
  topic: "orders",
  partition: 2,
  offset: 17,
  timestamp: 1_700_000_000_000,
  timestampType: "CREATE_TIME",
  key: Buffer.from("k1"),
  value: value === null ? null : Buffer.from(value),
  ...more,
});

const passes = (pattern: unknown, value: string | Buffer | null, more: object = {}) => compileFilter([pattern])(record(value, more));

test.each<[string, unknown, string | Buffer | null, boolean]>([
  ["a plain string is filtered on a plain string pattern", { value: ["hello", "hi"] }, "hello", true],
  ["a plain string that no member names does not pass", { value: ["hello"] }, "goodbye", false],
  ["a plain string pattern may hold operators", { value: [{ prefix: "he" }] }, "hello", true],
  ["a plain string against a JSON pattern: the data part is ignored", { value: { a: ["x"] } }, "hello", true],
  ["a JSON message is filtered on a JSON pattern", { value: { a: ["x"] } }, '{"a":"x"}', true],
  ["a JSON message that does not match does not pass", { value: { a: ["x"] } }, '{"a":"y"}', false],
  ["a JSON message against a plain string pattern: the data part is ignored", { value: ["hello"] }, '{"a":"x"}', true],
  ["bytes that are not UTF-8: the data part is ignored", { value: ["hello"] }, Buffer.from([0xff, 0xfe]), true],
  ["a tombstone has no data to be judged by", { value: { a: ["x"] } }, null, true],
  ["without a pattern for the value metadata decide", { partition: [2] }, "anything", true],
  ["metadata that differ keep a record out", { partition: [3], value: { a: ["x"] } }, '{"a":"x"}', false],
  ["a data part that is ignored leaves the metadata in force", { partition: [3], value: ["hello"] }, '{"a":"x"}', false],
  ["a topic's prefix beside a value", { topic: [{ prefix: "ord" }], value: { a: [1] } }, '{"a":1}', true],
  ["plain numbers compare by their text", { value: { a: [300] } }, '{"a":300.0}', false],
  ["numeric compares by value", { value: { a: [{ numeric: ["=", 300] }] } }, '{"a":3.0e2}', true],
  ["a message that is a JSON scalar is plain text", { value: ["42"] }, "42", true],
  ["$or over data and metadata", { $or: [{ partition: [9] }, { value: { a: ["x"] } }] }, '{"a":"x"}', true],
  ["$or of which no branch holds", { $or: [{ partition: [9] }, { value: { a: ["x"] } }] }, '{"a":"y"}', false],
])("%s", (_sentence, pattern, value, expected) => {
  expect(passes(pattern, value)).toBe(expected);
});

test("patterns are joined by or", () => {
  const filter = compileFilter([{ value: ["a"] }, { value: ["b"] }]);

  expect(["a", "b", "c"].map((text) => filter(record(text)))).toEqual([true, true, false]);
});

test.each<[string, unknown, RegExp]>([
  ["a leaf that is not an array", { value: { eventName: "INSERT" } }, /filterPatterns\[0\]\.value\.eventName/],
  ["an operator that Lambda does not list", { value: { a: [{ wildcard: "*" }] } }, /filterPatterns\[0\]\.value\.a\[0\]\.wildcard/],
  ["anything-but with an operator inside", { value: { a: [{ "anything-but": { prefix: "x" } }] } }, /anything-but/],
  ["no pattern at all", {}, /filterPatterns\[0\]/],
  ["a text", "a", /filterPatterns\[0\]/],
])("a pattern with %s is refused with its place", (_what, pattern, message) => {
  expect(() => compileFilter([pattern])).toThrow(message);
});
