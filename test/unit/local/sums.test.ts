/** The demo's sums: nothing missing, nothing doubled, nothing that was not sent. */
import { expect, test } from "vitest";
import { expectedOf, quakesOf } from "../../../local/demo/quakes.js";
import { isComplete, isRight, type Seen, sumsOf } from "../../../local/demo/sums.js";

const ids = (...names: string[]) => new Set(names);
const once = (...names: string[]) => new Map(names.map((name) => [name, 1]));
const sent = [
  { what: "over HTTP", ids: ids("a", "b"), mayRepeat: false },
  { what: "by signed webhooks", ids: ids("c"), mayRepeat: true },
];
const expected = { sent, strong: ids("a"), refused: ids("b"), inSql: ids("a", "b") };
const seen: Seen = {
  inTopic: once("a", "b", "c"),
  strong: once("a"),
  deadLetters: once("b"),
  sqlRows: once("a", "b"),
  webhooks: once("a"),
};

const wrongOf = (changed: Partial<Seen>) => sumsOf(expected, { ...seen, ...changed }).filter((sum) => !isRight(sum));

test("a run in which everything arrived is ok", () => {
  expect(wrongOf({})).toEqual([]);
  expect(isComplete(sumsOf(expected, seen))).toBe(true);
});

test("a record that is missing anywhere is reported", () => {
  expect(wrongOf({ webhooks: once() })).toMatchObject([{ what: "strong: webhooks accepted", missing: ["a"] }]);
  expect(isComplete(sumsOf(expected, { ...seen, webhooks: once() }))).toBe(false);
});

test("a duplicate or unexpected row is reported", () => {
  expect(
    wrongOf({
      sqlRows: new Map([
        ["a", 2],
        ["b", 1],
      ]),
    }),
  ).toMatchObject([{ doubled: ["a"] }]);
  expect(wrongOf({ sqlRows: once("a", "b", "x") })).toMatchObject([{ unexpected: ["x"] }]);
});

test("a record from a side that delivers at least once may be there twice, and no other", () => {
  expect(wrongOf({ inTopic: new Map([...seen.inTopic, ["c", 2]]) })).toEqual([]);
  expect(wrongOf({ inTopic: new Map([...seen.inTopic, ["a", 2]]) })).toMatchObject([{ doubled: ["a"] }]);
  expect(wrongOf({ inTopic: new Map([...seen.inTopic, ["x", 1]]) })).toMatchObject([{ unexpected: ["x"] }]);
});

test("the data set is a real one of more than a thousand records, with some of every kind", () => {
  const quakes = quakesOf("run");
  const kinds = expectedOf(quakes, []);

  expect(quakes.length).toBeGreaterThan(1_000);
  expect([kinds.strong.size, kinds.refused.size, kinds.inSql.size].every((count) => count > 0)).toBe(true);
});
