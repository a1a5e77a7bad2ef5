/** Topics: all in short, and the figures of those that are on the screen, with their rates. */
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { AnswerTo } from "../../client/client.js";
import { api, cluster, noteFailure } from "./session.js";

export type TopicSummary = AnswerTo<"GET /v3/clusters/{cluster_id}/topic-summaries">["data"][number];

export interface TopicDetails {
  readonly records: number;
  /** Records per second since the figures before; undefined: not known yet. */
  readonly rate: number | undefined;
  readonly bytes: number | undefined;
  readonly retentionMs: number | undefined;
  readonly cleanup: string | undefined;
  readonly endOffsets: number;
  readonly atMs: number;
}

const pagesMax = 20;
const namesPerCall = 100;
const detailsEveryMs = 4_000;
const settleMs = 120;

export async function loadTopics(abort: AbortSignal): Promise<readonly TopicSummary[]> {
  const topics: TopicSummary[] = [];
  let after: string | undefined;
  for (let page = 0; page < pagesMax; page++) {
    const query = after === undefined ? {} : { after };
    const { data, next_after } = await api.call("GET /v3/clusters/{cluster_id}/topic-summaries", {
      path: cluster.value,
      query,
      signal: abort,
    });
    topics.push(...data);
    if (next_after === null) break;
    after = next_after;
  }
  return topics;
}

const known = signal<ReadonlyMap<string, TopicDetails>>(new Map());

/** The figures of topics by name, and the function that says which of them are on the screen. */
export function useTopicDetails(): {
  readonly of: (name: string) => TopicDetails | undefined;
  readonly show: (topics: readonly TopicSummary[]) => void;
} {
  const shown = useRef<readonly string[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const controller = useRef(new AbortController());
  const load = async () => {
    if (!document.hidden && shown.current.length > 0) await loadDetails(shown.current, controller.current.signal).catch(noteFailure);
    if (!controller.current.signal.aborted) timer.current = setTimeout(load, detailsEveryMs);
  };
  useEffect(() => {
    controller.current = new AbortController();
    return () => {
      clearTimeout(timer.current);
      controller.current.abort(new Error("The view was closed."));
    };
  }, []);
  const current = known.value;
  return {
    of: (name) => current.get(name),
    show: (topics) => {
      shown.current = topics.map(({ topic_name }) => topic_name);
      clearTimeout(timer.current);
      timer.current = setTimeout(load, settleMs);
    },
  };
}

export async function loadDetails(names: readonly string[], abort: AbortSignal): Promise<ReadonlyMap<string, TopicDetails>> {
  for (let at = 0; at < names.length; at += namesPerCall) {
    const query = { topic_name: names.slice(at, at + namesPerCall).join(",") };
    const { data } = await api.call("GET /v3/clusters/{cluster_id}/topic-summaries", { path: cluster.value, query, signal: abort });
    const atMs = Date.now();
    const next = new Map(known.value);
    for (const gone of names.slice(at, at + namesPerCall)) if (!data.some(({ topic_name }) => topic_name === gone)) next.delete(gone);
    for (const one of data) next.set(one.topic_name, toDetails(one, next.get(one.topic_name), atMs));
    known.value = next;
  }
  return known.value;
}

/** Two answers that are close together say nothing about the rate. */
const rateSpanMinMs = 500;

function toDetails(one: TopicSummary, before: TopicDetails | undefined, atMs: number): TopicDetails {
  const endOffsets = one.end_offsets_sum ?? 0;
  const isLater = before !== undefined && atMs - before.atMs >= rateSpanMinMs;
  return {
    records: one.records_count ?? 0,
    rate: isLater ? Math.max(0, ((endOffsets - before.endOffsets) * 1_000) / (atMs - before.atMs)) : before?.rate,
    bytes: one.size_bytes ?? undefined,
    retentionMs: one.retention_ms ?? undefined,
    cleanup: one.cleanup_policy ?? undefined,
    endOffsets,
    atMs,
  };
}
