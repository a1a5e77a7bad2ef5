/** What a program starts ends with it, however it ends. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { hasEnded, identityOf, isAlive, type ProcessIdentity } from "../../../local/processes/identity.js";

const endMsMax = 10_000;
const leashFile = pathToFileURL(join(import.meta.dirname, "../../../local/processes/leash.ts")).href;

let folder: string;
const started: ProcessIdentity[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kafka-relay-leash-"));
});
afterEach(() => {
  for (const { pid } of started.splice(0).filter(isAlive)) process.kill(pid, "SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

function startSleeper(): ProcessIdentity {
  const identity = identityOf(spawn("sleep", ["60"], { stdio: "ignore", detached: true }).pid ?? 0);
  if (identity === undefined) throw new Error("sleep did not start");
  started.push(identity);
  return identity;
}

/** A program that holds a leash on the folder and does nothing else. */
async function startHolder(): Promise<ProcessIdentity> {
  const code = `const { leash } = await import(${JSON.stringify(leashFile)}); leash(${JSON.stringify(folder)}); console.log("held"); setInterval(() => {}, 1e6);`;
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const identity = identityOf(child.pid ?? 0);
  if (identity === undefined) throw new Error("the holder did not start");
  started.push(identity);
  return identity;
}

test("after kill -9, the processes and the groups that its folder names are ended too", async () => {
  const [one, leader, frozen] = [startSleeper(), startSleeper(), startSleeper()];
  process.kill(frozen.pid, "SIGSTOP");
  writeFileSync(join(folder, "one.pid"), `${one.pid}\n${one.startTime}\n`);
  writeFileSync(join(folder, "group.pid"), `-${leader.pid}\n`);
  writeFileSync(join(folder, "frozen.pid"), `${frozen.pid}\n`);
  const holder = await startHolder();
  expect([one, leader, frozen].every(isAlive)).toBe(true);

  process.kill(holder.pid, "SIGKILL");

  expect(await Promise.all([one, leader, frozen].map((sleeper) => hasEnded(sleeper, endMsMax)))).toEqual([true, true, true]);
});
