/**
 * What one test run shares between its processes: a folder with its brokers, named by an environment variable, and a leash, so that nothing of it
 * outlives the run, however that ends.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cluster, runningCluster, startBroker } from "../../local/broker/cluster.js";
import { leash } from "../../local/processes/leash.js";

const variable = "KAFKA_RELAY_TEST_FOLDER";
const singleNode = "single-node";

export interface RunFolder {
  readonly path: string;
  /** Ends every broker of the run and deletes the folder. */
  readonly remove: () => Promise<void>;
}

/** Makes the folder of this run and tells the processes below it where it is; undefined where a process above has done so. */
export function createRunFolder(): RunFolder | undefined {
  if (process.env[variable] !== undefined) return undefined;
  const path = mkdtempSync(join(tmpdir(), "kafka-relay-test-"));
  process.env[variable] = path;
  const ownLeash = leash(path);
  return {
    path,
    remove: async () => {
      // Its data is deleted with it, so nothing is lost by not asking politely.
      const nodes = readdirSync(path).flatMap((name) => runningCluster(join(path, name))?.nodes ?? []);
      await Promise.all(nodes.map((node) => node.kill()));
      ownLeash.drop();
      delete process.env[variable];
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** The folder of this run; throws outside of one. */
export function runFolder(): string {
  const path = process.env[variable];
  if (path === undefined) throw new Error(`${variable} is not set: this suite needs test/support/broker-setup.ts as its globalSetup`);
  return path;
}

/** The run's single node, with room for all suites at once. */
export function startRunBroker(progress?: (line: string) => void): Promise<Cluster> {
  return startBroker({ nodes: 1, dataFolder: join(runFolder(), singleNode), heapMb: 384, ...(progress === undefined ? {} : { progress }) });
}
