/** The trigger over a long time: killed at random moments it loses nothing, and a million records leave its memory as it was. */
import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import type { OutgoingRecord } from "../../lib/kafka/records.js";
import { createTestTopic, testKafka, until } from "../support/broker/kafka.js";
import { write } from "../support/relay/relay-on-broker.js";
import { createOfflineProject, notingHandler } from "../support/trigger/offline-project.js";
import { runMapping } from "../support/trigger/trigger-on-broker.js";

const kills = 20;
const records = 4_000;
const million = 1_000_000;
const lot = 10_000;
/** What a heap may differ by between two looks at it, in bytes. */
const heapSlackBytes = 150_000_000;

test("twenty kills at random moments lose nothing", async () => {
  const kafka = testKafka();
  const topic = await createTestTopic(kafka, { partitions: 4 });
  const project = await createOfflineProject();
  project.write("orders.js", notingHandler("await new Promise((resolve) => setTimeout(resolve, 50));"));
  const event = { msk: { arn: "arn:aws:kafka:eu-west-1:1:cluster/c/1", topic, batchSize: 10, maximumBatchingWindow: 0 } };
  project.configure({ orders: { handler: "orders.handler", events: [event] } });
  const values = Array.from({ length: records }, (_, index) => `r${index}`);
  await write(
    kafka,
    topic,
    values.map((value, index) => ({ key: null, value: Buffer.from(value), headers: [], partition: index % 4 })),
  );

  for (let kill = 0; kill < kills; kill++) {
    const run = project.run(["offline", "start"]);
    await run.printed(/starts/);
    await wait(Math.random() * 15_000);
    run.signal("SIGKILL");
    await run.ended();
  }
  const run = project.run(["offline", "start"]);
  await run.until(() => new Set(project.notes()).size === values.length, 300_000);
  run.signal("SIGINT");
  await run.ended();
  project.remove();
  await kafka.close();
});

test("memory is flat over a million records", async () => {
  const kafka = testKafka();
  const topic = await createTestTopic(kafka, { partitions: 4 });
  const record: OutgoingRecord = { key: null, value: Buffer.alloc(200, "x"), headers: [] };
  let handled = 0;
  const heaps: number[] = [];
  const run = runMapping(
    kafka,
    topic,
    (event) => {
      handled += Object.values(event.records).reduce((sum, { length }) => sum + length, 0);
    },
    { batchSize: 1_000, windowMs: 0 },
  );

  for (let written = 0; written < million; written += lot) {
    await write(
      kafka,
      topic,
      Array.from({ length: lot }, (_, index) => ({ ...record, partition: index % 4 })),
    );
    await until(() => handled === written + lot, 120_000);
    // The events that this test keeps are its own weight.
    (run.events as unknown[]).length = 0;
    heaps.push(process.memoryUsage().heapUsed);
  }
  await run.stop(10_000);
  await kafka.close();

  const lowest = (part: readonly number[]) => Math.min(...part);
  const tenth = heaps.length / 10;
  expect(lowest(heaps.slice(-tenth)) - lowest(heaps.slice(0, tenth))).toBeLessThan(heapSlackBytes);
});
