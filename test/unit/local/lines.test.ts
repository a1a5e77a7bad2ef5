/** One readable line a thing that happens while npm start runs. */
import { expect, test } from "vitest";
import { toLine } from "../../../local/start/lines.js";

const at = new Date(2026, 0, 2, 12, 34, 56);
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are not what is tested
const plain = (line: string | undefined): string | undefined => line?.replace(/\u001b\[[0-9;]*m/g, "");
const lineOf = (entry: object): string | undefined => plain(toLine(JSON.stringify(entry), at));

test("a request is its status, call and time", () => {
  expect(lineOf({ level: "info", message: "request", method: "POST", path: "/topics/orders", status: 200, tookMs: 12 })).toBe(
    "12:34:56  200  POST /topics/orders  12 ms",
  );
});

test("a batch says what became of its records, and leaves out what did not happen", () => {
  const batch = {
    message: "batch",
    route: "strong-quakes",
    records: 3,
    delivered: 2,
    filtered: 0,
    deadLettered: 1,
    givenBack: 0,
    tookMs: 8,
  };

  expect(lineOf(batch)).toBe("12:34:56  strong-quakes  3 records: 2 delivered, 1 dead-lettered  8 ms");
});

test("a dead letter says which record it is and why", () => {
  const letter = {
    message: "dead letter",
    route: "r",
    topic: "t",
    partition: 1,
    offset: "7",
    code: "transform-failed",
    reason: "dmin is missing",
  };

  expect(lineOf(letter)).toBe("12:34:56  dead letter  r  t/1@7: dmin is missing");
});

test("a record that is given back is shown as held, with the records after it", () => {
  expect(lineOf({ message: "given back", route: "r", topic: "t", partition: 0, offset: "3", reason: "the target answered 503" })).toBe(
    "12:34:56  held  r  t/0@3 and the records after it: the target answered 503",
  );
});

test("any other entry keeps its level, message and fields", () => {
  expect(lineOf({ time: "x", level: "warn", message: "breaker opened", route: "r", forMs: 30 })).toBe(
    "12:34:56  warn  breaker opened  route=r  forMs=30",
  );
});

test("what a handler prints is passed on as it is", () => {
  expect(toLine("hello from a handler", at)).toBe("hello from a handler");
  expect(toLine('{"some":"json"}', at)).toBe('{"some":"json"}');
});

test.each([
  "",
  "POST /topics/orders (λ: produce)",
  "(λ: produce) RequestId: 1c0d  Duration: 1.03 ms  Billed Duration: 2 ms",
  "Server ready: http://127.0.0.1:3000 🚀",
  "   │   GET  | http://127.0.0.1:3000/topics   │",
  '{"_aws":{"Timestamp":1},"Delivered":3}',
])("noise is left out: %s", (line) => {
  expect(toLine(line, at)).toBeUndefined();
});
