/** Administration at the sizes people have, against kafkajs's admin client: what takes it a request for each group takes us one for all. */
import { type Admin, Kafka as KafkaJs, logLevel } from "kafkajs";
import { parseConfig } from "../../lib/config.js";
import { createDeadline } from "../../lib/deadline.js";
import { describeConfigs } from "../../lib/kafka/admin/configs.js";
import { groupLags } from "../../lib/kafka/admin/lag.js";
import { createKafka, type Kafka, toKafkaOptions } from "../../lib/kafka/kafka.js";
import { dropGroups, dropTopics, makeGroups, makeTopics, numbered } from "../support/api/admin-load.js";
import { uniqueName } from "../support/broker/unique-names.js";
import { amountOf, type Bench, type BenchRow } from "./bench.js";

const topicsCount = 1_000;
const partitionCount = 10;
const groupsCount = 200;
const groupPartitionCount = 50;
const repeats = 5;

const deadline = () => createDeadline(120_000);

export const bench: Bench = {
  name: "admin",
  run: async function* (context) {
    const { brokers, log } = context;
    const [topicCount, groupCount] = [amountOf(topicsCount, context), amountOf(groupsCount, context)];
    const kafka = createKafka({ ...toKafkaOptions(parseConfig({ KAFKA_BROKERS: brokers.join(",") })), requestTimeoutMs: 60_000 });
    const client = new KafkaJs({ clientId: "bench", brokers: [...brokers], logLevel: logLevel.NOTHING });
    const admin = client.admin();
    await admin.connect();
    const start = uniqueName("bench-admin");
    const topics = numbered(start, topicCount);
    const groups = numbered(start, groupCount);
    const wide = `${start}-wide`;
    try {
      log(`making ${topicCount} topics of ${partitionCount} partitions and ${groupCount} groups`);
      await makeTopics(kafka, [wide], groupPartitionCount);
      await makeGroups(kafka, groups, wide, groupPartitionCount);
      await makeTopics(kafka, topics, partitionCount);
      yield await row(`list ${topicCount} topics`, "kafkajs admin.listTopics", 1.2, {
        ours: () => kafka.metadata.describe("all", deadline()),
        theirs: () => admin.listTopics(),
      });
      yield await row(`describe ${topicCount} topics of ${partitionCount} partitions with their settings`, "kafkajs admin", 1.2, {
        ours: () => describeOurs(kafka, topics),
        theirs: () => describeTheirs(admin, topics),
      });
      yield await row(`lag of ${groupCount} groups over ${groupPartitionCount} partitions`, "kafkajs admin, a group at a time", 0.5, {
        ours: () => groupLags(kafka, groups, deadline()),
        theirs: () => lagTheirs(admin, groups, wide),
      });
    } finally {
      await dropGroups(kafka, groups);
      await dropTopics(kafka, [...topics, wide]);
      await admin.disconnect();
      await kafka.close();
    }
  },
};

async function describeOurs(kafka: Kafka, topics: readonly string[]): Promise<void> {
  const resources = topics.map((name) => ({ kind: "topic" as const, name }));
  await Promise.all([kafka.metadata.describe(topics, deadline()), describeConfigs(kafka, resources, deadline(), { synonyms: false })]);
}

async function describeTheirs(admin: Admin, topics: readonly string[]): Promise<void> {
  const topicType = 2;
  await admin.fetchTopicMetadata({ topics: [...topics] });
  await admin.describeConfigs({ includeSynonyms: false, resources: topics.map((name) => ({ type: topicType, name })) });
}

async function lagTheirs(admin: Admin, groups: readonly string[], topic: string): Promise<void> {
  await admin.fetchTopicOffsets(topic);
  await admin.describeGroups([...groups]);
  for (const groupId of groups) await admin.fetchOffsets({ groupId, topics: [topic] });
}

/** Medians in milliseconds, turn and turn about. */
async function row(
  what: string,
  against: string,
  ratioMax: number,
  { ours, theirs }: { readonly ours: () => Promise<unknown>; readonly theirs: () => Promise<unknown> },
): Promise<BenchRow> {
  const times: { readonly ours: number[]; readonly theirs: number[] } = { ours: [], theirs: [] };
  for (let repeat = 0; repeat <= repeats; repeat++) {
    const [our, their] = [await msOf(ours), await msOf(theirs)];
    // The first round opens connections and warms both up.
    if (repeat === 0) continue;
    times.ours.push(our);
    times.theirs.push(their);
  }
  const [our, their] = [median(times.ours), median(times.theirs)];
  const ratio = our / their;
  return { what, ours: our, theirs: their, unit: "ms", against, ratio, budget: `at most ${ratioMax}`, withinBudget: ratio <= ratioMax };
}

async function msOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

const median = (values: readonly number[]): number => [...values].sort((one, other) => one - other)[Math.trunc(values.length / 2)] ?? 0;
