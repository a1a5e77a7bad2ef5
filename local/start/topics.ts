/** The topics that `npm start` needs: those that the triggers in serverless.yml read, and those in KAFKA_CREATE_TOPICS. */
import type { TopicSpec } from "../../lib/kafka/admin/topics.js";
import { parseCreateTopics } from "../broker/create-topics.js";
import type { DeployedFunction } from "../build/service-map.js";

/** Enough to show order per partition and parallel work. */
const partitionsCount = 3;

export function topicsToCreate(functions: readonly Pick<DeployedFunction, "triggers">[], createTopics: string): readonly TopicSpec[] {
  const asked = parseCreateTopics(createTopics);
  const names = new Set(functions.flatMap(({ triggers }) => triggers.map(({ topic }) => topic)));
  // Only the framework can resolve a topic that is named by a variable.
  const read = [...names].filter((name) => !name.includes("$") && !asked.some((spec) => spec.name === name));
  return [...read.map((name) => ({ name, partitionsCount })), ...asked];
}
