/** Source topics of deployed routes: what Lambda cannot hand over is found by asking the brokers. */
import { afterAll, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { checkDeployedSourceTopics, checkSourceTopics, sourceRecordBytesMax } from "../../local/build/deployment/source-topics.js";
import { createTestTopic, testKafka } from "../support/broker/kafka.js";
import { uniqueName } from "../support/broker/unique-names.js";

const kafka = testKafka();
afterAll(() => kafka.close());

const allowing = (bytes: number) => createTestTopic(kafka, { configs: { "max.message.bytes": String(bytes) } });
const check = (topics: readonly string[], largeTopics: readonly string[] = []) =>
  checkSourceTopics(
    kafka,
    topics.map((topic) => ({ functionKey: "copy", topic })),
    largeTopics,
    createDeadline(10_000),
  );

test("a source topic that allows records which Lambda cannot hand over is refused, unless it is declared to hold none", async () => {
  const [large, fitting, byDefault] = [
    await allowing(sourceRecordBytesMax + 1),
    await allowing(sourceRecordBytesMax),
    await createTestTopic(kafka),
  ];

  expect(await check([large, fitting, byDefault])).toEqual({
    faults: [
      expect.stringMatching(new RegExp(`^function copy: its source topic ${large} has max.message.bytes ${sourceRecordBytesMax + 1}`)),
    ],
    warnings: [],
  });
  expect(await check([large], [large])).toEqual({ faults: [], warnings: [] });
});

test("a source topic that does not exist yet is a warning: nothing is known of it", async () => {
  const missing = uniqueName("missing");

  expect(await check([missing])).toEqual({ faults: [], warnings: [expect.stringContaining(`source topic ${missing} (copy) is unknown`)] });
});

test("a deployment that does not reach the brokers says that nothing was checked, and where to check it", async () => {
  const sources = [{ functionKey: "copy", topic: "orders" }];
  const unnamed = await checkDeployedSourceTopics(sources, [], {});
  const unreachable = await checkDeployedSourceTopics(sources, [], { KAFKA_BROKERS: "127.0.0.1:1" });

  for (const { faults, warnings } of [unnamed, unreachable]) {
    expect(faults).toEqual([]);
    expect(warnings).toEqual([expect.stringMatching(/was not checked.*kafka-relay routes check --topics/)]);
  }
});

test("a deployment that reaches the brokers refuses such a topic", async () => {
  const large = await allowing(8_000_000);

  const { faults } = await checkDeployedSourceTopics([{ functionKey: "copy", topic: large }], [], {
    KAFKA_BROKERS: process.env.KAFKA_BROKERS,
  });

  expect(faults).toHaveLength(1);
});
