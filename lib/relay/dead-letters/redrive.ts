/** Sends dead letters on their way again: through their route, or into the topic they came from. At a rate, each with a mark, and not for ever. */
import { type Deadline, keeping } from "../../deadline.js";
import { RelayError, toRelayError } from "../../errors.js";
import type { Kafka } from "../../kafka/kafka.js";
import type { KafkaRecord, OutgoingRecord } from "../../kafka/records.js";
import { isInternalTopic, parseTopicName } from "../../kafka/topic-name.js";
import { toRedriveHeader } from "../redrive-mark.js";
import type { Letter } from "./letter.js";
import { findLetters, type LetterChoice } from "./letters.js";
import { type Mark, writeMarks } from "./marks.js";
import { isOutOfTime } from "./out-of-time.js";

/** Hands a record to a route; resolves when the route has dealt with it for good (delivered, filtered, or dead-lettered anew), throws where it gives it back. */
export type RouteInvoker = (route: string, record: KafkaRecord, deadline: Deadline) => Promise<void>;

export interface RedriveOptions {
  readonly choice: LetterChoice;
  /** "route": the route's own logic, the record at its first coordinates. "topic": every consumer of the topic sees the record again. */
  readonly to: "route" | "topic";
  /** In place of the route or topic that the letter names. */
  readonly name?: string | undefined;
  readonly invoke: RouteInvoker;
  /** Asked before a record goes into a topic; throws where the caller may not. */
  readonly authorizeTopic?: (topic: string) => void;
  readonly ratePerSecond: number;
  readonly lettersMax: number;
  /** A letter that was redriven so often already stays where it is. */
  readonly redrivesMax: number;
  readonly deadline: Deadline;
  readonly interrupted?: AbortSignal;
  readonly sleep?: (ms: number) => Promise<void>;
  readonly onLetter?: (letter: Letter, outcome: RedriveOutcome) => void;
}

export type RedriveOutcome =
  | { readonly outcome: "redriven"; readonly to: string }
  | { readonly outcome: "failed" | "skipped"; readonly error: RelayError };

export interface RedriveResult {
  readonly redriven: number;
  /** Still open: the route gave it back, or the topic did not take it. */
  readonly failed: number;
  /** Not tried: redriven too often, or nobody knows whereto. */
  readonly skipped: number;
  /** There are more, which the limit or the time left for another run. */
  readonly hasMore: boolean;
}

export const redriveDefaults = { ratePerSecond: 50, lettersMax: 1_000, redrivesMax: 5 } as const;
/** Kept to finish a letter and write its mark. */
const timeLeftMarginMs = 2_000;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Throws `deadline-exceeded` only where no letter was looked at. */
export async function redrive(kafka: Kafka, topic: string, options: RedriveOptions): Promise<RedriveResult> {
  const { choice, ratePerSecond, lettersMax, interrupted, sleep = pause } = options;
  const deadline = keeping(timeLeftMarginMs, options.deadline);
  const counts = { redriven: 0, failed: 0, skipped: 0 };
  let tried = 0;
  try {
    for await (const { letter } of findLetters(kafka, topic, { ...choice, state: choice.state ?? "open" }, deadline)) {
      if (tried >= lettersMax || deadline.leftMs() === 0 || interrupted?.aborted === true) return { ...counts, hasMore: true };
      const startedMs = Date.now();
      const outcome = await redriveAndMark(kafka, topic, letter, options);
      counts[outcome.outcome]++;
      options.onLetter?.(letter, outcome);
      if (outcome.outcome === "skipped") continue;
      tried++;
      const waitMs = 1_000 / ratePerSecond - (Date.now() - startedMs);
      if (waitMs > 0) await sleep(waitMs);
    }
  } catch (thrown) {
    if (!isOutOfTime(thrown) || counts.redriven + counts.failed + counts.skipped === 0) throw thrown;
    return { ...counts, hasMore: true };
  }
  return { ...counts, hasMore: false };
}

async function redriveAndMark(kafka: Kafka, topic: string, letter: Letter, options: RedriveOptions): Promise<RedriveOutcome> {
  const outcome = await redriveLetter(kafka, letter, options);
  if (outcome.outcome !== "redriven") return outcome;
  const mark: Mark = { state: "redriven", time: new Date().toISOString(), to: outcome.to };
  try {
    await writeMarks(kafka, topic, [letter], mark, options.deadline);
    return outcome;
  } catch (thrown) {
    const cause = toRelayError(thrown);
    const message = `It was redriven to ${outcome.to}, but its mark could not be written, so it is still listed as open: ${cause.message}`;
    return { outcome: "failed", error: new RelayError(cause.code, message, { cause }) };
  }
}

async function redriveLetter(kafka: Kafka, letter: Letter, options: RedriveOptions): Promise<RedriveOutcome> {
  if (letter.redrives >= options.redrivesMax) {
    return skipped(`it was redriven ${letter.redrives} times and always came back; mend the cause, then allow more redrives`);
  }
  try {
    return options.to === "route" ? await toRoute(letter, options) : await toTopic(kafka, letter, options);
  } catch (thrown) {
    return { outcome: "failed", error: toRelayError(thrown) };
  }
}

async function toRoute(letter: Letter, { name, invoke, deadline }: RedriveOptions): Promise<RedriveOutcome> {
  const route = name ?? letter.route;
  if (route === undefined) return skipped("no route is named in it: name one");
  const { record } = letter;
  await invoke(route, { ...record, headers: [...record.headers, markOf(letter)] }, deadline);
  return { outcome: "redriven", to: `route ${route}` };
}

async function toTopic(kafka: Kafka, letter: Letter, { name, authorizeTopic, deadline }: RedriveOptions): Promise<RedriveOutcome> {
  const { record, origin } = letter;
  const topic = name ?? origin?.topic;
  if (topic === undefined) return skipped("nobody told which topic it came from: name one");
  if (isInternalTopic(topic)) return skipped(`${topic} is Kafka's own topic`);
  authorizeTopic?.(topic);
  const { key, value, headers, timestampMs } = record;
  const again: OutgoingRecord = { key, value, timestampMs, headers: [...headers, markOf(letter)] };
  const [outcome] = await kafka.producer.produce(parseTopicName(topic), [again], deadline);
  if (outcome?.outcome === "failed") throw outcome.error;
  return { outcome: "redriven", to: `topic ${topic}` };
}

function markOf({ record: { topic, partition, offset }, redrives, namespace }: Letter) {
  return toRedriveHeader({ count: redrives + 1, topic, partition, offset, namespace });
}

function skipped(why: string): RedriveOutcome {
  return { outcome: "skipped", error: new RelayError("unprocessable", `It stays where it is: ${why}.`) };
}

/** Marks letters as discarded: they are told as open no more, and nothing is deleted. */
export async function discard(
  kafka: Kafka,
  topic: string,
  choice: LetterChoice,
  lettersMax: number,
  deadline: Deadline,
): Promise<{ readonly discarded: number; readonly hasMore: boolean }> {
  const letters: Letter[] = [];
  let hasMore = false;
  try {
    for await (const { letter } of findLetters(kafka, topic, { ...choice, state: "open" }, keeping(timeLeftMarginMs, deadline))) {
      hasMore = letters.length >= lettersMax;
      if (hasMore) break;
      letters.push(letter);
    }
  } catch (thrown) {
    if (!isOutOfTime(thrown) || letters.length === 0) throw thrown;
    hasMore = true;
  }
  if (letters.length > 0) await writeMarks(kafka, topic, letters, { state: "discarded", time: new Date().toISOString() }, deadline);
  return { discarded: letters.length, hasMore };
}
