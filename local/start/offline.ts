/** serverless-offline with the Kafka triggers, as a process group of its own that never outlives us. */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { projectFolder } from "../build/service-map.js";
import { hasEnded, identityOf, isAlive, type ProcessIdentity } from "../processes/identity.js";
import { leash } from "../processes/leash.js";

/** Batches in hand are finished and their offsets committed within it. */
const stopTimeoutMs = 20_000;
const lastLinesMax = 40;

export interface Offline {
  /** Resolves when it has ended, by itself or by `stop`, with its last words. */
  readonly ended: Promise<{ readonly code: number | null; readonly lastLines: readonly string[] }>;
  readonly stop: () => Promise<void>;
}

/** Every line that it or a function writes is handed to `onLine`. */
export function startOffline(runFolder: string, env: NodeJS.ProcessEnv, onLine: (line: string) => void): Offline {
  mkdirSync(runFolder, { recursive: true });
  const pidFile = join(runFolder, "offline.pid");
  const ownLeash = leash(runFolder);
  const child = spawn(
    process.execPath,
    [join(projectFolder, "node_modules/serverless/bin/serverless.js"), "offline", "start", "--stage", "local"],
    {
      cwd: projectFolder,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own: Ctrl-C in the terminal must reach it once, by us, so that batches in hand are finished.
      detached: true,
    },
  );
  const { pid } = child;
  const identity: ProcessIdentity | undefined = pid === undefined ? undefined : identityOf(pid);
  // The first line is the whole group, for the leash; the second tells a later process of that number from this one.
  if (pid !== undefined) writeFileSync(pidFile, `-${pid}\n${identity?.startTime ?? ""}\n`);
  const lastLines: string[] = [];
  const take = (line: string) => {
    lastLines.push(line);
    if (lastLines.length > lastLinesMax) lastLines.shift();
    onLine(line);
  };
  createInterface({ input: child.stdout }).on("line", take);
  createInterface({ input: child.stderr }).on("line", take);
  const ended = new Promise<{ code: number | null; lastLines: readonly string[] }>((resolve) => {
    child.once("error", (error) => resolve({ code: 1, lastLines: [error.message] }));
    child.once("close", (code) => resolve({ code, lastLines }));
  });
  return {
    ended,
    stop: async () => {
      if (pid !== undefined && identity !== undefined) await stopGroup(identity);
      rmSync(pidFile, { force: true });
      ownLeash.drop();
    },
  };
}

/** Ends what a killed run has left: its serverless-offline with all workers. Nothing is lost by not asking: offsets are committed after success alone. */
export async function endLeftover(runFolder: string): Promise<void> {
  const pidFile = join(runFolder, "offline.pid");
  try {
    const [group = "", startTime = ""] = readFileSync(pidFile, "utf8").split("\n");
    const identity = { pid: Math.abs(Number(group)), startTime };
    if (!isAlive(identity)) return;
    process.kill(-identity.pid, "SIGKILL");
    await hasEnded(identity, stopTimeoutMs);
  } catch {
    // No pid file: nothing was left.
  } finally {
    rmSync(pidFile, { force: true });
  }
}

async function stopGroup(identity: ProcessIdentity): Promise<void> {
  // Only the leader is asked: it ends its workers in good order, after their batches.
  if (isAlive(identity)) process.kill(identity.pid, "SIGINT");
  await hasEnded(identity, stopTimeoutMs);
  try {
    process.kill(-identity.pid, "SIGKILL");
  } catch {
    // The group is gone, as it should be.
  }
}
