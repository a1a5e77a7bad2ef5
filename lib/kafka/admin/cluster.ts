/** Which cluster this is. */
import type { Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import type { Kafka } from "../kafka.js";

/** A cluster's id never changes, so it is asked for once. */
const knownIds = new WeakMap<Kafka, string>();

export async function clusterId(kafka: Kafka, deadline: Deadline): Promise<string> {
  const known = knownIds.get(kafka);
  if (known !== undefined) return known;
  const { clusterId: id } = await kafka.metadata.describe([], deadline);
  knownIds.set(kafka, id);
  return id;
}

/** Throws `not-found` for the id of another cluster. */
export async function assertCluster(kafka: Kafka, id: string, deadline: Deadline): Promise<void> {
  const ours = await clusterId(kafka, deadline);
  if (id !== ours)
    throw new RelayError("not-found", `There is no cluster ${JSON.stringify(id.slice(0, 200))}; this is ${JSON.stringify(ours)}.`);
}
