/** The HTTP API as the demo uses it. The demo does everything through it, and tolerates an API that goes down and comes back. */
import { setTimeout as wait } from "node:timers/promises";
import type { QuakeEvent } from "./quakes.js";

/** Longer than the gateway waits for a function, so a late answer is never abandoned. */
const callTimeoutMs = 40_000;
/** `npm start` may be killed and restarted in the meantime. */
const absenceMaxMs = 180_000;
const pollMs = 250;

export interface ReadRecord {
  readonly value: unknown;
  readonly headers: readonly { readonly name: string; readonly value: string | null }[];
}

interface ReadAnswer {
  readonly records: readonly ReadRecord[];
  readonly partitions: readonly { readonly next_offset: number; readonly high_watermark: number | null }[];
  readonly cursor: string;
}

export interface DemoApi {
  readonly isUp: () => Promise<boolean>;
  /** True if every event is in Kafka. False if that is unknown, because there was no answer or an error. */
  readonly post: (topic: string, events: readonly QuakeEvent[]) => Promise<boolean>;
  /** One webhook to a source. True if it was answered with success; false if it is to be sent again. */
  readonly sendWebhook: (source: string, body: string, headers: Readonly<Record<string, string>>) => Promise<boolean>;
  /** Reads what arrives in a topic from now on. */
  readonly follow: (topic: string) => Promise<Follower>;
  /** Waits until the API answers again. Throws if it stays down. */
  readonly untilUp: () => Promise<void>;
}

export interface Follower {
  /** Everything that arrived since the last call, up to the topic's end. Empty while the API is down. */
  readonly take: () => Promise<readonly ReadRecord[]>;
}

export function createApi(url: string): DemoApi {
  const call = (path: string, init: RequestInit = {}) => fetch(`${url}${path}`, { ...init, signal: AbortSignal.timeout(callTimeoutMs) });
  const isUp = () =>
    call("/topics").then(
      ({ ok }) => ok,
      () => false,
    );
  return {
    isUp,
    post: async (topic, events) => {
      try {
        const response = await call(`/topics/${topic}/events`, {
          method: "POST",
          headers: { "content-type": "application/cloudevents-batch+json" },
          body: JSON.stringify(events),
        });
        const body = await response.text();
        if (response.status >= 400 && response.status < 500)
          throw new Error(`POST /topics/${topic}/events was refused: ${response.status} ${body}`);
        return response.status === 200;
      } catch (error) {
        if (isAway(error)) return false;
        throw error;
      }
    },
    sendWebhook: async (source, body, headers) => {
      try {
        const response = await call(`/sources/${source}`, {
          method: "POST",
          headers: { "content-type": "application/json", ...headers },
          body,
        });
        const text = await response.text();
        if (response.status >= 400 && response.status < 500) throw new Error(`A webhook was refused: ${response.status} ${text}`);
        return response.status === 200;
      } catch (error) {
        if (isAway(error)) return false;
        throw error;
      }
    },
    follow: (topic) => follow(call, topic),
    untilUp: async () => {
      const until = Date.now() + absenceMaxMs;
      while (!(await isUp())) {
        if (Date.now() > until) throw new Error(`${url} has not answered for ${absenceMaxMs / 1000} s. Is npm start running?`);
        await wait(pollMs);
      }
    },
  };
}

/** The error of fetch for connections that were refused, reset or timed out. */
function isAway(error: unknown): boolean {
  return error instanceof TypeError || (error instanceof DOMException && error.name === "TimeoutError");
}

async function follow(call: (path: string) => Promise<Response>, topic: string): Promise<Follower> {
  const read = async (start: string): Promise<ReadAnswer | undefined> => {
    try {
      const response = await call(`/topics/${topic}/records?${start}&header_format=string&limit=5000`);
      return response.status === 200 ? ((await response.json()) as ReadAnswer) : undefined;
    } catch (error) {
      if (isAway(error)) return undefined;
      throw error;
    }
  };
  // A topic that does not exist yet is later read from its beginning.
  let start = await read("from=end").then((answer) =>
    answer === undefined ? "from=beginning" : `cursor=${encodeURIComponent(answer.cursor)}`,
  );
  return {
    take: async () => {
      const taken: ReadRecord[] = [];
      for (;;) {
        const answer = await read(start);
        if (answer === undefined) return taken;
        taken.push(...answer.records);
        start = `cursor=${encodeURIComponent(answer.cursor)}`;
        if (answer.partitions.every(({ next_offset, high_watermark }) => high_watermark !== null && next_offset >= high_watermark))
          return taken;
      }
    },
  };
}
