/** The producer while leaders move, brokers lag behind and batches fail in the middle of a call, against a scripted cluster of several brokers. */
import { expect, test } from "vitest";
import { createDeadline } from "../../../lib/deadline.js";
import { RelayError } from "../../../lib/errors.js";
import type { Api, Connection } from "../../../lib/kafka/connection.js";
import type { Metadata, TopicMetadata } from "../../../lib/kafka/metadata.js";
import { partitionOfKey } from "../../../lib/kafka/produce/partitioner.js";
import { createProducer } from "../../../lib/kafka/produce/producer.js";
import { initProducerIdApi, produceApi } from "../../../lib/kafka/protocol/produce.js";
import type { OutgoingRecord, TopicName } from "../../../lib/kafka/records.js";

const topic = "orders" as TopicName;
const lost = new RelayError("maybe-written", "The connection was lost.");
const missing = new RelayError("topic-not-found", "There is no topic orders.");
const never = () => new Promise<never>(() => {});

/** The leader of each partition. */
type Leaders = readonly (number | null)[];

interface Sent {
  readonly nodeId: number;
  readonly partition: number;
  readonly values: readonly string[];
}

/** An error code for a batch, a failure of the connection, or an answer that does not come. */
type Step = number | RelayError | Promise<never>;

interface Script {
  /** What Metadata says now: asked again for each description. */
  readonly describe: () => Leaders | TopicMetadata | RelayError;
  readonly answer: (sent: Sent) => Step;
}

const toTopic = (leaders: Leaders, own: { readonly topicId?: string; readonly leaderEpoch?: number } = {}): TopicMetadata => ({
  name: topic,
  ...(own.topicId === undefined ? {} : { topicId: own.topicId }),
  isInternal: false,
  partitions: leaders.map((leader, partition) => ({
    partition,
    leader,
    ...(own.leaderEpoch === undefined ? {} : { leaderEpoch: own.leaderEpoch }),
    replicas: [1, 2],
    isr: [1, 2],
    offlineReplicas: [],
  })),
});

function scripted({ describe, answer }: Script) {
  const sent: Sent[] = [];
  const written: Sent[] = [];
  const request = async (api: Api<never, unknown>, args: never, to: { readonly nodeId: number }): Promise<unknown> => {
    if (api.key === initProducerIdApi.key) return { throttleMs: 0, errorCode: 0, producerId: 7n, producerEpoch: 0 };
    if (api.key !== produceApi.key) throw new Error(`nobody asks for ${api.name}`);
    const { topics } = args as { topics: { partitions: { partition: number; batch: { records: OutgoingRecord[] } }[] }[] };
    const partitions = [];
    for (const { partition, batch } of topics.flatMap((one) => one.partitions)) {
      const one = { nodeId: to.nodeId, partition, values: batch.records.map(({ value }) => String(value).slice(0, 8).trim()) };
      sent.push(one);
      const step = await answer(one);
      if (step instanceof RelayError) throw step;
      if (step === 0) written.push(one);
      partitions.push({
        partition,
        errorCode: step,
        baseOffset: step === 0 ? 0n : -1n,
        logAppendTimeMs: -1n,
        logStartOffset: 0n,
        recordErrors: [],
        errorMessage: null,
      });
    }
    return { topics: [{ name: topic, partitions }], throttleMs: 0 };
  };
  let remembered: TopicMetadata | undefined;
  const metadata: Metadata = {
    describe: () => Promise.reject(new Error("nobody asks")),
    topic: async (_, __, options) => {
      if (remembered !== undefined && options?.ageMaxMs !== 0) return remembered;
      const described = describe();
      if (described instanceof RelayError) throw described;
      remembered = "name" in described ? described : toTopic(described);
      return remembered;
    },
    forget: () => {
      remembered = undefined;
    },
  };
  const connection = { request, versionOf: async () => 8, close: async () => {} } as unknown as Connection;
  const producer = createProducer({ connection, metadata }, { idempotence: true, compression: "none", ackTimeoutMs: 1_000 });
  const produce = async (records: readonly Partial<OutgoingRecord>[], timeoutMs = 3_000) => {
    const whole = records.map((one): OutgoingRecord => ({ key: null, value: null, headers: [], ...one }));
    const outcomes = await producer.produce(topic, whole, createDeadline(timeoutMs));
    return outcomes.map((one) => (one.outcome === "written" ? "written" : `${one.error.code}, written: ${one.error.failure.written}`));
  };
  return { produce, sent, written, metadata };
}

const one = (value: string, partition = 0): Partial<OutgoingRecord> => ({ value: Buffer.from(value), partition });
/** So large that each is a batch of its own. */
const large = (value: string): Partial<OutgoingRecord> => ({ value: Buffer.from(value.padEnd(600_000)), partition: 0 });
const valuesOf = (batches: readonly Sent[]) => batches.flatMap(({ values }) => values);

test("a partition whose leader moved goes to the new leader, though the old one answers nothing any more", async () => {
  let leaders: Leaders = [1, 1, 1];
  const { produce, sent, metadata } = scripted({ describe: () => leaders, answer: ({ nodeId }) => (nodeId === 1 ? never() : 0) });
  const hanging: Promise<unknown>[] = [];
  for (const partition of [0, 1]) {
    hanging.push(produce([one(`hangs ${partition}`, partition)], 1_000));
    await expect.poll(() => sent.length).toBe(partition + 1); // calls that arrive together would share a request
  }
  const waiting = produce([one("waits", 2)], 1_500);
  await new Promise(setImmediate); // in the queue of broker 1 by now
  leaders = [1, 1, 2];
  metadata.forget(topic);

  const other = produce([one("another", 0)], 1_000); // learns who leads now

  expect(await waiting).toEqual(["written"]);
  expect(sent.filter(({ partition }) => partition === 2)).toEqual([{ nodeId: 2, partition: 2, values: ["waits"] }]);
  await Promise.all([...hanging, other]);
});

test("an answer of a late broker that names a former leader is ignored, unless the topic is another one", async () => {
  const answers = [
    toTopic([1], { topicId: "a", leaderEpoch: 5 }),
    toTopic([2], { topicId: "a", leaderEpoch: 4 }),
    toTopic([3], { topicId: "b", leaderEpoch: 0 }),
    toTopic([4], { topicId: "b", leaderEpoch: 1 }),
  ];
  const { produce, sent, metadata } = scripted({ describe: () => answers.shift() ?? missing, answer: () => 0 });

  for (let call = 0; call < 4; call++) {
    await produce([one("a")]);
    metadata.forget(topic);
  }

  expect(sent.map(({ nodeId }) => nodeId)).toEqual([1, 1, 3, 4]);
});

test("where topics have no ids, epochs may start over with another topic, and every leader is believed", async () => {
  const answers = [toTopic([1], { leaderEpoch: 5 }), toTopic([2], { leaderEpoch: 0 })];
  const { produce, sent, metadata } = scripted({ describe: () => answers.shift() ?? missing, answer: () => 0 });
  await produce([one("a")]);
  metadata.forget(topic);

  await produce([one("b")]);

  expect(sent.map(({ nodeId }) => nodeId)).toEqual([1, 2]);
});

test("another topic of the same name is believed at once to have fewer partitions", async () => {
  const answers = [toTopic([1, 1], { topicId: "a" }), toTopic([1], { topicId: "b" })];
  const { produce, metadata } = scripted({ describe: () => answers.shift() ?? toTopic([1], { topicId: "b" }), answer: () => 0 });
  expect(await produce([one("a", 1)])).toEqual(["written"]);
  metadata.forget(topic);

  expect(await produce([one("b", 1), one("c", 0)])).toEqual(["partition-not-found, written: no", "written"]);
});

test("a batch in doubt is sent again, though one late broker knows fewer partitions", async () => {
  const answers: Leaders[] = [[1, 1], [1], [1, 1]];
  const steps: Step[] = [lost, 0];
  const { produce, written } = scripted({ describe: () => answers.shift() ?? [1, 1], answer: () => steps.shift() ?? 0 });

  expect(await produce([one("a", 1)])).toEqual(["written"]);
  expect(valuesOf(written)).toEqual(["a"]);
});

test("a batch in doubt may be written, also where every broker agrees that its partition or topic is gone", async () => {
  for (const gone of [[1] as Leaders, missing]) {
    const answers = [[1, 1] as Leaders];
    const { produce } = scripted({ describe: () => answers.shift() ?? gone, answer: () => lost });

    expect(await produce([one("a", 1)])).toEqual(["maybe-written, written: maybe"]);
  }
});

test("a batch that brokers only disowned is not written once the topic is gone", async () => {
  const answers = [[1, 1] as Leaders];
  const { produce } = scripted({ describe: () => answers.shift() ?? missing, answer: () => 3 });

  await expect(produce([one("a", 1)])).rejects.toMatchObject({ code: "topic-not-found", failure: { written: "no" } });
});

test("one late broker that knows fewer partitions moves no key to another partition", async () => {
  const keys = Array.from({ length: 100 }, (_, index) => Buffer.from(`key ${index}`));
  const key = keys.find((each) => partitionOfKey(each, 4) === 3) ?? null;
  const answers: Leaders[] = [
    [1, 1, 1, 1],
    [1, 1],
  ];
  const { produce, sent, metadata } = scripted({ describe: () => answers.shift() ?? [1, 1, 1, 1], answer: () => 0 });
  await produce([{ key }]);
  metadata.forget(topic);

  await produce([{ key }]);
  await produce([{ key }]);

  expect(sent.map(({ partition }) => partition)).toEqual([3, 3, 3]);
});

test("one late broker that does not know a topic fails no call for it", async () => {
  const answers = [[1] as Leaders, missing];
  const { produce, metadata, written } = scripted({ describe: () => answers.shift() ?? [1], answer: () => 0 });
  expect(await produce([one("a")])).toEqual(["written"]);
  metadata.forget(topic);

  expect(await produce([one("b")])).toEqual(["written"]);
  expect(valuesOf(written)).toEqual(["a", "b"]);
});

test("a topic that is gone fails its calls, at once after the first", async () => {
  const answers = [[1] as Leaders];
  let isGone = false;
  const { produce, metadata, sent } = scripted({ describe: () => answers.shift() ?? missing, answer: () => (isGone ? 3 : 0) });
  await produce([one("a")]);
  metadata.forget(topic);
  isGone = true;

  for (let call = 0; call < 2; call++) await expect(produce([one("b")])).rejects.toMatchObject({ code: "topic-not-found" });

  const attempts = sent.length;
  await expect(produce([one("c")])).rejects.toMatchObject({ code: "topic-not-found" });
  expect(sent).toHaveLength(attempts);
});

test("a topic that has fewer partitions for good is believed, and its records go to those it has", async () => {
  const answers: Leaders[] = [[1, 1, 1, 1]];
  const { produce } = scripted({ describe: () => answers.shift() ?? [1, 1], answer: ({ partition }) => (partition < 2 ? 0 : 3) });

  expect(await produce([one("a", 3)])).toEqual(["partition-not-found, written: no"]);
  expect(await produce([one("b", 3), one("c", 1)])).toEqual(["partition-not-found, written: no", "written"]);
});

const notSent = (code: string) => `${code}, written: no`;

test.each<readonly [string, Step[], string, string]>([
  ["an unknown failure", [-1], "maybe-written, written: maybe", notSent("kafka-retriable")],
  ["a throttle that outlasts the deadline", [new RelayError("too-many-requests", "Wait.")], "too-many-requests", "too-many-requests"],
  ["damage on the way, four times", [2, 2, 2, 2], notSent("kafka-refused"), notSent("kafka-refused")],
  ["a missing permission", [29], "kafka-forbidden", "kafka-forbidden"],
])("after %s, nothing behind that batch of the call is sent", async (_, steps, first, behind) => {
  const { produce, written, sent } = scripted({ describe: () => [1], answer: () => steps.shift() ?? 0 });
  const attempts = steps.length;

  const outcomes = await produce([large("r0"), large("r1"), large("r2"), large("r3")]).catch(({ code }) => [code, code, code, code]);

  expect(outcomes).toEqual([first, behind, behind, behind]);
  expect(written).toEqual([]);
  expect(sent).toHaveLength(attempts);
});

test("another call's records go on behind a batch that failed", async () => {
  const steps: Step[] = [-1];
  const { produce, written } = scripted({ describe: () => [1], answer: () => steps.shift() ?? 0 });

  const calls = await Promise.all([produce([large("a0"), large("a1")]), produce([large("b0"), large("b1")])]);

  expect(calls[1]).toEqual(["written", "written"]);
  expect(valuesOf(written)).toEqual(["b0", "b1"]);
});

test("a record that fails for its own sake leaves a gap, and the ones behind it are written", async () => {
  const steps: Step[] = [0, 44];
  const { produce, written } = scripted({ describe: () => [1], answer: () => steps.shift() ?? 0 });

  expect(await produce([large("r0"), large("r1"), large("r2")])).toEqual(["written", "record-refused, written: no", "written"]);
  expect(valuesOf(written)).toEqual(["r0", "r2"]);
});

test("an unexpected failure is reported as maybe written", async () => {
  const { produce } = scripted({ describe: () => [1], answer: () => Promise.reject(new TypeError("a bug")) });

  expect(await produce([one("a")])).toEqual(["maybe-written, written: maybe"]);
});
