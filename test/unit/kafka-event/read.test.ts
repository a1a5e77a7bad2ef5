/** Lambda's event as the relay reads it. */
import { expect, test } from "vitest";
import { readKafkaEvent } from "../../../lib/kafka-event/read.js";
import { toNullHeader } from "../../../lib/kafka-event/shape.js";

const headersOf = (headers: readonly object[]) => {
  const record = { topic: "orders", partition: 0, offset: 7, timestamp: 1, timestampType: "CREATE_TIME", headers };
  return readKafkaEvent({ eventSource: "aws:kafka", records: { "orders-0": [record] } })[0]?.records[0]?.headers;
};

test("a null header comes from AWS without its name, and is left out", () => {
  expect(headersOf([{ a: [65] }, {}, { b: [] }])).toEqual([
    { name: "a", value: Buffer.from("A") },
    { name: "b", value: Buffer.alloc(0) },
  ]);
});

test("a null header that never was JSON keeps its name and its place", () => {
  expect(headersOf([{ a: [65] }, toNullHeader("trace"), { b: [66] }])).toEqual([
    { name: "a", value: Buffer.from("A") },
    { name: "trace", value: null },
    { name: "b", value: Buffer.from("B") },
  ]);
  expect(JSON.stringify(toNullHeader("trace"))).toBe("{}");
});
