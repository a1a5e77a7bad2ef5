/** What administration asks of the brokers does not grow with the number of topics and groups. The full sizes are in test/long/admin-scale.test.ts. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { describeConfigs } from "../../lib/kafka/admin/configs.js";
import { groupLags } from "../../lib/kafka/admin/lag.js";
import { findCoordinatorsApi } from "../../lib/kafka/protocol/groups.js";
import { dropGroups, dropTopics, makeGroups, makeTopics, numbered } from "../support/api/admin-load.js";
import { type CountingKafka, countRequests, sumOf } from "../support/broker/counting-kafka.js";
import { testKafka } from "../support/broker/kafka.js";
import { uniqueName } from "../support/broker/unique-names.js";

const start = uniqueName("bounded");
const topics = numbered(start, 30);
const groups = numbered(start, 30);
const deadline = () => createDeadline(20_000);

let counting: CountingKafka;
beforeAll(async () => {
  counting = countRequests(testKafka());
  await makeTopics(counting.kafka, topics, 2);
  await makeGroups(counting.kafka, groups, topics[0] ?? "", 2);
});
afterAll(async () => {
  await dropGroups(counting.kafka, groups);
  await dropTopics(counting.kafka, topics);
  await counting.kafka.close();
});

async function requestsOf(work: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> {
  counting.taken();
  await work();
  return counting.taken();
}

/** What it asks where nothing is asked twice: a broker that is busy with something else (a coordinator that loads) is asked again. */
async function fewestRequestsOf(work: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> {
  const runs: Readonly<Record<string, number>>[] = [];
  for (let run = 0; run < 4; run++) runs.push(await requestsOf(work));
  return runs.reduce((fewest, one) => (sumOf(one) < sumOf(fewest) ? one : fewest));
}

test("topics are listed and described by one request, however many", async () => {
  const one = await requestsOf(() => counting.kafka.metadata.describe(topics.slice(0, 1), deadline()));
  const many = await requestsOf(() => counting.kafka.metadata.describe(topics, deadline()));
  const all = await requestsOf(() => counting.kafka.metadata.describe("all", deadline()));

  expect([one, many, all]).toEqual([{ Metadata: 1 }, { Metadata: 1 }, { Metadata: 1 }]);
});

test("the settings of many topics need one request", async () => {
  const resources = topics.map((name) => ({ kind: "topic" as const, name }));

  expect(await requestsOf(() => describeConfigs(counting.kafka, resources, deadline()))).toEqual({ DescribeConfigs: 1 });
});

test("the lag of thirty groups asks no more than the lag of two", async () => {
  const takesLists = (await counting.kafka.connection.versionOf(findCoordinatorsApi, "any", deadline())) !== undefined;

  const two = await fewestRequestsOf(() => groupLags(counting.kafka, groups.slice(0, 2), deadline()));
  const thirty = await fewestRequestsOf(() => groupLags(counting.kafka, groups, deadline()));

  // Brokers before 3.0 take one group a request where coordinators and offsets are asked for: then it grows, but not with the partitions.
  if (takesLists) expect(thirty).toEqual(two);
  expect(sumOf(thirty)).toBeLessThanOrEqual(takesLists ? 10 : 10 + 3 * groups.length);
});
