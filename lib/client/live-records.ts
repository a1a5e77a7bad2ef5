/**
 * Records as they come, with server-sent events where the API offers them and page by page elsewhere. A connection that breaks is opened again after the last
 * record that came, so none is missing and none comes twice.
 */
import { ApiError, toApiError, unanswered } from "./api-error.js";
import { pause, pauseBefore, type RetryRules } from "./attempts.js";
import { type ServerEvent, serverEvents } from "./server-events.js";
import type { RecordPage, TopicRead } from "./topic-pages.js";

export interface LiveRecords {
  /** Those that arrived together. */
  readonly records: RecordPage["records"];
  /** Continues after them, here or in a read. */
  readonly cursor: string;
  /** Records that will not come: deleted before they could be read, or replaced. */
  readonly gap?: { readonly partition: number; readonly deleted_before?: number; readonly truncated_to?: number };
}

export interface LiveRead extends Omit<TopicRead, "follow" | "wait_ms" | "bytes_max" | "scan_max"> {}

interface LiveParts {
  /** Sends the read and returns the answer, whatever its status. */
  readonly open: (query: LiveRead, headers: Readonly<Record<string, string>>, signal: AbortSignal) => Promise<Response>;
  readonly pages: (read: TopicRead) => AsyncGenerator<RecordPage, void, undefined>;
  readonly parseJson: (text: string) => unknown;
  readonly rules: RetryRules;
}

/** Three heartbeats of `kafka-relay serve`: a connection that is silent for longer is broken, though nobody says so. */
const silenceMaxMs = 45_000;

export async function* liveRecords(parts: LiveParts, read: LiveRead): AsyncGenerator<LiveRecords, void, undefined> {
  const { signal, limit, ...query } = read;
  let left = limit === undefined ? Number.POSITIVE_INFINITY : Number(limit);
  let cursor = query.cursor === undefined ? undefined : String(query.cursor);
  for (let attempt = 1; left > 0; attempt++) {
    try {
      const asked = {
        ...(cursor === undefined ? query : withoutStart(query)),
        ...(left === Number.POSITIVE_INFINITY ? {} : { limit: left }),
      };
      const response = await opened(parts, asked, cursor, signal);
      if (response === "pages") {
        yield* byPages(parts, { ...asked, ...(cursor === undefined ? {} : { cursor }), ...(signal === undefined ? {} : { signal }) }, left);
        return;
      }
      for await (const events of response) {
        const batch = toBatch(events, parts.parseJson);
        cursor = batch.cursor || cursor;
        left -= batch.records.length;
        if (batch.records.length > 0 || batch.gap !== undefined) {
          attempt = 0;
          yield batch;
        }
        if (left <= 0) return;
        if (batch.problem !== undefined) throw batch.problem;
      }
      throw unanswered("The connection has ended.", false, undefined);
    } catch (thrown) {
      if (signal?.aborted === true) throw signal.reason;
      const error = thrown instanceof ApiError ? thrown : unanswered("The connection broke.", false, thrown);
      const pauseMs = pauseBefore(error, Math.max(1, attempt), parts.rules, Math.random);
      if (pauseMs === undefined) throw error;
      await pause(pauseMs, signal);
    }
  }
}

/** Events in groups as they arrive, or that the API has no streams. Throws `ApiError` for a refusal. */
async function opened(
  { open }: LiveParts,
  query: LiveRead,
  cursor: string | undefined,
  signal: AbortSignal | undefined,
): Promise<AsyncGenerator<readonly ServerEvent[]> | "pages"> {
  const silence = new AbortController();
  const both = signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]);
  const response = await open(
    query,
    { accept: "text/event-stream, application/json;q=0.1", ...(cursor === undefined ? {} : { "last-event-id": cursor }) },
    both,
  );
  const type = response.headers.get("content-type") ?? "";
  if (response.ok && type.startsWith("text/event-stream") && response.body !== null)
    return serverEvents(response.body, silenceMaxMs, () => silence.abort());
  if (response.ok || response.status === 501 || response.status === 406) {
    silence.abort();
    return "pages";
  }
  const text = await response.text();
  throw toApiError(response.status, parsedProblem(text), response.headers.get("retry-after"));
}

function parsedProblem(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function* byPages({ pages }: LiveParts, read: TopicRead, limit: number): AsyncGenerator<LiveRecords, void, undefined> {
  let left = limit;
  for await (const { records, cursor } of pages({ ...read, follow: true })) {
    if (records.length > 0) yield { records: records.slice(0, left), cursor };
    left -= records.length;
    if (left <= 0) return;
  }
}

/** A cursor says by itself where to go on, and in which partitions. */
function withoutStart({ from: _, timestamp: __, offset: ___, partition: ____, cursor: _____, ...rest }: LiveRead): LiveRead {
  return rest;
}

function toBatch(events: readonly ServerEvent[], parseJson: (text: string) => unknown): LiveRecords & { readonly problem?: ApiError } {
  const records: RecordPage["records"][number][] = [];
  let gap: LiveRecords["gap"];
  let problem: ApiError | undefined;
  for (const { name, data } of events) {
    if (name === "" && data !== "") records.push(parseJson(data) as RecordPage["records"][number]);
    else if (name === "gap") gap = JSON.parse(data) as NonNullable<LiveRecords["gap"]>;
    else if (name === "problem") {
      const given = JSON.parse(data) as { readonly status?: number };
      problem = toApiError(given.status ?? 0, { ...given, maybe_written: false }, null);
    }
  }
  const cursor = events.findLast(({ id }) => id !== "")?.id ?? "";
  return { records, cursor, ...(gap === undefined ? {} : { gap }), ...(problem === undefined ? {} : { problem }) };
}
