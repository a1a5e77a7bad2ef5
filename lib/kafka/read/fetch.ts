/** The Fetch request as a client without a group sends it: committed records only, and the record sets left as they came. */
import type { Deadline } from "../../deadline.js";
import type { AbortedTransaction } from "../codec/record-set.js";
import type { Connection, Destination } from "../connection.js";
import { groupBy } from "../grouping.js";
import { toKafkaError } from "../protocol/kafka-error.js";
import { noTopicId } from "../protocol/metadata.js";
import { array, bytes, defineApi, int8, int16, int32, int64, inVersions, since, string, struct, tagged, uuid } from "../protocol/wire.js";

const noTopics = array(struct({ name: inVersions(7, 12, string, ""), topicId: since(13, uuid, noTopicId), partitions: array(int32) }));

/** Where the log that was read last ends for this broker: everything from there on was replaced (KIP-595). */
const divergingEpoch = struct({ epoch: int32, endOffset: int64 });

const request = struct({
  replicaId: int32,
  maxWaitMs: int32,
  minBytes: int32,
  maxBytes: int32,
  isolationLevel: int8,
  sessionId: since(7, int32, 0),
  sessionEpoch: since(7, int32, -1),
  topics: array(
    struct({
      name: inVersions(4, 12, string, ""),
      topicId: since(13, uuid, noTopicId),
      partitions: array(
        struct({
          partition: int32,
          currentLeaderEpoch: since(9, int32, -1),
          fetchOffset: int64,
          lastFetchedEpoch: since(12, int32, -1),
          logStartOffset: since(5, int64, -1n),
          maxBytes: int32,
        }),
      ),
    }),
  ),
  forgottenTopics: since(7, noTopics, []),
  rackId: since(11, string, ""),
});
const answer = struct({
  throttleMs: int32,
  errorCode: since(7, int16, 0),
  sessionId: since(7, int32, 0),
  topics: array(
    struct({
      name: inVersions(4, 12, string, ""),
      topicId: since(13, uuid, noTopicId),
      partitions: array(
        struct(
          {
            partition: int32,
            errorCode: int16,
            highWatermark: int64,
            lastStableOffset: int64,
            logStartOffset: since(5, int64, -1n),
            abortedTransactions: array(struct({ producerId: int64, firstOffset: int64 })),
            preferredReadReplica: since(11, int32, -1),
            records: bytes,
          },
          { diverging: tagged(0, divergingEpoch, null) },
        ),
      ),
    }),
  ),
});

/** Version 4 is the first that knows transactions (0.11), 10 the first that carries zstd, 12 the first that notices a replaced log. */
const fetchApi = defineApi({ name: "Fetch", key: 1, versions: [4, 12], flexibleFrom: 12, request, answer });
/** A topic's id is never given to another topic, so an answer by id is of the topic that was meant (KIP-516; Kafka 3.1). */
const fetchByIdApi = defineApi({ name: "Fetch", key: 1, versions: [13, 13], flexibleFrom: 12, request, answer });

export interface FetchPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** Which topic of that name is meant; the broker checks it from Kafka 3.1 on. */
  readonly topicId?: string | undefined;
  /** Of the leader that is asked: one that was replaced without knowing it does not answer. */
  readonly leaderEpoch?: number | undefined;
  /** Of the last record before `offset`: a leader whose log differs there says so, from Kafka 2.7 on. */
  readonly lastEpoch?: number | undefined;
}

export interface FetchLimits {
  /** The broker holds the request this long while there are fewer than `bytesMin` bytes; keep it below the connection's idle timeout. */
  readonly maxWaitMs: number;
  readonly bytesMin: number;
  /** Over all partitions. The first batch of the first partition that has one is given whatever its size. */
  readonly bytesMax: number;
  readonly partitionBytesMax: number;
}

/** One partition as the broker reports it. Where `errorCode` is not 0, the offsets are -1 and the record set is empty. */
export interface RawPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: bigint;
  readonly lastStableOffset: bigint;
  /** -1 from brokers before 1.0. */
  readonly logStartOffset: bigint;
  readonly abortedTransactions: readonly AbortedTransaction[];
  /** Not null: the records from `endOffset` on that were read before are not this leader's; the last it has in common is of `epoch`. No records come with it. */
  readonly diverging: { readonly epoch: number; readonly endOffset: bigint } | null;
  /** For `walkRecordSet`: whole batches, the first of which may begin below the offset asked for. */
  readonly records: Buffer;
}

const consumerReplica = -1;
const readCommitted = 1;

/**
 * Asks one leader for record sets; one entry per partition asked for that the broker answered, each with its own error code. Partitions are filled in the order
 * given. Rejects as `Connection.request` does.
 */
export async function fetchRaw(
  connection: Connection,
  nodeId: number,
  positions: readonly FetchPosition[],
  { maxWaitMs, bytesMin, bytesMax, partitionBytesMax }: FetchLimits,
  deadline: Deadline,
): Promise<readonly RawPartition[]> {
  const nameOf = new Map(positions.map(({ topic, topicId }) => [topicId, topic]));
  const topics = [...groupBy(positions, ({ topic }) => topic)].map(([name, ofTopic]) => ({
    name,
    topicId: ofTopic[0]?.topicId ?? noTopicId,
    partitions: ofTopic.map(({ partition, offset, leaderEpoch, lastEpoch }) => ({
      partition,
      currentLeaderEpoch: leaderEpoch ?? -1,
      fetchOffset: offset,
      lastFetchedEpoch: lastEpoch ?? -1,
      logStartOffset: -1n,
      maxBytes: partitionBytesMax,
    })),
  }));
  const isById = positions.every(({ topicId }) => topicId !== undefined) && (await isFetchedById(connection, { nodeId }, deadline));
  const answer = await connection.request(
    isById ? fetchByIdApi : fetchApi,
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
    throw toKafkaError(answer.errorCode, `Reading from broker ${nodeId}`);
  }
  return answer.topics.flatMap(({ name, topicId, partitions }) =>
    partitions.map((one) => ({ topic: isById ? (nameOf.get(topicId) ?? "") : name, ...one })),
  );
}

/** Does this broker hold a reader to the topic's id? Where it does not, a topic of the same name is read for another until metadata says otherwise. */
export async function isFetchedById(connection: Connection, to: Destination, deadline: Deadline): Promise<boolean> {
  return (await connection.versionOf(fetchByIdApi, to, deadline)) !== undefined;
}
