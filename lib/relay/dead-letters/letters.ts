/** The dead letters of a topic, chosen by route, cause, time, place and state. */
import type { Deadline } from "../../deadline.js";
import type { Kafka } from "../../kafka/kafka.js";
import { type Letter, readLetter } from "./letter.js";
import { type LetterState, type Mark, readMarks } from "./marks.js";

export interface LetterChoice {
  readonly route?: string | undefined;
  /** The failure's code: "record-refused", "transform-failed"... */
  readonly code?: string | undefined;
  /** Last tried at or after, and before; milliseconds since the epoch. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** Absent: open ones. */
  readonly state?: LetterState | "any" | undefined;
  /** These alone, by partition and offset. */
  readonly places?: readonly { readonly partition: number; readonly offset: bigint }[] | undefined;
  /** Behind this one, in the order of partitions and offsets: to go on where a list ended. */
  readonly after?: { readonly partition: number; readonly offset: bigint } | undefined;
}

export interface FoundLetter {
  readonly letter: Letter;
  readonly state: LetterState;
  readonly mark: Mark | undefined;
}

const bytesMax = 4_000_000;
const recordsMax = 2_000;

/**
 * One after the other, partition by partition, up to the end as it was at the start: what is dead-lettered meanwhile is not among them. Ends early, and without
 * a word, where the deadline comes; `topic-not-found` where there is no such topic.
 */
export async function* findLetters(kafka: Kafka, topic: string, choice: LetterChoice, deadline: Deadline): AsyncGenerator<FoundLetter> {
  const [partitions, marks] = await Promise.all([kafka.reader.offsets(topic, "all", deadline), readMarks(kafka, topic, deadline)]);
  const { after, places, state: wanted = "open" } = choice;
  for (const { partition, beginning, end } of [...partitions].sort((left, right) => left.partition - right.partition)) {
    if (after !== undefined && partition < after.partition) continue;
    const first = after?.partition === partition && after.offset >= beginning ? after.offset + 1n : beginning;
    for (const [from, to] of places === undefined ? [[first, end] as const] : rangesOf(places, partition, first, end)) {
      for (let offset = from; offset < to; ) {
        const [read] = await kafka.reader.read([{ topic, partition, offset }], { bytesMax, recordsMax, waitMs: 0 }, deadline);
        if (read === undefined || (read.records.length === 0 && read.nextOffset <= offset && read.error === undefined)) return;
        if (read.error !== undefined) throw read.error;
        for (const record of read.records) {
          if (record.offset >= to) break;
          const letter = readLetter(record);
          const mark = marks(letter);
          const state = mark?.state ?? "open";
          if ((wanted === "any" || wanted === state) && isChosen(letter, choice)) yield { letter, state, mark };
        }
        offset = read.nextOffset;
      }
    }
  }
}

function rangesOf(
  places: NonNullable<LetterChoice["places"]>,
  partition: number,
  first: bigint,
  end: bigint,
): readonly (readonly [bigint, bigint])[] {
  return places
    .filter((place) => place.partition === partition && place.offset >= first && place.offset < end)
    .map(({ offset }) => [offset, offset + 1n] as const);
}

function isChosen(letter: Letter, { route, code, fromMs, toMs }: LetterChoice): boolean {
  const timeMs = Date.parse(letter.lastTime);
  return (
    (route === undefined || letter.route === route) &&
    (code === undefined || letter.code === code) &&
    (fromMs === undefined || timeMs >= fromMs) &&
    (toMs === undefined || timeMs < toMs)
  );
}
