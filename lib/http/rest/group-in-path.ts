/** The group that an operation is about: the one in the path, or the one in `?group_id=` where the path says `-`. Some gateways decode "a%2Fb" before they route, so such a group cannot be in the path. */
import * as v from "valibot";
import type { Permission } from "../../access.js";
import { RelayError } from "../../errors.js";
import type { OperationContext } from "../operation.js";
import { clusterLinks, inCluster } from "./in-cluster.js";
import type { Links } from "./v3-resources.js";

export const inGroup = v.object({ ...inCluster.entries, group: v.string() });
export const groupQuery = v.object({ group_id: v.optional(v.string()) });

interface GroupInput {
  readonly path: { readonly cluster_id: string; readonly group: string };
  readonly query: { readonly group_id?: string | undefined };
}

/**
 * The group's id and the cluster's links, once the caller may do `may` with it: an operation on a group has no `on`, since its path may not name it. Throws
 * `not-found` for another cluster.
 */
export async function namedGroup(
  { path, query }: GroupInput,
  context: OperationContext,
  may: Permission,
): Promise<{ readonly links: Links; readonly groupId: string }> {
  const links = await clusterLinks(context, path);
  const groupId = query.group_id ?? path.group;
  if (path.group !== "-" && path.group !== groupId) {
    throw new RelayError("bad-request", "query: group_id and the path name different groups. Put - in the path to use group_id.");
  }
  context.authorize(may, groupId);
  return { links, groupId };
}
