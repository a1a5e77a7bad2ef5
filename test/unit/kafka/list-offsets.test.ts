/** Where a time lies in a partition, while records arrive between two questions: against a log that answers from a script. */
import { expect, test } from "vitest";
import { createDeadline } from "../../../lib/deadline.js";
import type { Api, Connection } from "../../../lib/kafka/connection.js";
import type { Kafka } from "../../../lib/kafka/kafka.js";
import type { Metadata } from "../../../lib/kafka/metadata.js";
import { listOffsetsApi } from "../../../lib/kafka/protocol/offsets.js";
import { createReader } from "../../../lib/kafka/read/reader.js";

const described = {
  name: "orders",
  isInternal: false,
  partitions: [{ partition: 0, leader: 1, replicas: [1], isr: [1], offlineReplicas: [] }],
};

/** A partition as the times of its records. `onQuestion` sees each question before it is answered, and may append. */
function log(times: number[], onQuestion: (timestamp: bigint) => void) {
  const offsetFor = (timestamp: bigint): number => {
    if (timestamp === -1n) return times.length;
    return timestamp === -2n ? 0 : times.findIndex((time) => time >= timestamp);
  };
  let questions = 0;
  const request = async (api: Api<never, unknown>, args: never): Promise<unknown> => {
    expect(api.key).toBe(listOffsetsApi.key);
    const { topics } = args as { topics: { partitions: { timestamp: bigint }[] }[] };
    const timestamp = topics[0]?.partitions[0]?.timestamp ?? 0n;
    questions++;
    onQuestion(timestamp);
    const answer = { partition: 0, errorCode: 0, timestamp: -1n, offset: BigInt(offsetFor(timestamp)), leaderEpoch: -1 };
    return { throttleMs: 0, topics: [{ name: "orders", partitions: [answer] }] };
  };
  const metadata = { topic: async () => described, describe: async () => ({ topics: new Map([["orders", described]]) }) };
  const connection = { request } as unknown as Connection;
  const kafka = { connection, metadata: metadata as unknown as Metadata, openConnection: () => connection } as unknown as Kafka;
  const reader = createReader(kafka);
  const offsetForTime = async (timeMs: number) =>
    Number((await reader.offsetsForTime("orders", [0], timeMs, createDeadline(5_000))).get(0));
  return { offsetForTime, questions: () => questions };
}

test("a record that arrives between the question for its time and the one for the end is not skipped", async () => {
  const times = [10, 20, 30];
  const { offsetForTime } = log(times, (timestamp) => {
    if (timestamp === -1n) times.push(100); // before each answer that names the end
  });

  expect(await offsetForTime(50)).toBe(3);
});

test("a record that arrives after the end was reported is read from that end on", async () => {
  const times = [10, 20, 30];
  let asked = 0;
  const { offsetForTime } = log(times, (timestamp) => {
    if (timestamp === -1n) setTimeout(() => times.push(100), 0);
    else if (++asked > 2) throw new Error("asked without end");
  });

  expect(await offsetForTime(50)).toBe(3);
});

test("a time that lies in the partition is found with one question, beside the one for the end", async () => {
  const { offsetForTime, questions } = log([10, 20, 30], () => {});

  expect(await offsetForTime(15)).toBe(1);
  expect(questions()).toBe(2);
});
