/** The topics a start needs: those that the triggers of serverless.yml read, and those that KAFKA_CREATE_TOPICS names. */
import type { TopicSpec } from "../../lib/kafka/admin/topics.js";
import { parseCreateTopics } from "../broker/create-topics.js";
import type { DeployedFunction } from "../build/service-map.js";

/** Enough to see order per partition and work side by side. */
const partitionsCount = 3;

export function topicsToCreate(functions: readonly DeployedFunction[], createTopics: string): readonly TopicSpec[] {
  const asked = parseCreateTopics(createTopics);
  const names = new Set(functions.flatMap(({ triggers }) => triggers.map(({ topic }) => topic)));
  // A topic named by a variable is the framework's to resolve.
  const read = [...names].filter((name) => !name.includes("$") && !asked.some((spec) => spec.name === name));
  return [...read.map((name) => ({ name, partitionsCount })), ...asked];
}
