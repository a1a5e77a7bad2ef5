/** Which cluster this is. */
import type { Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import type { KnowsCluster } from "../cluster-identity.js";
import type { KnowsTopics } from "../metadata.js";

/** Asked for once: every new socket confirms it, and whatever another cluster says replaces it. */
export async function clusterId(kafka: KnowsTopics & KnowsCluster, deadline: Deadline): Promise<string> {
  return kafka.identity.id() ?? (await kafka.metadata.describe([], deadline)).clusterId;
}

/** Throws `not-found` for the id of another cluster. */
export async function assertCluster(kafka: KnowsTopics & KnowsCluster, id: string, deadline: Deadline): Promise<void> {
  const ours = await clusterId(kafka, deadline);
  if (id !== ours) throw new RelayError("not-found", `This is cluster ${JSON.stringify(ours)}, not ${JSON.stringify(id.slice(0, 200))}.`);
}
