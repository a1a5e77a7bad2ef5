/** A lock between processes: a file with the identity of its holder. A dead holder does not hold the lock. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { identityOf, isAlive, type ProcessIdentity } from "./identity.js";

const pollMs = 100;

/** Waits for the lock and returns a function that releases it. `what` is the error message if the wait is too long. */
export async function acquireLock(file: string, withinMs: number, what: string): Promise<() => void> {
  mkdirSync(dirname(file), { recursive: true });
  const self = identityOf(process.pid) ?? { pid: process.pid, startTime: "" };
  const until = Date.now() + withinMs;
  for (;;) {
    try {
      writeFileSync(file, JSON.stringify(self), { flag: "wx" });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = holderIn(file);
    if (holder !== undefined && !isAlive(holder)) rmSync(file, { force: true });
    else if (Date.now() >= until) throw new Error(`${what} (the lock is ${file}, held by process ${holder?.pid ?? "unknown"})`);
    else await wait(pollMs);
  }
}

/** Undefined while the file is being written. */
function holderIn(file: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as ProcessIdentity;
  } catch {
    return undefined;
  }
}
