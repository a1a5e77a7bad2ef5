/** What every v3 operation below a cluster starts with: check that the cluster in the path is this one, and make its links. */
import * as v from "valibot";
import { assertCluster } from "../../kafka/admin/cluster.js";
import type { OperationContext } from "../operation.js";
import { type Links, linksTo, numberInPath } from "./v3-resources.js";

export const inCluster = v.object({ cluster_id: v.string() });
export const inTopic = v.object({ ...inCluster.entries, topic: v.string() });
export const inPartition = v.object({ ...inTopic.entries, partition: numberInPath });

/** Throws `not-found` for another cluster. */
export async function clusterLinks(context: OperationContext, path: { readonly cluster_id: string }): Promise<Links> {
  await assertCluster(context.kafka, path.cluster_id, context.deadline);
  return linksTo(context.baseUrl, path.cluster_id);
}
