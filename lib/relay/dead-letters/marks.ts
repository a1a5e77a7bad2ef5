/**
 * What became of dead letters: a compacted topic beside theirs, `<topic>.marks`, one mark a letter under its partition and offset. The letters themselves stay as
 * they are until the topic's retention takes them, so that nothing that was done is out of reach.
 */
import type { Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import { createTopics } from "../../kafka/admin/topics.js";
import type { Kafka } from "../../kafka/port.js";
import { parseTopicName } from "../../kafka/topic-name.js";
import type { Letter } from "./letter.js";
import { outOfTime } from "./out-of-time.js";

export type LetterState = "open" | "redriven" | "discarded";

export interface Mark {
  readonly state: Exclude<LetterState, "open">;
  /** ISO 8601. */
  readonly time: string;
  /** Where a redriven letter went: `route <name>` or `topic <name>`. */
  readonly to?: string;
}

interface StoredMark extends Mark {
  /** Tells the letter apart from another one at the same place, after its topic was created again. */
  readonly of: string;
}

/** Held in memory at once. Beyond it nothing is listed or redriven: a letter whose mark was not read would be redriven again. */
const marksMax = 200_000;

const marksTopicOf = (topic: string): string => `${topic}.marks`;
const markKeyOf = ({ at }: Letter): string => `${at.partition}/${at.offset}`;
const identityOf = ({ record, lastTime }: Letter): string => `${record.topic}/${record.partition}/${record.offset}/${lastTime}`;

type Marks = (letter: Letter) => Mark | undefined;

export async function readMarks(kafka: Kafka, topic: string, deadline: Deadline): Promise<Marks> {
  const name = marksTopicOf(topic);
  const stored = new Map<string, StoredMark>();
  for (const { partition, beginning, end } of await offsetsOf(kafka, name, deadline)) {
    for (let offset = beginning; offset < end; ) {
      const [read] = await kafka.reader.read(
        [{ topic: name, partition, offset }],
        { bytesMax: 4_000_000, recordsMax: 50_000, waitMs: 0 },
        deadline,
      );
      if (read?.error !== undefined) throw read.error;
      if (read === undefined || read.nextOffset <= offset) throw outOfTime(name);
      for (const { key, value } of read.records) {
        const mark = value === null ? undefined : parseMark(value);
        if (mark !== undefined) stored.set(String(key), mark);
      }
      if (stored.size > marksMax) throw tooMany(name);
      offset = read.nextOffset;
    }
  }
  return (letter) => {
    const mark = stored.get(markKeyOf(letter));
    return mark?.of === identityOf(letter) ? mark : undefined;
  };
}

function tooMany(name: string): RelayError {
  return new RelayError(
    "unprocessable",
    `The topic ${name} contains more than ${marksMax} marks, the most that one call reads. Delete the marks of dead letters that no longer exist, or use another dead letter topic.`,
  );
}

async function offsetsOf(kafka: Kafka, name: string, deadline: Deadline) {
  try {
    return await kafka.reader.offsets(name, "all", deadline);
  } catch (error) {
    if (error instanceof RelayError && error.code === "topic-not-found") return [];
    throw error;
  }
}

function parseMark(value: Buffer): StoredMark | undefined {
  try {
    return JSON.parse(value.toString()) as StoredMark;
  } catch {
    return undefined;
  }
}

/** Throws if a mark was not written: the letters are then still listed as open. */
export async function writeMarks(kafka: Kafka, topic: string, letters: readonly Letter[], mark: Mark, deadline: Deadline): Promise<void> {
  const name = parseTopicName(marksTopicOf(topic));
  await ensureTopic(kafka, name, deadline);
  const outcomes = await kafka.producer.produce(
    name,
    letters.map((letter) => ({
      key: Buffer.from(markKeyOf(letter)),
      value: Buffer.from(JSON.stringify({ ...mark, of: identityOf(letter) } satisfies StoredMark)),
      headers: [],
    })),
    deadline,
  );
  for (const outcome of outcomes) if (outcome.outcome === "failed") throw outcome.error;
}

async function ensureTopic(kafka: Kafka, name: string, deadline: Deadline): Promise<void> {
  try {
    await kafka.metadata.topic(name, deadline);
    return;
  } catch (error) {
    if (!(error instanceof RelayError) || error.code !== "topic-not-found") throw error;
  }
  const [made] = await createTopics(
    kafka,
    [{ name, partitionsCount: 1, configs: [{ name: "cleanup.policy", value: "compact" }] }],
    deadline,
  );
  if (made instanceof RelayError && made.code !== "topic-exists") throw made;
  kafka.metadata.forget(name);
}
