/** What a trigger says of its troubles: each once, its end, and nothing of what is over at once. */
import { beforeEach, expect, test } from "vitest";
import { RelayError } from "../../../lib/errors.js";
import { createTroubles, type Troubles } from "../../../local/kafka-trigger/src/poll/troubles.js";

const unreachable = new RelayError("kafka-unreachable", "No broker answers.");
const tryAgain = new RelayError("kafka-retriable", "The group has no coordinator now.");

let lines: string[];
let nowMs: number;
let troubles: Troubles;
beforeEach(() => {
  lines = [];
  nowMs = 1_000;
  troubles = createTroubles(
    (line) => lines.push(line),
    () => nowMs,
  );
});

test("a problem is reported once, again after a minute, and so is its end", () => {
  for (const atMs of [1_000, 2_000, 30_000, 59_000, 62_000]) {
    nowMs = atMs;
    troubles.began(unreachable);
  }
  troubles.ended();
  troubles.ended();

  expect(lines).toEqual(["No broker answers.", "No broker answers.", "recovered"]);
});

test("what Kafka asks to try again is not said when it is over within seconds", () => {
  for (const atMs of [1_000, 2_000, 3_900]) {
    nowMs = atMs;
    troubles.began(tryAgain);
  }
  troubles.ended();

  expect(lines).toEqual([]);
});

test("a retriable failure is reported when it lasts, and so is its end", () => {
  for (const atMs of [1_000, 2_500, 4_000, 6_000]) {
    nowMs = atMs;
    troubles.began(tryAgain);
  }
  troubles.ended();

  expect(lines).toEqual(["The group has no coordinator now.", "recovered"]);
});

test("the same trouble long after is a new one, even without a report that it was over", () => {
  troubles.began(tryAgain);
  nowMs += 600_000;
  troubles.began(tryAgain);

  expect(lines).toEqual([]);
});

test("one partition's end of trouble says nothing of another's", () => {
  const damaged = new RelayError("batch-unreadable", "The batch in partition 0 does not match its checksum.");
  troubles.began(damaged, "partition 0");
  troubles.ended("partition 1");
  troubles.ended();
  expect(lines).toEqual([damaged.message]);

  troubles.ended("partition 0");

  expect(lines).toEqual([damaged.message, "partition 0 recovered"]);
});

test("a problem of several partitions is reported once, and its end when the last of them has recovered", () => {
  for (const partition of [0, 1, 2]) troubles.began(unreachable, `partition ${partition}`);
  troubles.ended("partition 0");
  troubles.ended("partition 2");
  expect(lines).toEqual(["No broker answers."]);

  troubles.ended("partition 1");

  expect(lines).toHaveLength(2);
});
