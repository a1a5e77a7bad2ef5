/** Sends dead letters on their way again: through their route, or into the topic they came from. At a rate, each with a mark, and not for ever. */
import { type Deadline, keeping } from "../../deadline.js";
import { RelayError, toRelayError } from "../../errors.js";
import type { Kafka } from "../../kafka/port.js";
import type { KafkaRecord, OutgoingRecord } from "../../kafka/records.js";
import { isInternalTopic, parseTopicName } from "../../kafka/topic-name.js";
import type { Letter } from "./letter.js";
import { findLetters, type LetterChoice } from "./letters.js";
import { type Mark, writeMarks } from "./marks.js";
import { isOutOfTime } from "./out-of-time.js";
import { type RedriveMark, toRedriveHeader } from "./redrive-mark.js";

/** Hands a record to a route; resolves when the route has dealt with it for good (delivered, filtered, or dead-lettered again), throws where it gives it back. */
export type RouteInvoker = (route: string, record: KafkaRecord, mark: RedriveMark, deadline: Deadline) => Promise<void>;

/** Who may, and what goes where. Each throws where the answer is no. */
export interface RedriveRules {
  readonly authorizeRoute?: (route: string) => void;
  /** To write records that count as records of this topic, or into it. */
  readonly authorizeTopic?: (topic: string) => void;
  /** The topics that a route reads; undefined: unknown here, so that a letter's origin is not held against them. */
  readonly sourcesOf?: (route: string) => readonly string[] | undefined;
}

export interface RedriveOptions extends RedriveRules {
  readonly choice: LetterChoice;
  /** "route": the route's own logic, the record at its first coordinates. "topic": every consumer of the topic sees the record again. */
  readonly to: "route" | "topic";
  /** In place of the route or topic that the letter names. */
  readonly name?: string | undefined;
  readonly invoke: RouteInvoker;
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

interface RedriveResult {
  readonly redriven: number;
  /** Still open: the route gave it back, or the topic did not take it. */
  readonly failed: number;
  /** Not tried: redriven too often, or the destination is unknown. */
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
    return skipped(`it was redriven ${letter.redrives} times and came back each time; fix the cause, then allow more redrives`);
  }
  try {
    return options.to === "route" ? await toRoute(letter, options) : await toTopic(kafka, letter, options);
  } catch (thrown) {
    return { outcome: "failed", error: toRelayError(thrown) };
  }
}

async function toRoute(letter: Letter, options: RedriveOptions): Promise<RedriveOutcome> {
  const { name, invoke, deadline } = options;
  const route = name ?? letter.route;
  if (route === undefined) return skipped("it does not name a route: name one");
  assertMayPass(letter, route, options);
  const { record, redrives, namespace, generation } = letter;
  await invoke(route, record, { count: redrives + 1, namespace, generation }, deadline);
  return { outcome: "redriven", to: `route ${route}` };
}

/**
 * Anyone who can write to a dead letter topic can write a letter that names any route, topic, partition and offset. So the caller must be allowed to run the route and to
 * write to the topic that the record is to count as one of, and that topic must be one that the route reads.
 */
function assertMayPass({ origin }: Letter, route: string, { authorizeRoute, authorizeTopic, sourcesOf }: RedriveRules): void {
  authorizeRoute?.(route);
  const sources = sourcesOf?.(route);
  if (origin !== undefined && sources !== undefined && !sources.includes(origin.topic)) {
    throw new RelayError(
      "unprocessable",
      `The dead letter says that its record comes from the topic ${JSON.stringify(origin.topic.slice(0, 249))}, but the route ${route} reads ${sources.join(", ")}.`,
    );
  }
  for (const topic of origin === undefined ? (sources ?? []) : [origin.topic]) authorizeTopic?.(topic);
}

async function toTopic(kafka: Kafka, letter: Letter, { name, authorizeTopic, deadline }: RedriveOptions): Promise<RedriveOutcome> {
  const { record, origin } = letter;
  const topic = name ?? origin?.topic;
  if (topic === undefined) return skipped("the topic it came from is unknown: name one");
  if (isInternalTopic(topic)) return skipped(`${topic} is a topic internal to Kafka`);
  authorizeTopic?.(topic);
  const { key, value, headers, timestampMs } = record;
  const again: OutgoingRecord = { key, value, timestampMs, headers: [...headers, toRedriveHeader(letter.redrives + 1, record)] };
  const [outcome] = await kafka.producer.produce(parseTopicName(topic), [again], deadline);
  if (outcome?.outcome === "failed") throw outcome.error;
  return { outcome: "redriven", to: `topic ${topic}` };
}

function skipped(why: string): RedriveOutcome {
  return { outcome: "skipped", error: new RelayError("unprocessable", `It stays where it is: ${why}.`) };
}

/** Marks letters as discarded: they are no longer listed as open, and nothing is deleted. */
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
