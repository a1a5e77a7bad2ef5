/** The broker a bench measures against: the one KAFKA_BROKERS names, else one of its own, whose data goes with it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBroker } from "../../local/broker/cluster.js";

export interface BenchBroker {
  readonly brokers: readonly string[];
  readonly stop: () => Promise<void>;
}

export async function benchBroker(): Promise<BenchBroker> {
  const named = process.env.KAFKA_BROKERS;
  if (named !== undefined && named !== "") return { brokers: named.split(","), stop: async () => {} };
  const dataFolder = mkdtempSync(join(tmpdir(), "kafka-relay-bench-"));
  const cluster = await startBroker({ nodes: 1, dataFolder, heapMb: 512, progress: (line) => console.error(line) });
  return {
    brokers: cluster.brokers,
    stop: async () => {
      await cluster.stop();
      rmSync(dataFolder, { recursive: true, force: true });
    },
  };
}
