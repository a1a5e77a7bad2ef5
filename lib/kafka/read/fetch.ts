/** The Fetch request as a client without a group sends it: committed records only, and the record sets left as they came. */
import type { Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import type { AbortedTransaction } from "../codec/record-set.js";
import type { Connection } from "../connection.js";
import { array, bytes, defineApi, int8, int16, int32, int64, since, string, struct } from "../protocol/wire.js";

/** Version 4 is the first that knows transactions (0.11), 10 the first that carries zstd; 11 needs no topic ids. */
const fetchApi = defineApi({
  name: "Fetch",
  key: 1,
  versions: [4, 11],
  request: struct({
    replicaId: int32,
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: int32,
    isolationLevel: int8,
    sessionId: since(7, int32, 0),
    sessionEpoch: since(7, int32, -1),
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            partition: int32,
            currentLeaderEpoch: since(9, int32, -1),
            fetchOffset: int64,
            logStartOffset: since(5, int64, -1n),
            maxBytes: int32,
          }),
        ),
      }),
    ),
    forgottenTopics: since(7, array(struct({ name: string, partitions: array(int32) })), []),
    rackId: since(11, string, ""),
  }),
  answer: struct({
    throttleMs: int32,
    errorCode: since(7, int16, 0),
    sessionId: since(7, int32, 0),
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            partition: int32,
            errorCode: int16,
            highWatermark: int64,
            lastStableOffset: int64,
            logStartOffset: since(5, int64, -1n),
            abortedTransactions: array(struct({ producerId: int64, firstOffset: int64 })),
            preferredReadReplica: since(11, int32, -1),
            records: bytes,
          }),
        ),
      }),
    ),
  }),
});

export interface FetchPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

export interface FetchLimits {
  /** The broker holds the request this long while there are fewer than `bytesMin` bytes; keep it below the connection's idle timeout. */
  readonly maxWaitMs: number;
  readonly bytesMin: number;
  /** Over all partitions. The first batch of the first partition that has one is given whatever its size. */
  readonly bytesMax: number;
  readonly partitionBytesMax: number;
}

/** One partition as the broker told it. Where `errorCode` is not 0, the offsets are -1 and the record set is empty. */
export interface RawPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: bigint;
  readonly lastStableOffset: bigint;
  /** -1 from brokers before 1.0. */
  readonly logStartOffset: bigint;
  readonly abortedTransactions: readonly AbortedTransaction[];
  /** For `walkRecordSet`: whole batches, the first of which may begin below the offset asked for. */
  readonly records: Buffer;
}

const consumerReplica = -1;
const readCommitted = 1;

/**
 * Asks one leader for record sets; one entry a partition asked for that the broker told of, each with its own error code. Partitions are filled in the order
 * given. Rejects as `Connection.request` does.
 */
export async function fetchRaw(
  connection: Connection,
  nodeId: number,
  positions: readonly FetchPosition[],
  { maxWaitMs, bytesMin, bytesMax, partitionBytesMax }: FetchLimits,
  deadline: Deadline,
): Promise<readonly RawPartition[]> {
  const byTopic = new Map<string, FetchPosition[]>();
  for (const position of positions) {
    const ofTopic = byTopic.get(position.topic);
    if (ofTopic === undefined) byTopic.set(position.topic, [position]);
    else ofTopic.push(position);
  }
  const topics = [...byTopic].map(([name, ofTopic]) => ({
    name,
    partitions: ofTopic.map(({ partition, offset }) => ({
      partition,
      currentLeaderEpoch: -1,
      fetchOffset: offset,
      logStartOffset: -1n,
      maxBytes: partitionBytesMax,
    })),
  }));
  const answer = await connection.request(
    fetchApi,
    {
      replicaId: consumerReplica,
      maxWaitMs,
      minBytes: bytesMin,
      maxBytes: bytesMax,
      isolationLevel: readCommitted,
      sessionId: 0,
      sessionEpoch: -1, // no session: what a client wants to know next time depends on its cursor alone
      topics,
      forgottenTopics: [],
      rackId: "",
    },
    { nodeId },
    deadline,
  );
  if (answer.errorCode !== 0) {
    throw new RelayError("kafka-refused", `Broker ${nodeId} refused to be read: error ${answer.errorCode}.`, {
      kafkaCode: answer.errorCode,
    });
  }
  return answer.topics.flatMap(({ name, partitions }) => partitions.map((one) => ({ topic: name, ...one })));
}
