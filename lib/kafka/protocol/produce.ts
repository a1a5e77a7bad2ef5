/** The messages of producing. A Produce request is written into one buffer, its batches in place. */
import type { Api } from "../connection.js";
import { type AnswerOf, array, defineApi, int16, int32, int64, nullableString, since, string, struct } from "./wire.js";
import { MessageReader } from "./wire-bytes.js";

/** A record batch that knows its size before it is written. */
export interface BatchBytes {
  readonly byteLength: number;
  readonly writeTo: (target: Buffer, at: number) => void;
}

export interface ProduceRequest {
  /** How long the leader waits for its replicas. */
  readonly timeoutMs: number;
  /** Each topic once, each partition once. */
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly { readonly partition: number; readonly batch: BatchBytes }[];
  }[];
}

const answer = struct({
  topics: array(
    struct({
      name: string,
      partitions: array(
        struct({
          partition: int32,
          errorCode: int16,
          baseOffset: int64,
          /** -1 where the topic keeps the time of creation. */
          logAppendTimeMs: int64,
          logStartOffset: since(5, int64, -1n),
          recordErrors: since(8, array(struct({ index: int32, message: nullableString })), []),
          errorMessage: since(8, nullableString, null),
        }),
      ),
    }),
  ),
  throttleMs: int32,
});

export type ProduceAnswer = AnswerOf<Api<ProduceRequest, ReturnType<typeof answer.read>>>;
export type PartitionAnswer = ProduceAnswer["topics"][number]["partitions"][number];

/** From version 8 refused records are reported one by one (KIP-467). Acknowledged by all in-sync replicas, always. */
export const produceApi: Api<ProduceRequest, ProduceAnswer> = {
  name: "Produce",
  key: 0,
  versions: [3, 8],
  encode: (_version, { timeoutMs, topics }) => {
    const body = Buffer.allocUnsafe(requestBytes(topics));
    body.writeInt16BE(-1, 0); // no transaction
    body.writeInt16BE(-1, 2); // acks: all
    body.writeInt32BE(timeoutMs, 4);
    body.writeInt32BE(topics.length, 8);
    let at = 12;
    for (const { name, partitions } of topics) {
      body.writeInt16BE(name.length, at); // the names of topics are ASCII
      body.write(name, at + 2, "latin1");
      at = body.writeInt32BE(partitions.length, at + 2 + name.length);
      for (const { partition, batch } of partitions) {
        body.writeInt32BE(partition, at);
        body.writeInt32BE(batch.byteLength, at + 4);
        batch.writeTo(body, at + 8);
        at += 8 + batch.byteLength;
      }
    }
    return body;
  },
  decode: (version, body) => answer.read(new MessageReader(version, false, body)),
};

function requestBytes(topics: ProduceRequest["topics"]): number {
  let bytes = 12;
  for (const { name, partitions } of topics) {
    bytes += 2 + name.length + 4;
    for (const { batch } of partitions) bytes += 8 + batch.byteLength;
  }
  return bytes;
}

export const initProducerIdApi = defineApi({
  name: "InitProducerId",
  key: 22,
  versions: [0, 1],
  request: struct({ transactionalId: nullableString, transactionTimeoutMs: int32 }),
  answer: struct({ throttleMs: int32, errorCode: int16, producerId: int64, producerEpoch: int16 }),
});
