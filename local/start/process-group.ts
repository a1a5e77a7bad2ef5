/** A program that `npm start` runs beside itself, as a process group of its own that never outlives us. */
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { projectFolder } from "../build/service-map.js";
import { hasEnded, identityOf, isAlive, type ProcessIdentity } from "../processes/identity.js";

/** Batches in hand are finished and their offsets committed within it; one that takes longer (its target is away) comes again at the next start. */
const stopTimeoutMs = 6_000;
const killTimeoutMs = 5_000;
const lastLinesMax = 40;

export interface Ending {
  readonly code: number | null;
  /** Its last words. */
  readonly lastLines: readonly string[];
}

export interface ProcessGroup {
  /** Resolves when it has ended, by itself or by `stop`. */
  readonly ended: Promise<Ending>;
  /** Asks its leader to end in good order, and ends the whole group when that takes too long. */
  readonly stop: () => Promise<void>;
}

export interface ProgramOptions {
  /** Names its pid file in the run folder. */
  readonly name: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly runFolder: string;
  readonly onLine: (line: string) => void;
}

/** Runs a Node program; every line that it writes is handed to `onLine`. */
export function startGroup({ name, args, env, runFolder, onLine }: ProgramOptions): ProcessGroup {
  mkdirSync(runFolder, { recursive: true });
  const pidFile = join(runFolder, `${name}.pid`);
  const child = spawn(process.execPath, [...args], {
    cwd: projectFolder,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own: Ctrl-C in the terminal must reach it once, by us, so that batches in hand are finished.
    detached: true,
  });
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
  return {
    ended: new Promise((resolve) => {
      child.once("error", (error) => resolve({ code: 1, lastLines: [error.message] }));
      child.once("close", (code) => resolve({ code, lastLines }));
    }),
    stop: async () => {
      if (identity !== undefined) await stopGroup(identity);
      rmSync(pidFile, { force: true });
    },
  };
}

/** Ends what a killed run has left. Nothing is lost by not asking: offsets are committed after success alone. */
export async function endLeftovers(runFolder: string): Promise<void> {
  mkdirSync(runFolder, { recursive: true });
  for (const file of readdirSync(runFolder).filter((name) => name.endsWith(".pid"))) {
    const [group = "", startTime = ""] = readFileSync(join(runFolder, file), "utf8").split("\n");
    const identity = { pid: Math.abs(Number(group)), startTime };
    if (isAlive(identity)) {
      killGroup(identity);
      await hasEnded(identity, killTimeoutMs);
    }
    rmSync(join(runFolder, file), { force: true });
  }
}

async function stopGroup(identity: ProcessIdentity): Promise<void> {
  // Only the leader is asked: it ends its workers in good order, after their batches.
  if (isAlive(identity)) process.kill(identity.pid, "SIGINT");
  await hasEnded(identity, stopTimeoutMs);
  killGroup(identity);
  await hasEnded(identity, killTimeoutMs);
}

function killGroup({ pid }: ProcessIdentity): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group is gone, as it should be.
  }
}
