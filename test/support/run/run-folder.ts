/**
 * What one test run shares between its processes: a folder with its brokers and everybody's temporary files, named by environment variables, and a leash,
 * so that nothing of it outlives the run, however that ends.
 */
import { type Dirent, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cluster, startBroker } from "../../../local/broker/cluster.js";
import { hasEnded, identityOf, isAlive } from "../../../local/processes/identity.js";
import { leash } from "../../../local/processes/leash.js";

const variable = "KAFKA_RELAY_TEST_FOLDER";
const singleNode = "single-node";
const endTimeoutMs = 10_000;

interface RunFolder {
  readonly path: string;
  /** Ends every process of the run that has left its number there, and deletes the folder. */
  readonly remove: () => Promise<void>;
}

/** Is this process below one that has made the folder? */
export const isInRun = (): boolean => existsSync(process.env[variable] ?? "");

/** Makes the folder of this run, and tells the processes below where it is. */
export function createRunFolder(): RunFolder {
  const path = mkdtempSync(join(tmpdir(), "kafka-relay-test-"));
  const temporary = join(path, "tmp");
  mkdirSync(temporary);
  process.env[variable] = path;
  // What tests, and what they start, leave among the temporary files goes with the folder.
  process.env.TMPDIR = temporary;
  const ownLeash = leash(path, { removes: true });
  return {
    path,
    remove: async () => {
      await endAll(path);
      ownLeash.drop();
      rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}

/** The folder of this run; throws outside of one. */
export function runFolder(): string {
  const path = process.env[variable];
  if (path === undefined)
    throw new Error(`${variable} is not set: this suite needs test/support/broker/broker-setup.ts as its globalSetup`);
  return path;
}

/** The process group that this process leads is ended with the run, whatever becomes of who started it. */
export function endsWithRun(name: string, pid: number): void {
  writeFileSync(join(runFolder(), `${name}-${pid}.pid`), `-${pid}\n${identityOf(pid)?.startTime ?? ""}\n`);
}

/**
 * The cleaner, which deletes records by their timestamp, begins at once and comes often: a test whose records are too old for their topic fails always, and not
 * only where the machine is slow.
 */
export const busyCleaner = { "log.initial.task.delay.ms": "0", "log.retention.check.interval.ms": "500" } as const;

/** The run's single node, with room for all suites at once. */
export function startRunBroker(progress?: (line: string) => void): Promise<Cluster> {
  return startBroker({
    nodes: 1,
    dataFolder: join(runFolder(), singleNode),
    heapMb: 384,
    properties: busyCleaner,
    ...(progress === undefined ? {} : { progress }),
  });
}

/** Its data is deleted with it, so nothing is lost by not asking politely. A negative number is a whole group, which may outlive its leader. */
async function endAll(folder: string): Promise<void> {
  await Promise.all(
    pidFilesIn(folder).map(async (file) => {
      const [number = "", startTime = ""] = readFileSync(file, "utf8").split("\n");
      const identity = { pid: Math.abs(Number(number)), startTime };
      // Neither nobody's number (it may be somebody else's by now) nor 0, which is ourselves.
      if (identity.pid <= 1 || (identityOf(identity.pid) !== undefined && !isAlive(identity))) return;
      try {
        process.kill(Number(number), "SIGKILL");
      } catch {
        // It has ended, as it should.
      }
      await hasEnded(identity, endTimeoutMs);
    }),
  );
}

/** Brokers that still run delete folders of their data while we look: one that has gone holds nothing of interest. */
function pidFilesIn(folder: string): readonly string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return pidFilesIn(path);
    return entry.name.endsWith(".pid") ? [path] : [];
  });
}
