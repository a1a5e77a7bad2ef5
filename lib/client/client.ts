/**
 * The client of the API, for browsers and Node: calls typed by the API's own description, failures as `ApiError`, bounded retries, and reading a topic as an
 * async iteration. It uses `fetch` and nothing else.
 */
import { ApiError, toApiError, unanswered } from "./api-error.js";
import { pause, pauseBefore, type RetryRules, retryDefaults } from "./attempts.js";
import { type LiveRead, type LiveRecords, liveRecords } from "./live-records.js";
import type { ApiOperations } from "./operations.generated.js";
import { type RecordPage, readPages, type TopicRead } from "./topic-pages.js";

export interface ClientOptions {
  /** Where the API is: "https://api.example.com/prod". */
  readonly baseUrl: string;
  /** A bearer token, or a function that returns the current one; undefined: the call has none. */
  readonly token?: string | (() => string | undefined | Promise<string | undefined>);
  /** Absent: the runtime's. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** How long one attempt may take. */
  readonly timeoutMs?: number;
  readonly retry?: Partial<RetryRules>;
  /** Absent: `JSON.parse`, which rounds whole numbers beyond 2^53. */
  readonly parseJson?: (text: string) => unknown;
}

/** A call by its method and path, as the API's description has them: "GET /topics/{topic}/records". */
export type CallKey = keyof ApiOperations;

export type AnswerTo<Key extends CallKey> = ApiOperations[Key]["answer"];

/** What a call needs: members that its operation does not have, or all of whose members are optional, may be left out. */
export type CallInput<Key extends CallKey> = Needed<"path", ApiOperations[Key]["path"]> &
  Needed<"query", ApiOperations[Key]["query"]> &
  Needed<"body", ApiOperations[Key]["body"]> & { readonly headers?: Readonly<Record<string, string>>; readonly signal?: AbortSignal };

type Needed<Name extends string, Value> = undefined extends Value
  ? { readonly [Member in Name]?: Value }
  : Record<never, never> extends Value
    ? { readonly [Member in Name]?: Value }
    : { readonly [Member in Name]: Value };

type Arguments<Key extends CallKey> = Record<never, never> extends CallInput<Key> ? [input?: CallInput<Key>] : [input: CallInput<Key>];

export interface RelayClient {
  /** Throws `ApiError`. A signal that is aborted rejects with the signal's reason. */
  readonly call: <Key extends CallKey>(key: Key, ...input: Arguments<Key>) => Promise<AnswerTo<Key>>;
  /** The pages of a topic, one after another; each has the cursor that continues after it. Ends at the topic's end unless `follow` is set. */
  readonly pages: (topic: string, read?: TopicRead) => AsyncGenerator<RecordPage, void, undefined>;
  /** Records as they come, until the signal is aborted or `limit` is reached; from the beginning unless the read says otherwise. */
  readonly live: (topic: string, read?: LiveRead) => AsyncGenerator<LiveRecords, void, undefined>;
  /** The records of a topic, one after another. */
  readonly records: (topic: string, read?: TopicRead) => AsyncGenerator<RecordPage["records"][number], void, undefined>;
}

/** Above the 30 seconds that API Gateway waits. */
const timeoutDefaultMs = 35_000;

interface AnyInput {
  readonly path?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export function createClient(options: ClientOptions): RelayClient {
  const rules = { ...retryDefaults, ...options.retry };
  const call = async (key: string, input: AnyInput = {}): Promise<unknown> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await send(options, key, input);
      } catch (error) {
        const pauseMs = error instanceof ApiError ? pauseBefore(error, attempt, rules, Math.random) : undefined;
        if (pauseMs === undefined) throw error;
        await pause(pauseMs, input.signal);
      }
    }
  };
  const client: RelayClient = {
    call: call as RelayClient["call"],
    pages: (topic, read = {}) => readPages(client, topic, read),
    live: (topic, read = {}) =>
      liveRecords(
        {
          open: (query, headers, signal) => open(options, topic, query, headers, signal),
          pages: (given) => readPages(client, topic, given),
          parseJson: options.parseJson ?? JSON.parse,
          rules,
        },
        read,
      ),
    records: async function* (topic, read = {}) {
      for await (const page of readPages(client, topic, read)) yield* page.records;
    },
  };
  return client;
}

async function send(options: ClientOptions, key: string, input: AnyInput): Promise<unknown> {
  const { timeoutMs = timeoutDefaultMs, parseJson = JSON.parse, fetch: send = fetch } = options;
  const [method = "GET"] = key.split(" ");
  const limit = AbortSignal.timeout(timeoutMs);
  const signal = input.signal === undefined ? limit : AbortSignal.any([input.signal, limit]);
  try {
    const response = await send(toUrl(options.baseUrl, key, input), { method, ...(await toContent(options, input)), signal });
    const text = await response.text();
    if (!response.ok) throw toApiError(response.status, parsedIfJson(text), response.headers.get("retry-after"));
    return text === "" ? undefined : parseJson(text);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    if (input.signal?.aborted === true) throw input.signal.reason;
    const why = limit.aborted ? `The API did not answer within ${timeoutMs / 1_000} s.` : "The API cannot be reached.";
    throw unanswered(why, method !== "GET", error);
  }
}

/** Without a limit of time: what is opened lasts. */
async function open(
  options: ClientOptions,
  topic: string,
  query: LiveRead,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Response> {
  const { fetch: send = fetch } = options;
  const url = toUrl(options.baseUrl, "GET /topics/{topic}/records", { path: { topic }, query: query as AnyInput["query"] & object });
  return await send(url, { ...(await toContent(options, { headers })), signal });
}

async function toContent({ token }: ClientOptions, { body, headers }: AnyInput): Promise<RequestInit> {
  const bearer = typeof token === "function" ? await token() : token;
  return {
    headers: {
      accept: "application/json",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  };
}

/** "GET /topics/{topic}/records" with { topic: "a b" } -> ".../topics/a%20b/records?limit=1". */
export function toUrl(baseUrl: string, key: string, { path = {}, query = {} }: Pick<AnyInput, "path" | "query">): string {
  const [, template = "/"] = key.split(" ");
  const filled = template.replace(/\{([^}]+)\}/g, (_, name: string) => encodeURIComponent(String(path[name] ?? "")));
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as const]));
  const search = given.length === 0 ? "" : `?${new URLSearchParams(Object.fromEntries(given))}`;
  return `${baseUrl.replace(/\/$/, "")}${filled}${search}`;
}

function parsedIfJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
