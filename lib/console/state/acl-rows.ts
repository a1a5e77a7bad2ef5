/** ACLs, one row per principal, host and resource, with its operations. */
import type { AnswerTo } from "../../client/client.js";
import { api, cluster } from "./session.js";

export type AclEntry = AnswerTo<"GET /v3/clusters/{cluster_id}/acls">["data"][number];

export interface AclRow {
  readonly key: string;
  readonly principal: string;
  readonly host: string;
  /** "topic orders*" */
  readonly resource: string;
  readonly pattern: string;
  /** By operation; where one is both allowed and denied, the denial, which wins. */
  readonly acls: ReadonlyMap<string, AclEntry>;
}

export async function loadAcls(signal: AbortSignal): Promise<readonly AclEntry[]> {
  const { data } = await api.call("GET /v3/clusters/{cluster_id}/acls", { path: cluster.value, signal });
  return data;
}

export function toAclRows(acls: readonly AclEntry[]): readonly AclRow[] {
  const rows = new Map<string, { readonly row: Omit<AclRow, "acls">; readonly acls: Map<string, AclEntry> }>();
  for (const acl of acls) {
    const { principal, host, resource_type, resource_name, pattern_type, operation, permission } = acl;
    const key = [principal, host, resource_type, resource_name, pattern_type].join("\n");
    const resource = `${resource_type.toLowerCase().replaceAll("_", " ")} ${resource_name}${pattern_type === "PREFIXED" ? "*" : ""}`;
    const found = rows.get(key) ?? {
      row: { key, principal, host, resource, pattern: pattern_type.toLowerCase() },
      acls: new Map<string, AclEntry>(),
    };
    if (!found.acls.has(operation) || permission === "DENY") found.acls.set(operation, acl);
    rows.set(key, found);
  }
  return [...rows.values()].map(({ row, acls: cells }) => ({ ...row, acls: cells })).sort((one, other) => (one.key < other.key ? -1 : 1));
}
