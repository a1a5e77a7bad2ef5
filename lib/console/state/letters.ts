/** Dead letters: the topics that hold them, their pages, and working through many of them with a rate and an end. */
import type { AnswerTo, CallInput } from "../../client/client.js";
import { loadRouteStatuses } from "./routes.js";
import { api, isPermittedTo } from "./session.js";
import { loadTopics } from "./topics.js";

type LetterPage = AnswerTo<"GET /dead-letters/{topic}">;
export type ListedLetter = LetterPage["letters"][number];
export type ShownLetter = AnswerTo<"GET /dead-letters/{topic}/{partition}/{offset}">;

const nameEnding = ".dead-letters";

/** Topics that a route writes dead letters to, and those named like one. */
export async function loadLetterTopics(signal: AbortSignal): Promise<readonly string[]> {
  const [topics, routes] = await Promise.all([
    isPermittedTo("topic:list") ? loadTopics(signal) : [],
    isPermittedTo("route:describe") ? loadRouteStatuses(signal) : [],
  ]);
  const existing = new Set(topics.map(({ topic_name }) => topic_name));
  const named = [...existing].filter((name) => name.endsWith(nameEnding));
  const ofRoutes = routes.flatMap(({ definition }) => definition?.dead_letters.topics ?? []).filter((name) => existing.has(name));
  return [...new Set([...named, ...ofRoutes])].sort();
}

interface LetterFilter {
  readonly route?: string | undefined;
  readonly code?: string | undefined;
  readonly state?: ListedLetter["state"] | "any" | undefined;
}

const pageLimit = 500;
const pagesMax = 20;

/** The letters of a topic, the newest first; at most so many pages. */
export async function loadLetters(
  topic: string,
  filter: LetterFilter,
  signal: AbortSignal,
): Promise<{ readonly letters: readonly ListedLetter[]; readonly hasMore: boolean }> {
  const letters: ListedLetter[] = [];
  let after: string | null = null;
  for (let page = 0; page < pagesMax; page++) {
    const given = Object.fromEntries(
      Object.entries({ ...filter, after: after ?? undefined }).filter(([, value]) => value !== undefined && value !== ""),
    );
    const answer: LetterPage = await api.call("GET /dead-letters/{topic}", {
      path: { topic },
      query: { ...given, limit: pageLimit },
      signal,
    });
    letters.push(...answer.letters);
    after = answer.next_after;
    if (after === null) break;
  }
  return { letters: letters.sort((one, other) => (one.last_time < other.last_time ? 1 : -1)), hasMore: after !== null };
}

/** Which letters an action is for, as the API names them. */
export type ChosenLetters = Pick<CallInput<"POST /dead-letters/{topic}/discard">["body"] & object, "route" | "code" | "letters" | "all">;

interface RedriveWay {
  readonly destination: "route" | "topic";
  readonly ratePerSecond: number;
}

export interface LetterProgress {
  readonly done: number;
  readonly failed: number;
  readonly skipped: number;
  /** Why some failed, each message once. */
  readonly messages: readonly string[];
}

const lettersPerCall = 100;
/** The progress is shown, and a stop is obeyed, as often. */
const secondsPerCall = 2;
const discardedPerCall = 1_000;
const callsMax = 10_000;
const messagesMax = 5;

/** Redrives what was chosen, call by call, until nothing is left or nothing moves any more. */
export async function redriveLetters(
  topic: string,
  choice: ChosenLetters,
  { destination, ratePerSecond }: RedriveWay,
  onProgress: (progress: LetterProgress) => void,
  signal: AbortSignal,
): Promise<LetterProgress> {
  let progress: LetterProgress = { done: 0, failed: 0, skipped: 0, messages: [] };
  onProgress(progress);
  const limit = Math.min(lettersPerCall, Math.max(1, ratePerSecond * secondsPerCall));
  const parts = choice.letters === undefined ? undefined : chunksOf(choice.letters, limit);
  for (let call = 0; call < (parts?.length ?? callsMax) && !signal.aborted; call++) {
    const letters = parts?.[call];
    // Letters that are named are redriven whatever became of them; others only while they are open.
    const chosen = letters === undefined ? choice : { letters, state: "any" as const };
    const body = { ...chosen, destination, rate_per_second: ratePerSecond, limit };
    const answer = await api.call("POST /dead-letters/{topic}/redrive", { path: { topic }, body, signal });
    const reasons = answer.outcomes.flatMap(({ message }) => message ?? []);
    progress = {
      done: progress.done + answer.redriven,
      failed: progress.failed + answer.failed,
      skipped: progress.skipped + answer.skipped,
      messages: [...new Set([...progress.messages, ...reasons])].slice(0, messagesMax),
    };
    onProgress(progress);
    // Letters that fail stay open, and would be tried for ever.
    if (parts === undefined && (!answer.has_more || answer.redriven === 0)) break;
  }
  return progress;
}

const chunksOf = <Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));

export async function discardLetters(
  topic: string,
  choice: ChosenLetters,
  onProgress: (progress: LetterProgress) => void,
  signal: AbortSignal,
): Promise<LetterProgress> {
  let done = 0;
  const parts = choice.letters === undefined ? undefined : chunksOf(choice.letters, discardedPerCall);
  for (let call = 0; call < (parts?.length ?? callsMax) && !signal.aborted; call++) {
    const letters = parts?.[call];
    const body = { ...(letters === undefined ? choice : { letters }), limit: discardedPerCall };
    const answer = await api.call("POST /dead-letters/{topic}/discard", { path: { topic }, body, signal });
    done += answer.discarded;
    onProgress({ done, failed: 0, skipped: 0, messages: [] });
    if (parts === undefined && (!answer.has_more || answer.discarded === 0)) break;
  }
  return { done, failed: 0, skipped: 0, messages: [] };
}
