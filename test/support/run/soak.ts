/** What the soaks share: faults in an order that a seed decides, a topic as it is described, and a table that stays after the run. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createDeadline } from "../../../lib/deadline.js";
import type { Kafka } from "../../../lib/kafka/kafka.js";
import type { TopicName } from "../../../lib/kafka/records.js";
import { projectFolder } from "../../../local/build/service-map.js";

/** A linear congruential generator: the same faults for the same seed. */
export function createRandom(from: number): () => number {
  let state = from >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

export async function partitionsOf(kafka: Kafka, topic: TopicName) {
  const described = (await kafka.metadata.describe([topic], createDeadline(15_000))).topics.get(topic);
  return described !== undefined && "partitions" in described ? described.partitions : [];
}

/** Writes the table of a soak to `.build/soak/<name>.json`, and prints it. */
export function reportSoak(name: string, table: object): void {
  const folder = join(projectFolder, ".build/soak");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(table, null, 2)}\n`);
  console.log(JSON.stringify(table, null, 2));
}
