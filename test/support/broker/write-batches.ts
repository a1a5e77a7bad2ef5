/** Writes batches exactly as a test wants them in a partition: one Produce request per batch, none merged. */
import { assertTimeLeft, createDeadline, type Deadline } from "../../../lib/deadline.js";
import { encodeRecordBatch, withoutProducerId } from "../../../lib/kafka/codec/record-batch-encoder.js";
import type { Kafka } from "../../../lib/kafka/kafka.js";
import { array, bytes, defineApi, int16, int32, int64, nullableString, string, struct } from "../../../lib/kafka/protocol/wire.js";
import type { OutgoingRecord } from "../../../lib/kafka/records.js";

const produceApi = defineApi({
  name: "Produce",
  key: 0,
  versions: [3, 4],
  request: struct({
    transactionalId: nullableString,
    acks: int16,
    timeoutMs: int32,
    topics: array(struct({ name: string, partitions: array(struct({ partition: int32, records: bytes })) })),
  }),
  answer: struct({
    topics: array(
      struct({ name: string, partitions: array(struct({ partition: int32, errorCode: int16, baseOffset: int64, appendTime: int64 })) }),
    ),
    throttleMs: int32,
  }),
});

type RecordFields = Partial<OutgoingRecord> | string;

const toRecord = (fields: RecordFields): OutgoingRecord =>
  typeof fields === "string" ? { key: null, value: Buffer.from(fields), headers: [] } : { key: null, value: null, headers: [], ...fields };

/** One batch; answers the offset of its first record. A partition that has just been made is waited for. */
export async function writeBatch(
  kafka: Kafka,
  topic: string,
  partition: number,
  records: readonly RecordFields[],
  options: { readonly compression?: "gzip" } = {},
): Promise<bigint> {
  const batch = encodeRecordBatch(records.map(toRecord), { ...withoutProducerId, nowMs: Date.now(), ...options });
  return sendBatch(kafka, topic, partition, batch);
}

/** A batch as its bytes are; answers the offset of its first record. */
export async function sendBatch(kafka: Kafka, topic: string, partition: number, batch: Buffer): Promise<bigint> {
  const deadline = createDeadline(15_000);
  for (;;) {
    const leader = (await kafka.metadata.topic(topic, deadline)).partitions.find((one) => one.partition === partition)?.leader;
    const answer = typeof leader === "number" ? await produce(kafka, leader, topic, partition, batch, deadline) : undefined;
    if (answer?.errorCode === 0) return answer.baseOffset;
    if (answer !== undefined && !isNotYetLeader(answer.errorCode)) throw new Error(`The batch was not written: error ${answer.errorCode}.`);
    assertTimeLeft(deadline, `write to partition ${partition} of ${topic}`);
    kafka.metadata.forget(topic);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const isNotYetLeader = (errorCode: number): boolean => [3, 5, 6].includes(errorCode);

async function produce(kafka: Kafka, nodeId: number, topic: string, partition: number, records: Buffer, deadline: Deadline) {
  const topics = [{ name: topic, partitions: [{ partition, records }] }];
  const answer = await kafka.connection.request(
    produceApi,
    { transactionalId: null, acks: -1, timeoutMs: 10_000, topics },
    { nodeId },
    deadline,
  );
  return answer.topics[0]?.partitions[0];
}
