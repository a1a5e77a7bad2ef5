/** What the producer does about answers that brokers seldom give, against a connection that answers from a script and keeps what it was sent. */
import { expect, test } from "vitest";
import { createDeadline } from "../../../lib/deadline.js";
import { RelayError } from "../../../lib/errors.js";
import type { Api, Connection } from "../../../lib/kafka/connection.js";
import type { Metadata, TopicMetadata } from "../../../lib/kafka/metadata.js";
import { createProducer } from "../../../lib/kafka/produce/producer.js";
import { initProducerIdApi, type PartitionAnswer, type ProduceRequest, produceApi } from "../../../lib/kafka/protocol/produce.js";
import type { OutgoingRecord, TopicName } from "../../../lib/kafka/records.js";

const topic = "orders" as TopicName;
const described: TopicMetadata = {
  name: topic,
  isInternal: false,
  partitions: [{ partition: 0, leader: 1, replicas: [1], isr: [1], offlineReplicas: [] }],
};
const lost = new RelayError("maybe-written", "The connection was lost.");
const unreachable = new RelayError("kafka-unreachable", "Nobody is there.");

/** A code, a failure of the connection, or records refused one by one. */
type Step = number | RelayError | { readonly code: number; readonly refused: readonly number[] };

interface SentBatch {
  readonly producerId: bigint;
  readonly epoch: number;
  readonly sequence: number;
  readonly records: number;
  readonly bytes: string;
}

/** After the steps, every request has the answer `always`, until `recover` is called; then every request succeeds. */
function scripted(steps: readonly Step[], { maxMessageBytes = 1_000, firstEpoch = 0, always = 0 as Step } = {}) {
  const left = [...steps];
  let isRecovered = false;
  const batches: SentBatch[] = [];
  let ids = 100n;
  let offset = 0n;

  const answerProduce = (body: Buffer): object => {
    const batch = body.subarray(12 + 2 + topic.length + 4 + 8);
    const sent = {
      producerId: batch.readBigInt64BE(43),
      epoch: batch.readInt16BE(51),
      sequence: batch.readInt32BE(53),
      records: batch.readInt32BE(57),
      bytes: batch.toString("base64"),
    };
    batches.push(sent);
    const step = left.shift() ?? (isRecovered ? 0 : always);
    if (step instanceof RelayError) throw step;
    const { code, refused } = typeof step === "number" ? { code: step, refused: [] } : step;
    const answer: PartitionAnswer = {
      partition: 0,
      errorCode: code,
      baseOffset: code === 0 ? offset : -1n,
      logAppendTimeMs: -1n,
      logStartOffset: 0n,
      recordErrors: refused.map((index) => ({ index, message: null })),
      errorMessage: null,
    };
    if (code === 0) offset += BigInt(sent.records);
    return { topics: [{ name: topic, partitions: [answer] }], throttleMs: 0 };
  };

  const request = async (api: Api<never, unknown>, args: never): Promise<unknown> => {
    if (api.key === produceApi.key) return answerProduce(await produceApi.encode(8, args as ProduceRequest));
    if (api.key === initProducerIdApi.key) return { throttleMs: 0, errorCode: 0, producerId: ids++, producerEpoch: firstEpoch };
    return { resources: [{ errorCode: 0, configs: [{ name: "max.message.bytes", value: String(maxMessageBytes) }] }] };
  };
  const connection = { request, versionOf: async () => 8, close: async () => {} } as unknown as Connection;
  const metadata: Metadata = {
    describe: () => Promise.reject(new Error("nobody asks")),
    topic: async () => ({ ...described }),
    forget: () => {},
  };
  const producer = createProducer({ connection, metadata }, { idempotence: true, compression: "none", ackTimeoutMs: 1_000 });
  const produce = async (count: number, timeoutMs = 2_000) => {
    const records = Array.from(
      { length: count },
      (_, index): OutgoingRecord => ({ key: null, value: Buffer.from(`${index}`), headers: [] }),
    );
    const outcomes = await producer.produce(topic, records, createDeadline(timeoutMs));
    return outcomes.map((one) => (one.outcome === "written" ? Number(one.offset) : one.error.code));
  };
  const recover = () => {
    isRecovered = true;
  };
  return { produce, batches, recover };
}

const sequences = (batches: readonly SentBatch[]) =>
  batches.map(({ producerId, sequence, records }) => [Number(producerId), sequence, records]);

test("the sequence moves on by what was acknowledged", async () => {
  const { produce, batches } = scripted([]);

  expect([await produce(3), await produce(1), await produce(2)]).toEqual([[0, 1, 2], [3], [4, 5]]);
  expect(sequences(batches)).toEqual([
    [100, 0, 3],
    [100, 3, 1],
    [100, 4, 2],
  ]);
});

test("calls that arrive together share one batch", async () => {
  const { produce, batches } = scripted([]);
  await produce(1); // the topic and the producer id are known now

  expect(await Promise.all([produce(2), produce(1), produce(3)])).toEqual([[1, 2], [3], [4, 5, 6]]);

  expect(sequences(batches)).toEqual([
    [100, 0, 1],
    [100, 1, 6],
  ]);
});

test.each([
  ["a lost connection", lost],
  ["no leader", 6],
  ["a time-out", 7],
  ["too few replicas after the append", 20],
  ["a failed disk", 56],
])("after %s the same bytes go again, and nothing else before them", async (_, step) => {
  const { produce, batches } = scripted([step, step]);

  const earlier = produce(2);
  await expect.poll(() => batches.length).toBeGreaterThan(0);
  const [first, second] = await Promise.all([earlier, produce(1)]);

  expect([first, second]).toEqual([[0, 1], [2]]);
  expect(new Set(batches.slice(0, 3).map(({ bytes }) => bytes)).size).toBe(1);
  expect(sequences(batches).at(-1)).toEqual([100, 2, 1]);
});

test("a batch that was refused leaves the sequence to the next one", async () => {
  const { produce, batches } = scripted([29]);

  await expect(produce(2)).rejects.toMatchObject({ code: "kafka-forbidden" });
  expect(await produce(1)).toEqual([0]);
  expect(sequences(batches)).toEqual([
    [100, 0, 2],
    [100, 0, 1],
  ]);
});

test("records that are refused one by one leave the batch, and the others go under the same sequence", async () => {
  const { produce, batches } = scripted([{ code: 87, refused: [0, 2] }]);

  expect(await produce(4)).toEqual(["record-refused", 0, "record-refused", 1]);
  expect(sequences(batches)).toEqual([
    [100, 0, 4],
    [100, 0, 2],
  ]);
});

test("where a broker does not say which record it refuses, it is found by halves", async () => {
  const { produce, batches } = scripted([87, 0, 87, 87, 0]);

  expect(await produce(4)).toEqual([0, 1, "record-refused", 2]);
  expect(batches.map(({ records }) => records)).toEqual([4, 2, 2, 1, 1]);
});

test.each([45, 59])("code %i on a first attempt: another producer id, and the sequence starts over", async (code) => {
  const { produce, batches } = scripted([0, code]);
  await produce(2);

  expect(await produce(1)).toEqual([2]);
  expect(sequences(batches)).toEqual([
    [100, 0, 2],
    [100, 2, 1],
    [101, 0, 1],
  ]);
});

test("an order that stays wrong on a repeat is reported as maybe written, and the partition goes on under the next epoch", async () => {
  const { produce, batches } = scripted([lost, 45, 45, 45]);

  expect(await produce(1)).toEqual(["maybe-written"]);
  expect(await produce(1)).toEqual([0]);
  expect(new Set(batches.slice(0, 4).map(({ bytes }) => bytes)).size).toBe(1);
  expect(batches.at(-1)).toMatchObject({ producerId: 100n, epoch: 1, sequence: 0, records: 1 });
});

test("a duplicate on a repeat is success", async () => {
  const { produce } = scripted([lost, 46]);

  expect(await produce(1)).toEqual([-1]);
});

test("a damaged batch is sent three times more, and then refused", async () => {
  const { produce, batches } = scripted([2, 2, 2, 2]);

  expect(await produce(1)).toEqual(["kafka-refused"]);
  expect(batches).toHaveLength(4);
  expect(new Set(sequences(batches).map(String)).size).toBe(1);
});

test("what nobody answered by the deadline may be written; the next batch has the next epoch", async () => {
  const { produce, batches, recover } = scripted([], { always: lost });

  expect(await produce(2, 300)).toEqual(["maybe-written", "maybe-written"]);
  const attempts = batches.length;
  recover();
  expect(await produce(1, 10_000)).toEqual([0]);
  expect(new Set(batches.slice(0, attempts).map(({ bytes }) => bytes)).size).toBe(1);
  expect(batches.at(-1)).toMatchObject({ producerId: 100n, epoch: 1, sequence: 0 });
});

test("after the last epoch comes another producer id, whose epochs start over", async () => {
  const { produce, batches } = scripted([-1], { firstEpoch: 32_766 });

  expect(await produce(1)).toEqual(["maybe-written"]);
  expect(await produce(1)).toEqual([0]);
  expect(batches.at(-1)).toMatchObject({ producerId: 101n, sequence: 0 });
});

test("what was never sent is not written, and its sequence stands", async () => {
  const { produce, batches, recover } = scripted([], { always: unreachable });

  await expect(produce(1, 300)).rejects.toMatchObject({ code: "kafka-unreachable", failure: { written: "no" } });
  recover();
  expect(await produce(1, 10_000)).toEqual([0]);
  expect(sequences(batches).at(-1)).toEqual([100, 0, 1]);
});

test("an unknown failure is maybe written, and reported at once", async () => {
  const { produce, batches } = scripted([-1]);

  expect(await produce(1)).toEqual(["maybe-written"]);
  expect(batches).toHaveLength(1);
  // Under the same sequence, the leader would take the next batch for this one, and answer that it is written.
  expect(await produce(1)).toEqual([0]);
  expect(batches.at(-1)).toMatchObject({ producerId: 100n, epoch: 1, sequence: 0 });
});
