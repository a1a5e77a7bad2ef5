/** Keeps the lanes of one assignment filled: a poll for the partitions of each leader that have room, decoded straight into the event's records. */
import { createDeadline } from "../../../../lib/deadline.js";
import { RelayError, toRelayError } from "../../../../lib/errors.js";
import { forEachEpoch } from "../../../../lib/kafka/codec/leader-epochs.js";
import { walkRecordSet } from "../../../../lib/kafka/codec/record-set.js";
import type { RecordView } from "../../../../lib/kafka/codec/record-view.js";
import { listOffsets } from "../../../../lib/kafka/list-offsets.js";
import { partitionNotFound, type TopicMetadata } from "../../../../lib/kafka/metadata.js";
import type { Kafka } from "../../../../lib/kafka/port.js";
import { isKafkaError, kafkaErrors, toLeaderError } from "../../../../lib/kafka/protocol/error-codes.js";
import { fetchRaw, isFetchedById, type RawPartition } from "../../../../lib/kafka/read/fetch.js";
import { createPollConnections } from "../../../../lib/kafka/read/poll-connections.js";
import { payloadBytesOf } from "../../../../lib/kafka-event/write.js";
import type { Mapping } from "../mapping.js";
import type { Lane } from "./lane.js";
import { compact, Rows } from "./rows.js";

export interface FetcherOptions {
  readonly kafka: Kafka;
  readonly mapping: Mapping;
  readonly lanes: ReadonlyMap<number, Lane>;
  readonly isCurrent: () => boolean;
  /** Records have come, or were filtered out: look whether a batch is due. */
  readonly onRecords: (lane: Lane, counts: { readonly polled: number; readonly filteredOut: number }) => void;
  /** One partition cannot be read: it waits, and the others go on. */
  readonly onFailed: (lane: Lane, error: RelayError) => void;
  /** It can be read again. */
  readonly onHealed: (lane: Lane) => void;
  /** The topic was deleted and created again; the lane is at the first record of the new one. */
  readonly onRecreated: (lane: Lane) => void;
  readonly warn: (line: string) => void;
}

export interface Fetcher {
  /** Starts polls for lanes that have room and are not being polled. */
  readonly poll: () => void;
  readonly close: () => void;
}

interface Fetched {
  readonly rows: readonly Rows[];
  readonly polled: number;
  readonly filteredOut: number;
  readonly nextOffset: number;
  /** Of the batch that comes next. */
  readonly error?: RelayError;
}

/** The broker holds a poll so long while there is nothing new. */
const holdMs = 500;
const answerTimeoutMs = 30_000;
/** A lane is filled up to this: one payload with the handler, one that is ready. */
const laneBytesMax = 8_000_000;
const laneCountMax = 20_000;
/** Above it only partitions without a waiting record are polled, so that many that wait do not add up and none is left out. */
const waitingBytesMax = 96_000_000;
const fetchBytesMax = 16_000_000;
const partitionBytesMax = 4_000_000;

/** Brokers that are read by name alone answer for any topic of the name, so metadata must not be older. */
const topicAgeMaxMs = 1_000;

const leaderNotAvailableCode = kafkaErrors.LEADER_NOT_AVAILABLE.code;

export function createFetcher(options: FetcherOptions): Fetcher {
  const { kafka, mapping, lanes, onRecords } = options;
  const { topic } = mapping;
  const polls = createPollConnections(kafka.openConnection);
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;

  const hasRoom = (lane: Lane, waitingBytes: number) =>
    !lane.isFetching && lane.bytes < laneBytesMax && lane.count < laneCountMax && (waitingBytes < waitingBytesMax || lane.count === 0);

  function poll(): void {
    if (isClosed || !options.isCurrent()) return;
    const nowMs = Date.now();
    const all = [...lanes.values()];
    const waitingBytes = all.reduce((sum, lane) => sum + lane.bytes, 0);
    const ready = all.filter((lane) => hasRoom(lane, waitingBytes));
    const due = ready.filter((lane) => lane.pausedUntilMs <= nowMs);
    const paused = ready.filter((lane) => lane.pausedUntilMs > nowMs);
    if (paused.length > 0) later(Math.min(...paused.map((lane) => lane.pausedUntilMs)) - nowMs);
    if (due.length === 0) return;
    for (const lane of due) lane.isFetching = true;
    void fetchAll(due);
  }

  function later(ms: number): void {
    clearTimeout(timer);
    timer = setTimeout(poll, Math.max(1, ms));
  }

  async function fetchAll(due: readonly Lane[]): Promise<void> {
    try {
      const described = await describe();
      const byLeader = new Map<number, Lane[]>();
      for (const lane of due) {
        const known = described.partitions.find(({ partition }) => partition === lane.partition);
        const leader = known?.leader ?? undefined;
        if (leader === undefined) {
          const { partition } = lane;
          const missing = partitionNotFound(topic, partition, described.partitions.length);
          failed([lane], known === undefined ? missing : toLeaderError(leaderNotAvailableCode, topic, partition));
          continue;
        }
        if (!(await isAtTopic(lane, described))) continue;
        const lanesOfLeader = byLeader.get(leader) ?? [];
        lanesOfLeader.push(lane);
        byLeader.set(leader, lanesOfLeader);
      }
      for (const [leader, lanesOfLeader] of byLeader) void fetchFrom(leader, lanesOfLeader, described);
    } catch (thrown) {
      failed(due, toRelayError(thrown));
    }
    poll();
  }

  async function describe(): Promise<TopicMetadata> {
    const deadline = createDeadline(answerTimeoutMs);
    const isChecked = await isFetchedById(kafka.connection, "any", deadline);
    return kafka.metadata.topic(topic, deadline, isChecked ? {} : { ageMaxMs: topicAgeMaxMs });
  }

  /** False: the topic is another one of the same name, and where it begins could not be asked. */
  async function isAtTopic(lane: Lane, { topicId }: TopicMetadata): Promise<boolean> {
    if (topicId === undefined || lane.topicId === undefined || topicId === lane.topicId) {
      lane.topicId ??= topicId;
      return true;
    }
    try {
      lane.startOver(topicId, await firstOffset(lane.partition));
      options.onRecreated(lane);
      return true;
    } catch (thrown) {
      failed([lane], toRelayError(thrown));
      return false;
    }
  }

  async function fetchFrom(leader: number, asked: readonly Lane[], { partitions }: TopicMetadata): Promise<void> {
    try {
      const positions = asked.map(({ partition, fetchOffset, topicId, epochs }) => ({
        topic,
        topicId,
        partition,
        offset: BigInt(fetchOffset),
        leaderEpoch: partitions.find((one) => one.partition === partition)?.leaderEpoch,
        lastEpoch: epochs.before(fetchOffset),
      }));
      const limits = { maxWaitMs: holdMs, bytesMin: 1, bytesMax: fetchBytesMax, partitionBytesMax };
      const answers = await polls.use((connection) => fetchRaw(connection, leader, positions, limits, createDeadline(answerTimeoutMs)));
      if (isClosed || !options.isCurrent()) return;
      for (const lane of asked) {
        const answer = answers.find(({ partition }) => partition === lane.partition);
        const offset = positions.find(({ partition }) => partition === lane.partition)?.offset;
        // A lane that was set back meanwhile has no use for what lies behind.
        if (offset === BigInt(lane.fetchOffset)) await takeOrFail(lane, answer);
        lane.isFetching = false;
      }
    } catch (thrown) {
      failed(asked, toRelayError(thrown));
    }
    poll();
  }

  /** What is wrong with one partition stops no other. */
  async function takeOrFail(lane: Lane, answer: RawPartition | undefined): Promise<void> {
    try {
      await take(lane, answer ?? { errorCode: leaderNotAvailableCode });
      if (lane.failure === undefined) return;
      lane.failure = undefined;
      options.onHealed(lane);
    } catch (thrown) {
      failed([lane], toRelayError(thrown));
    }
  }

  async function take(lane: Lane, answer: RawPartition | { readonly errorCode: number }): Promise<void> {
    if (isKafkaError(answer.errorCode, "OFFSET_OUT_OF_RANGE")) return reposition(lane);
    if (answer.errorCode !== 0 || !("records" in answer)) throw toLeaderError(answer.errorCode, topic, lane.partition);
    if (answer.diverging !== null) return goBack(lane, Number(answer.diverging.endOffset), answer.diverging.epoch);
    lane.highWatermark = Number(answer.lastStableOffset < 0n ? answer.highWatermark : answer.lastStableOffset);
    if (answer.records.length === 0) return;
    const fromOffset = lane.fetchOffset;
    const fetched = await read(lane.partition, fromOffset, answer);
    // Set back while it was decompressed: what was read is fetched again from there.
    if (lane.fetchOffset !== fromOffset) return;
    const nowMs = Date.now();
    forEachEpoch(answer.records, (baseOffset, epoch) => lane.epochs.note(baseOffset, epoch));
    for (const rows of fetched.rows) lane.add(compact(rows), nowMs);
    lane.fetchOffset = fetched.nextOffset;
    onRecords(lane, fetched);
    if (fetched.error !== undefined) throw fetched.error;
  }

  /** The records of an answer that pass the filter. What comes before an unreadable batch is read all the same. */
  async function read(partition: number, fromOffset: number, { records: bytes, abortedTransactions }: RawPartition): Promise<Fetched> {
    const found: Rows[] = [];
    let rows: Rows | undefined;
    let polled = 0;
    let filteredOut = 0;
    let nextOffset = fromOffset;
    const visit = (view: RecordView): boolean => {
      polled++;
      nextOffset = view.offset + 1;
      if (mapping.filter !== undefined && !mapping.filter(toFilterRecord(view, topic, partition))) {
        filteredOut++;
        return true;
      }
      if (rows === undefined || rows.bytes !== view.bytes || rows.timestampType !== view.timestampType) {
        rows = new Rows(topic, partition, view.bytes, view.timestampType);
        found.push(rows);
      }
      rows.add(view, payloadBytesOf(view, topic, partition));
      return true;
    };
    try {
      nextOffset = Number(await walkRecordSet({ topic, partition, bytes, fromOffset: BigInt(fromOffset), abortedTransactions }, visit));
      return { rows: found, polled, filteredOut, nextOffset };
    } catch (thrown) {
      return { rows: found, polled, filteredOut, nextOffset, error: toRelayError(thrown) };
    }
  }

  /** The offset is not kept any more (or the topic was made anew): go on at the first record there is. */
  async function reposition(lane: Lane): Promise<void> {
    const first = await firstOffset(lane.partition);
    options.warn(
      `partition ${lane.partition} of ${topic} does not hold offset ${lane.fetchOffset} any more; it goes on at ${first}, the first that is kept`,
    );
    lane.beginAt(first);
  }

  async function firstOffset(partition: number): Promise<number> {
    const [first] = await listOffsets(kafka, [{ topic, partition, at: "earliest" }], createDeadline(answerTimeoutMs));
    if (first === undefined || first.error !== undefined) throw first?.error ?? new RelayError("internal", "ListOffsets answered nothing.");
    return Number(first.offset);
  }

  /** After an unclean election the new leader has other records where some were read already: they are read from there on. */
  function goBack(lane: Lane, offset: number, epoch: number): void {
    const { fetchOffset } = lane;
    lane.goBack(offset, epoch);
    options.warn(
      `partition ${lane.partition} of ${topic} lost records in an unclean leader election: it was read up to offset ${fetchOffset}, and goes on at ${lane.fetchOffset} with what stands there now`,
    );
  }

  function failed(asked: readonly Lane[], error: RelayError): void {
    if (error.code !== "batch-unreadable") kafka.metadata.forget(topic);
    const nowMs = Date.now();
    for (const lane of asked) {
      lane.isFetching = false;
      lane.fail(error, nowMs);
      if (!isClosed && options.isCurrent()) options.onFailed(lane, error);
    }
  }

  return {
    poll,
    close: () => {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}

function toFilterRecord(view: RecordView, topic: string, partition: number) {
  const { bytes, keyAt, keyBytes, valueAt, valueBytes } = view;
  return {
    topic,
    partition,
    offset: view.offset,
    timestamp: view.timestampMs,
    timestampType: view.timestampType,
    get key() {
      return keyBytes < 0 ? null : bytes.subarray(keyAt, keyAt + keyBytes);
    },
    get value() {
      return valueBytes < 0 ? null : bytes.subarray(valueAt, valueAt + valueBytes);
    },
  };
}
