/** The run's three-node cluster, for tests that kill, stop and freeze brokers. Started on demand, once a run; one test file has it at a time. */
import { join } from "node:path";
import { afterAll, afterEach, beforeAll } from "vitest";
import type { Kafka } from "../../../lib/kafka/kafka.js";
import { type Cluster, startBroker } from "../../../local/broker/cluster.js";
import { waitForBrokers } from "../../../local/broker/probe.js";
import { acquireLock } from "../../../local/processes/lock.js";
import { busyCleaner, runFolder } from "../run/run-folder.js";
import { testKafka } from "./kafka.js";

const turnTimeoutMs = 5 * 60_000;
const healTimeoutMs = 120_000;

export interface ThreeNodes extends Cluster {
  /** Thaws and starts again what a test left frozen or dead, and waits until all three are back. */
  readonly heal: () => Promise<void>;
  /** Heals, and lets the next test file have it. */
  readonly release: () => Promise<void>;
}

/**
 * Gives the tests of a file the three nodes and a client of them. The nodes are healed after each test. `beforeAll` has five minutes, because the file waits for
 * its turn.
 */
export function onThreeNodes(use: (cluster: ThreeNodes, kafka: Kafka) => void, options: { readonly requestTimeoutMs?: number } = {}): void {
  let cluster: ThreeNodes | undefined;
  let kafka: Kafka | undefined;
  beforeAll(async () => {
    cluster = await threeNodes();
    kafka = testKafka({ brokers: cluster.brokers, ...options });
    use(cluster, kafka);
  }, turnTimeoutMs);
  afterEach(() => cluster?.heal(), turnTimeoutMs);
  afterAll(async () => {
    await kafka?.close();
    await cluster?.release();
  }, turnTimeoutMs);
}

/** Waits for its turn: give `beforeAll` five minutes. */
export async function threeNodes(): Promise<ThreeNodes> {
  const folder = join(runFolder(), "three-nodes");
  const free = await acquireLock(`${folder}.lock`, turnTimeoutMs, "Another test file has had the three nodes for too long");
  try {
    const cluster = await startBroker({ nodes: 3, dataFolder: folder, properties: busyCleaner });
    const heal = () => healNodes(cluster);
    await heal();
    return {
      ...cluster,
      heal,
      release: async () => {
        try {
          await heal();
        } finally {
          free();
        }
      },
    };
  } catch (error) {
    free();
    throw error;
  }
}

async function healNodes({ nodes }: Cluster): Promise<void> {
  for (const node of nodes) if (node.isRunning) node.thaw();
  await Promise.all(nodes.filter(({ isRunning }) => !isRunning).map((node) => node.restart()));
  await Promise.all(
    nodes.map(({ address }) => waitForBrokers(Number(address.split(":")[1]), nodes.length, healTimeoutMs, () => undefined)),
  );
}
