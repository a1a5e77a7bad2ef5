/** The dead letters of a topic, chosen by route, cause, time, place and state. */
import type { Deadline } from "../../deadline.js";
import type { Kafka } from "../../kafka/port.js";
import { type Letter, readLetter } from "./letter.js";
import { type LetterState, type Mark, readMarks } from "./marks.js";
import { outOfTime } from "./out-of-time.js";

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
  readonly places?: readonly LetterPlace[] | undefined;
  /** Behind this one, in the order of partitions and offsets: to go on where a list ended. */
  readonly after?: LetterPlace | undefined;
}

export interface LetterPlace {
  readonly partition: number;
  readonly offset: bigint;
}

export interface FoundLetter {
  readonly letter: Letter;
  readonly state: LetterState;
  readonly mark: Mark | undefined;
}

const bytesMax = 4_000_000;
const recordsMax = 2_000;

/**
 * One after the other, partition by partition, up to the end as it was at the start: what is dead-lettered meanwhile is not among them. Throws `deadline-exceeded`
 * where the time ends before the letters do, so that a part is not mistaken for the whole; `topic-not-found` where the topic does not exist. `onScanned` hears of every
 * record that was looked at, chosen or not: an `after` from which another run goes on.
 */
export async function* findLetters(
  kafka: Kafka,
  topic: string,
  choice: LetterChoice,
  deadline: Deadline,
  onScanned: (place: LetterPlace) => void = () => {},
): AsyncGenerator<FoundLetter> {
  const [partitions, marks] = await Promise.all([kafka.reader.offsets(topic, "all", deadline), readMarks(kafka, topic, deadline)]);
  const { after, places, state: wanted = "open" } = choice;
  for (const { partition, beginning, end } of [...partitions].sort((left, right) => left.partition - right.partition)) {
    if (after !== undefined && partition < after.partition) continue;
    const first = after?.partition === partition && after.offset >= beginning ? after.offset + 1n : beginning;
    for (const [from, to] of places === undefined ? [[first, end] as const] : rangesOf(places, partition, first, end)) {
      for (let offset = from; offset < to; ) {
        const [read] = await kafka.reader.read([{ topic, partition, offset }], { bytesMax, recordsMax, waitMs: 0 }, deadline);
        if (read?.error !== undefined) throw read.error;
        if (read === undefined || read.nextOffset <= offset) throw outOfTime(topic);
        for (const record of read.records) {
          if (record.offset >= to) break;
          const letter = readLetter(record);
          const mark = marks(letter);
          const state = mark?.state ?? "open";
          if ((wanted === "any" || wanted === state) && isChosen(letter, choice)) yield { letter, state, mark };
          onScanned({ partition, offset: record.offset });
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
