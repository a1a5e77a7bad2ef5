/** Reads a topic as a member of a group and hands batches of one partition to a handler, as an event source mapping does; commits what the handler has answered for. */
import { setTimeout as sleep } from "node:timers/promises";
import { createDeadline, type Deadline } from "../../lib/deadline.js";
import { RelayError, toRelayError } from "../../lib/errors.js";
import type { Kafka } from "../../lib/kafka/kafka.js";
import { type Assignment, joinGroup } from "../../lib/kafka/membership.js";
import type { KafkaRecord } from "../../lib/kafka/records.js";
import type { KafkaBatchResponse, KafkaEvent, KafkaEventRecord } from "../../lib/kafka-event/shape.js";

export interface ForegroundOptions {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly groupId: string;
  readonly bootstrapServers: string;
  readonly batchSize: number;
  readonly onTrouble: (error: RelayError) => void;
}

export type Invoke = (event: KafkaEvent) => Promise<KafkaBatchResponse>;

export interface Foreground {
  /** Begins nothing new, lets what is under way finish until the deadline, commits it, and leaves the group. */
  readonly stop: (deadline: Deadline) => Promise<void>;
}

const readAheadRecords = 2_000;
const readAheadBytes = 8_000_000;
const pollMs = 500;
const requestMs = 30_000;
const pauseMinMs = 100;
const pauseMaxMs = 5_000;

export function consumeInForeground(options: ForegroundOptions, invoke: Invoke): Foreground {
  const { kafka, topic, groupId, onTrouble } = options;
  let loops: Promise<void> = Promise.resolve();
  const membership = joinGroup(kafka, {
    groupId,
    topic,
    onTrouble,
    onAssigned: (assignment) => {
      loops = runAssignment(options, invoke, assignment);
    },
    onRevoked: async () => loops,
  });
  return { stop: (deadline) => membership.leave(deadline) };
}

async function runAssignment(options: ForegroundOptions, invoke: Invoke, assignment: Assignment): Promise<void> {
  const starts = await startsOf(options, assignment);
  if (starts === undefined) return;
  const committer = createCommitter(assignment, options.onTrouble);
  await Promise.all([...starts].map(([partition, start]) => runPartition(options, invoke, assignment, committer, partition, start)));
  await committer.done();
}

/** The committed offsets; the earliest record where the group has none, or where its offset has been deleted. */
async function startsOf(
  { kafka, topic, onTrouble }: ForegroundOptions,
  assignment: Assignment,
): Promise<ReadonlyMap<number, bigint> | undefined> {
  for (let pauseMs = pauseMinMs; assignment.isCurrent(); pauseMs = Math.min(pauseMaxMs, pauseMs * 2)) {
    try {
      const [committed, ranges] = await Promise.all([
        assignment.committed(createDeadline(requestMs)),
        kafka.reader.offsets(topic, assignment.partitions, createDeadline(requestMs)),
      ]);
      return new Map(
        ranges.map(({ partition, beginning, end }) => {
          const offset = committed.get(partition);
          return [partition, offset === undefined || offset < beginning || offset > end ? beginning : offset];
        }),
      );
    } catch (error) {
      onTrouble(toRelayError(error));
      await sleep(pauseMs);
    }
  }
  return undefined;
}

async function runPartition(
  options: ForegroundOptions,
  invoke: Invoke,
  assignment: Assignment,
  committer: Committer,
  partition: number,
  start: bigint,
): Promise<void> {
  const { kafka, topic, batchSize, onTrouble } = options;
  const id = `${topic}-${partition}`;
  const read = async (offset: bigint) => {
    const limits = { recordsMax: readAheadRecords, bytesMax: readAheadBytes, waitMs: pollMs };
    const [progress] = await kafka.reader.read([{ topic, partition, offset }], limits, createDeadline(requestMs));
    if (progress === undefined || progress.error !== undefined)
      throw progress?.error ?? new RelayError("kafka-unreachable", `${id} told nothing.`);
    return progress;
  };
  let pauseMs = 0;
  let next = start;
  let ahead: ReturnType<typeof read> | undefined;
  while (assignment.isCurrent()) {
    try {
      const { records, nextOffset } = await (ahead ?? read(next));
      ahead = undefined;
      if (records.length > 0) {
        ahead = read(nextOffset);
        ahead.catch(() => undefined);
      }
      for (let at = 0; at < records.length && assignment.isCurrent(); ) {
        const batch = records.slice(at, at + batchSize);
        const given = await invokeOnce(options, invoke, id, batch);
        at += given;
        const last = records[at - 1];
        if (last !== undefined && given > 0) committer.commit(partition, last.offset + 1n);
        pauseMs = given === batch.length ? 0 : Math.min(pauseMaxMs, Math.max(pauseMinMs, given > 0 ? 0 : pauseMs * 2));
        if (pauseMs > 0) await pause(pauseMs, assignment);
      }
      next = nextOffset;
    } catch (error) {
      ahead = undefined;
      onTrouble(toRelayError(error));
      pauseMs = Math.min(pauseMaxMs, Math.max(pauseMinMs, pauseMs * 2));
      await pause(pauseMs, assignment);
    }
  }
  await ahead?.catch(() => undefined);
}

/** How many records of the batch are done with: those before the first that was given back. */
async function invokeOnce(
  { bootstrapServers, onTrouble }: ForegroundOptions,
  invoke: Invoke,
  id: string,
  batch: readonly KafkaRecord[],
): Promise<number> {
  const event: KafkaEvent = { eventSource: "SelfManagedKafka", bootstrapServers, records: { [id]: batch.map(toEventRecord) } };
  try {
    const { batchItemFailures } = await invoke(event);
    if (batchItemFailures.length === 0) return batch.length;
    const firstBack = Math.min(...batchItemFailures.map(({ itemIdentifier }) => itemIdentifier.offset));
    return batch.filter(({ offset }) => Number(offset) < firstBack).length;
  } catch (error) {
    onTrouble(toRelayError(error));
    return 0;
  }
}

/** In short steps, so that an assignment that ends is noticed. */
async function pause(ms: number, assignment: Assignment): Promise<void> {
  const untilMs = Date.now() + ms;
  while (assignment.isCurrent() && Date.now() < untilMs) await sleep(Math.min(50, untilMs - Date.now()));
}

interface Committer {
  readonly commit: (partition: number, nextOffset: bigint) => void;
  readonly done: () => Promise<void>;
}

/** One commit under way at a time, always of the newest offsets. */
function createCommitter(assignment: Assignment, onTrouble: (error: RelayError) => void): Committer {
  let waiting = new Map<number, bigint>();
  let underWay: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    while (waiting.size > 0) {
      const offsets = waiting;
      waiting = new Map();
      try {
        await assignment.commit(offsets, createDeadline(requestMs));
      } catch (error) {
        onTrouble(toRelayError(error));
        return;
      }
    }
  };
  const start = () => {
    underWay ??= run().finally(() => {
      underWay = undefined;
    });
  };
  return {
    commit: (partition, nextOffset) => {
      waiting.set(partition, nextOffset);
      start();
    },
    done: async () => {
      while (underWay !== undefined) await underWay;
    },
  };
}

function toEventRecord({ topic, partition, offset, timestampMs, timestampType, key, value, headers }: KafkaRecord): KafkaEventRecord {
  return {
    topic,
    partition,
    offset: Number(offset),
    timestamp: timestampMs,
    timestampType,
    ...(key === null ? {} : { key: key.toString("base64") }),
    ...(value === null ? {} : { value: value.toString("base64") }),
    headers: headers.map((header) => ({ [header.name]: header.value === null ? (null as never) : [...new Int8Array(header.value)] })),
  };
}
