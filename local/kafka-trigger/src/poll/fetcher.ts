/** Fetches partitions of one leader: their records are decoded, filtered and put into their lanes as rows. One partition's failure stops no other. */
import { createDeadline } from "../../../../lib/deadline.js";
import { type RelayError, toRelayError } from "../../../../lib/errors.js";
import { forEachEpoch } from "../../../../lib/kafka/codec/leader-epochs.js";
import { walkRecordSet } from "../../../../lib/kafka/codec/record-set.js";
import type { RecordView } from "../../../../lib/kafka/codec/record-view.js";
import { noLeader } from "../../../../lib/kafka/grouping.js";
import type { TopicMetadata } from "../../../../lib/kafka/metadata.js";
import { isKafkaError } from "../../../../lib/kafka/protocol/error-codes.js";
import { toLeaderError } from "../../../../lib/kafka/protocol/kafka-error.js";
import { type FetchPosition, fetchRaw, type RawPartition } from "../../../../lib/kafka/read/fetch.js";
import type { PollConnections } from "../../../../lib/kafka/read/poll-connections.js";
import { payloadBytesOf } from "../../../../lib/kafka-event/write.js";
import { toFilterRecord } from "../filter.js";
import type { Mapping } from "../mapping.js";
import { decodeRows } from "./decoded-rows.js";
import type { PartitionLane } from "./lane.js";
import type { LogChanges } from "./log-changes.js";
import { failureOf, fetchSetAside, idle } from "./reading.js";
import { compact, Rows } from "./rows.js";
import type { GivenUp } from "./settle.js";

export interface FetcherOptions {
  readonly mapping: Mapping;
  readonly connections: PollConnections;
  readonly logChanges: LogChanges;
  /** False: what arrives is for nobody any more. */
  readonly isWanted: () => boolean;
  /** Records have arrived, or were filtered out: look whether a batch is due. */
  readonly onRecords: (lane: PartitionLane, counts: FetchedCounts) => void;
  /** Records that a schema registry rules out go to the on-failure destination. */
  readonly giveUp: (given: GivenUp) => Promise<void>;
  readonly onFailed: (lane: PartitionLane, error: RelayError) => void;
  /** The partition can be read again. */
  readonly onRecovered: (lane: PartitionLane) => void;
}

interface FetchedCounts {
  readonly polled: number;
  readonly filteredOut: number;
}

interface Fetched extends FetchedCounts {
  readonly rows: readonly Rows[];
  readonly nextOffset: number;
  readonly givenUp: readonly GivenUp[];
  /** Why the batch at `nextOffset` cannot be read. */
  readonly error?: RelayError;
}

/** The broker holds a fetch for so long while there is nothing new. */
const limits = { maxWaitMs: 500, bytesMin: 1, bytesMax: 16_000_000, partitionBytesMax: 4_000_000 };
const answerTimeoutMs = 30_000;

/** Throws where the leader does not answer; what is wrong with one partition goes to `onFailed`. */
export async function fetchLanes(
  leader: number,
  lanes: readonly PartitionLane[],
  described: TopicMetadata,
  options: FetcherOptions,
): Promise<void> {
  const asked = lanes.map((lane) => ({ lane, position: toPosition(options.mapping.topic, lane, described) }));
  const positions = asked.map(({ position }) => position);
  const answers = await options.connections.use((connection) =>
    fetchRaw(connection, leader, positions, limits, createDeadline(answerTimeoutMs)),
  );
  if (!options.isWanted()) return;
  for (const { lane, position } of asked) {
    const answer = answers.find(({ partition }) => partition === lane.partition);
    // A lane that was repositioned meanwhile has no use for what follows the old place.
    if (position.offset === BigInt(lane.fetchOffset)) await takeOrFail(lane, answer, options);
    else lane.reading = fetchSetAside(lane.reading);
  }
}

function toPosition(
  topic: string,
  { partition, fetchOffset, topicId, epochs }: PartitionLane,
  { partitions }: TopicMetadata,
): FetchPosition {
  return {
    topic,
    topicId,
    partition,
    offset: BigInt(fetchOffset),
    leaderEpoch: partitions.find((one) => one.partition === partition)?.leaderEpoch,
    lastEpoch: epochs.before(fetchOffset),
  };
}

async function takeOrFail(lane: PartitionLane, answer: RawPartition | undefined, options: FetcherOptions): Promise<void> {
  try {
    if (answer === undefined) throw noLeader({ topic: options.mapping.topic, partition: lane.partition });
    await take(lane, answer, options);
    const wasFailing = failureOf(lane.reading) !== undefined;
    lane.reading = idle;
    if (wasFailing) options.onRecovered(lane);
  } catch (thrown) {
    options.onFailed(lane, toRelayError(thrown));
  }
}

async function take(lane: PartitionLane, answer: RawPartition, { mapping, logChanges, onRecords, giveUp }: FetcherOptions): Promise<void> {
  if (isKafkaError(answer.errorCode, "OFFSET_OUT_OF_RANGE")) return logChanges.skipToFirst(lane);
  if (answer.errorCode !== 0) throw toLeaderError(answer.errorCode, mapping.topic, lane.partition);
  if (answer.diverging !== null) return logChanges.goBack(lane, Number(answer.diverging.endOffset), answer.diverging.epoch);
  lane.highWatermark = Number(answer.lastStableOffset < 0n ? answer.highWatermark : answer.lastStableOffset);
  if (answer.records.length === 0) return;
  const fromOffset = lane.fetchOffset;
  const fetched = await decode(mapping, fromOffset, answer);
  // Settled before the offset moves on.
  for (const given of fetched.givenUp) await giveUp(given);
  // Repositioned while this was decompressed: it is fetched again from the new place.
  if (lane.fetchOffset !== fromOffset) return;
  const nowMs = Date.now();
  forEachEpoch(answer.records, (baseOffset, epoch) => lane.epochs.note(baseOffset, epoch));
  for (const rows of fetched.rows) lane.add(compact(rows), nowMs);
  lane.fetchOffset = fetched.nextOffset;
  onRecords(lane, fetched);
  if (fetched.error !== undefined) throw fetched.error;
}

/** The records that pass the filter, which sees what schemas decode. Throws where the registry cannot be asked: nothing of the fetch is taken then. */
async function decode(mapping: Mapping, fromOffset: number, answer: RawPartition): Promise<Fetched> {
  const { schemas, filter } = mapping;
  if (schemas === undefined) return { ...(await readRows(mapping, fromOffset, answer)), givenUp: [] };
  const { filter: _, ...unfiltered } = mapping;
  const fetched = await readRows(unfiltered, fromOffset, answer);
  return { ...fetched, ...(await decodeRows(fetched.rows, schemas, filter)) };
}

/** The records that pass the filter. Those before an unreadable batch are kept. */
async function readRows({ topic, filter }: Mapping, fromOffset: number, answer: RawPartition): Promise<Omit<Fetched, "givenUp">> {
  const { partition, records: bytes, abortedTransactions } = answer;
  const found: Rows[] = [];
  let rows: Rows | undefined;
  let polled = 0;
  let filteredOut = 0;
  let nextOffset = fromOffset;
  const visit = (view: RecordView): boolean => {
    polled++;
    nextOffset = view.offset + 1;
    if (filter !== undefined && !filter(toFilterRecord(view, topic, partition))) {
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
