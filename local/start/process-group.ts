/** A program that `npm start` runs in a process group of its own, which never outlives `npm start`. */
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { projectFolder } from "../build/service-map.js";
import { hasEnded, identityOf, isAlive, type ProcessIdentity } from "../processes/identity.js";

/** Time to finish batches in progress and commit their offsets. A batch that takes longer, such as one whose target is down, is delivered again at the next start. */
const stopTimeoutMs = 6_000;
const killTimeoutMs = 5_000;
const lastLinesMax = 40;

export interface Ending {
  readonly code: number | null;
  /** The last lines of its output. */
  readonly lastLines: readonly string[];
}

export interface ProcessGroup {
  /** Resolves when the program has ended, by itself or by `stop`. */
  readonly ended: Promise<Ending>;
  /** Asks the group's leader to shut down, and kills the whole group if that takes too long. */
  readonly stop: () => Promise<void>;
}

interface ProgramOptions {
  /** The name of its pid file in the run folder. */
  readonly name: string;
  /** Default: Node. */
  readonly command?: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Default: this project's folder. */
  readonly cwd?: string;
  readonly runFolder: string;
  readonly onLine: (line: string) => void;
}

/** Runs a program and passes every line that it writes to `onLine`. */
export function startGroup({
  name,
  command = process.execPath,
  args,
  env,
  cwd = projectFolder,
  runFolder,
  onLine,
}: ProgramOptions): ProcessGroup {
  mkdirSync(runFolder, { recursive: true });
  const pidFile = join(runFolder, `${name}.pid`);
  const child = spawn(command, [...args], {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own: Ctrl-C must reach it only once, from this process, so that it finishes batches in progress.
    detached: true,
  });
  const { pid } = child;
  const identity: ProcessIdentity | undefined = pid === undefined ? undefined : identityOf(pid);
  // The first line names the whole group, for the leash. The second distinguishes this process from a later one with the same pid.
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

/** Kills what a killed run left behind. This is safe without a shutdown, because offsets are committed only after success. */
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
  // Only the leader gets the signal: it ends its workers after their batches.
  if (isAlive(identity)) process.kill(identity.pid, "SIGINT");
  await hasEnded(identity, stopTimeoutMs);
  killGroup(identity);
  await hasEnded(identity, killTimeoutMs);
}

function killGroup({ pid }: ProcessIdentity): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group has already ended.
  }
}
