/** Identifies a process by its pid and its start time, because the system reuses pids. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

export interface ProcessIdentity {
  readonly pid: number;
  /** The start time in the system's own unit: only for comparison. */
  readonly startTime: string;
}

/** How often a process is checked while waiting for its end. */
const pollMs = 25;

/** The identity of a live process; undefined if there is no such process. A zombie does not count as live. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const startTime = process.platform === "linux" ? startTimeFromProc(pid) : startTimeFromPs(pid);
  return startTime === undefined ? undefined : { pid, startTime };
}

export function isAlive({ pid, startTime }: ProcessIdentity): boolean {
  return identityOf(pid)?.startTime === startTime;
}

/** Sends a signal if it is still the same process, and returns whether it was. */
export function signal(identity: ProcessIdentity, name: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    process.kill(identity.pid, name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

/** Waits until the process has ended. Returns false if it did not end within the time limit. */
export async function hasEnded(identity: ProcessIdentity, withinMs: number): Promise<boolean> {
  const until = Date.now() + withinMs;
  while (isAlive(identity)) {
    if (Date.now() >= until) return false;
    await wait(pollMs);
  }
  return true;
}

/** Asks the process to end, and kills it if it does not end within the time limit. */
export async function end(identity: ProcessIdentity, withinMs: number): Promise<void> {
  if (!signal(identity, "SIGTERM")) return;
  signal(identity, "SIGCONT");
  if (await hasEnded(identity, withinMs)) return;
  signal(identity, "SIGKILL");
  await hasEnded(identity, 5_000);
}

/** The command line of a live process, if this user may see it. */
export function commandOf(pid: number): string | undefined {
  try {
    if (process.platform === "linux") return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim() || undefined;
    return execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}

function startTimeFromProc(pid: number): string | undefined {
  try {
    // The second field is the name in parentheses, which may contain anything. The state follows it, and the start time is field 22.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function startTimeFromPs(pid: number): string | undefined {
  try {
    const text = execFileSync("ps", ["-o", "state=,lstart=", "-p", String(pid)], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    const [state = "", ...started] = text.trim().split(/\s+/);
    return state === "" || state.startsWith("Z") ? undefined : started.join(" ");
  } catch {
    return undefined;
  }
}
