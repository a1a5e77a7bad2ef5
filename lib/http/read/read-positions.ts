/** Where a read starts in each partition: at an end, an offset, a time, or where a cursor stands. */
import type { Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import { partitionNotFound } from "../../kafka/metadata.js";
import type { Kafka } from "../../kafka/port.js";
import { isFetchedById } from "../../kafka/read/fetch.js";
import type { ReadPosition } from "../../kafka/read/reader.js";
import type { Start } from "./read-query.js";
import type { RecordCursor } from "./record-cursor.js";

interface ReadPlaces {
  readonly topic: string;
  readonly partitions: readonly number[] | "all";
  readonly start: Start;
}

/** Where each partition starts, in the order in which they are served. */
export async function positionsOf(
  kafka: Kafka,
  { topic, partitions, start }: ReadPlaces,
  deadline: Deadline,
): Promise<readonly ReadPosition[]> {
  switch (start.at) {
    case "beginning":
      return (await existing(kafka, topic, partitions, deadline)).map((partition) => ({ topic, partition, offset: 0n }));
    case "end": {
      const offsets = await kafka.reader.offsets(topic, partitions, deadline);
      return offsets.map(({ partition, end }) => ({ topic, partition, offset: end }));
    }
    case "timestamp": {
      const offsets = await kafka.reader.offsetsForTime(topic, partitions, start.timestampMs, deadline);
      return [...offsets].map(([partition, offset]) => ({ topic, partition, offset }));
    }
    case "offset": {
      const [partition, ...others] = await existing(kafka, topic, partitions, deadline);
      if (partition === undefined || others.length > 0) {
        throw new RelayError("bad-request", "query: offset needs a partition. Name it with partition=.");
      }
      return [{ topic, partition, offset: start.offset }];
    }
    case "cursor":
      return cursorPositions(kafka, topic, partitions, start.cursor, deadline);
    default:
      return start satisfies never;
  }
}

/** With a cursor of the whole topic, partitions that were added since are read from their beginning: everything in them is newer. */
async function cursorPositions(
  kafka: Kafka,
  topic: string,
  partitions: ReadPlaces["partitions"],
  { topicId, isWholeTopic, positions }: RecordCursor,
  deadline: Deadline,
): Promise<readonly ReadPosition[]> {
  const asked = isWholeTopic ? "all" : positions.map(({ partition }) => partition);
  if (partitions !== "all" && (asked === "all" || partitions.join() !== asked.join())) {
    throw new RelayError("bad-request", `cursor: this cursor is not for partition ${partitions.join()} only.`);
  }
  const known = positions.map((one) => ({ topic, topicId, ...one }));
  if (asked !== "all") {
    // Brokers that fetch by name only would answer for any topic of that name, so the topic's current id is read first.
    const isChecked = topicId === undefined || (await isFetchedById(kafka.connection, "any", deadline));
    if (!isChecked) await kafka.metadata.topic(topic, deadline, { ageMaxMs: 0 });
    return known;
  }
  const added = (await existing(kafka, topic, "all", deadline)).filter((partition) => known.every((one) => one.partition !== partition));
  return [...known, ...added.map((partition) => ({ topic, topicId, partition, offset: 0n }))];
}

async function existing(kafka: Kafka, topic: string, asked: ReadPlaces["partitions"], deadline: Deadline): Promise<readonly number[]> {
  if (asked !== "all" && asked.some((partition) => partition < 0)) {
    const { partitions } = await kafka.metadata.topic(topic, deadline);
    throw partitionNotFound(topic, asked.find((partition) => partition < 0) ?? -1, partitions.length);
  }
  if (asked !== "all") return asked;
  // Not from the cache: a partition that was added since may already have records.
  return (await kafka.metadata.topic(topic, deadline, { ageMaxMs: 0 })).partitions.map(({ partition }) => partition);
}
