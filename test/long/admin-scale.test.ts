/** Administration at the sizes people have: a thousand topics of ten partitions, two hundred groups over fifty partitions. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { RelayError } from "../../lib/errors.js";
import { describeConfigs } from "../../lib/kafka/admin/configs.js";
import { groupLags } from "../../lib/kafka/admin/lag.js";
import { dropGroups, dropTopics, makeGroups, makeTopics, numbered } from "../support/api/admin-load.js";
import { createApi } from "../support/api/api.js";
import { type CountingKafka, countRequests, sumOf } from "../support/broker/counting-kafka.js";
import { testKafka } from "../support/broker/kafka.js";
import { uniqueName } from "../support/broker/unique-names.js";

const start = uniqueName("scale");
const topics = numbered(start, 1_000);
const groups = numbered(start, 200);
const wide = `${start}-wide`;
const deadline = () => createDeadline(60_000);

let counting: CountingKafka;
beforeAll(async () => {
  counting = countRequests(testKafka({ requestTimeoutMs: 60_000 }));
  // Groups first: a broker that is busy with ten thousand new partitions is slow to make the topic of committed offsets.
  await makeTopics(counting.kafka, [wide], 50);
  await makeGroups(counting.kafka, groups, wide, 50);
  await makeTopics(counting.kafka, topics, 10);
}, 600_000);
afterAll(async () => {
  await dropGroups(counting.kafka, groups);
  await dropTopics(counting.kafka, [...topics, wide]);
  await counting.kafka.close();
}, 600_000);

test("a thousand topics are listed over HTTP by one request, and the answer fits", async () => {
  const api = await createApi({ kafka: counting.kafka });
  const { clusterId } = await counting.kafka.metadata.describe([], deadline());
  await api.call(`GET /v3/clusters/${clusterId}`);
  counting.taken();

  const answer = await api.call(`GET /v3/clusters/${clusterId}/topics`);

  expect(counting.taken()).toEqual({ Metadata: 1 });
  expect(answer.status).toBe(200);
  expect(answer.json.data.filter(({ topic_name }: { topic_name: string }) => topic_name.startsWith(`${start}-`))).toHaveLength(1_001);
});

test("a thousand topics of ten partitions are described with their settings by three requests", async () => {
  counting.taken();

  const described = await counting.kafka.metadata.describe(topics, deadline());
  const configs = await describeConfigs(
    counting.kafka,
    topics.map((name) => ({ kind: "topic", name })),
    deadline(),
    { synonyms: false },
  );

  expect(counting.taken()).toEqual({ Metadata: 1, DescribeConfigs: 2 });
  expect(topics.every((name) => (described.topics.get(name) as { partitions?: readonly unknown[] })?.partitions?.length === 10)).toBe(true);
  expect(configs.filter((entries) => entries instanceof RelayError)).toEqual([]);
});

test("the lag of two hundred groups over fifty partitions needs ten requests at most", async () => {
  counting.taken();

  const lags = await groupLags(counting.kafka, groups, deadline());

  expect(sumOf(counting.taken())).toBeLessThanOrEqual(10);
  expect(groups.every((groupId) => (lags.get(groupId) as { lags?: readonly unknown[] })?.lags?.length === 50)).toBe(true);
});
