/** What Kafka refuses, and what other systems deliver again. Outages and kills are in test/long/sources-faults.test.ts, because they take long. */
import { afterAll, expect, test } from "vitest";
import { defineSource } from "../../../lib/sources/define-source.js";
import { sqsQueue } from "../../../lib/sources/sqs.js";
import { kinesisStream } from "../../../lib/sources/streams.js";
import { createTestTopic, testKafka } from "../../support/broker/kafka.js";
import { uniqueName } from "../../support/broker/unique-names.js";
import { fifoEvent, streamEvent } from "../../support/relay/source-events.js";
import { headersOf, idOf, recordsOf, runSource, textsOf } from "../../support/relay/source-run.js";

const kafka = testKafka();
afterAll(() => kafka.close());

const partial = { RELAY_PARTIAL_RESPONSES: "true" };

test("what the topic refuses for its size or its time becomes a dead letter with its reason, and the later messages of its group go on", async () => {
  const topic = await createTestTopic(kafka, {
    configs: { "max.message.bytes": "2000", "message.timestamp.after.max.ms": "3600000", "message.timestamp.type": "CreateTime" },
  });
  const name = uniqueName("refused");
  const { invoke } = runSource(kafka, defineSource({ name, from: sqsQueue(), to: { topic } }), partial);
  const future = String(Date.now() + 7_200_000);

  const answer = await invoke(
    fifoEvent([
      { id: "1", group: "a", body: "first" },
      { id: "2", group: "a", body: "x".repeat(5_000) },
      { id: "3", group: "a", body: "from the future", sentAt: future },
      { id: "4", group: "a", body: "last" },
    ]),
  );

  expect(answer).toEqual({ batchItemFailures: [] });
  expect(textsOf(await recordsOf(kafka, topic))).toEqual(["first", "last"]);
  const letters = await recordsOf(kafka, `${name}.dead-letters`);
  expect(letters.map(({ value }) => value?.length)).toEqual([5_000, "from the future".length]);
  expect(letters.map((letter) => headersOf(letter)["relay.error.code"])).toEqual(["record-too-large", "record-refused"]);
});

test("what a queue or a stream delivers again is written again under the same id, so that a consumer can drop it", async () => {
  const topic = await createTestTopic(kafka);
  const queue = runSource(kafka, defineSource({ name: uniqueName("again"), from: sqsQueue(), to: { topic } }), partial);
  const stream = runSource(kafka, defineSource({ name: uniqueName("again"), from: kinesisStream(), to: { topic } }), partial);
  const messages = fifoEvent(["1", "2", "3"].map((id) => ({ id, group: "g", body: id })));
  const records = streamEvent(["4", "5", "6"].map((sequence) => ({ sequence, key: "k", data: sequence })));

  for (let time = 0; time < 2; time++) {
    await queue.invoke(messages);
    await stream.invoke(records);
  }

  const written = await recordsOf(kafka, topic);
  const byId = new Map(written.map((record) => [idOf(record), record.value?.toString()]));
  expect([written.length, byId.size]).toEqual([12, 6]);
  expect([...byId.values()].sort()).toEqual(["1", "2", "3", "4", "5", "6"]);
});
