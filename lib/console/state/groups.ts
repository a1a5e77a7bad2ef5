/** Groups: their list, and the lag of one. */
import type { AnswerTo } from "../../client/client.js";
import { api, cluster } from "./session.js";

export type GroupEntry = AnswerTo<"GET /v3/clusters/{cluster_id}/consumer-groups">["data"][number];
export type LagEntry = AnswerTo<"GET /v3/clusters/{cluster_id}/consumer-groups/{group}/lags">["data"][number];
export type LagTotal = AnswerTo<"GET /v3/clusters/{cluster_id}/consumer-groups/{group}/lag-summary">;

export async function loadGroups(signal: AbortSignal): Promise<readonly GroupEntry[]> {
  const { data } = await api.call("GET /v3/clusters/{cluster_id}/consumer-groups", { path: cluster.value, signal });
  return data.toSorted((one, other) => (one.consumer_group_id < other.consumer_group_id ? -1 : 1));
}

/** Lags of all groups in one call, by group; for clusters with few of them. */
export async function loadLagTotals(signal: AbortSignal): Promise<ReadonlyMap<string, LagTotal>> {
  const { data } = await api.call("GET /v3/clusters/{cluster_id}/lag-summaries", { path: cluster.value, signal });
  return new Map(data.map((one) => [one.consumer_group_id, one]));
}

export async function loadGroup(group: string, signal: AbortSignal) {
  const path = { ...cluster.value, group };
  const [description, members] = await Promise.all([
    api.call("GET /v3/clusters/{cluster_id}/consumer-groups/{group}", { path, signal }),
    api.call("GET /v3/clusters/{cluster_id}/consumer-groups/{group}/consumers", { path, signal }),
  ]);
  return { description, members: members.data };
}

/** [] for a group that has committed nothing. */
export async function loadLags(group: string, signal: AbortSignal): Promise<readonly LagEntry[]> {
  const { data } = await api.call("GET /v3/clusters/{cluster_id}/consumer-groups/{group}/lags", {
    path: { ...cluster.value, group },
    signal,
  });
  return data;
}
