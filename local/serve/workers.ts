/** Several processes on one port: starts workers, replaces those that die, passes questions on, and ends them in good order. */
import cluster, { type Worker } from "node:cluster";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RelayError } from "../../lib/errors.js";
import { acceptConnections } from "./connections.js";
import type { ServeOptions } from "./options.js";
import type { Output } from "./output.js";
import { placeVariables } from "./peers.js";
import { listen } from "./server.js";
import { answerTimeoutMs, type Questions, type ToPrimary, tell } from "./worker-link.js";

interface Workers {
  readonly port: number;
  /** Rejects when workers die faster than they can be replaced. */
  readonly failed: Promise<never>;
  /** Asks all of them to end. Returns whether each finished what it was doing. */
  readonly end: (limitMs: number) => Promise<boolean>;
}

/** More deaths than this within a minute are a fault that another start does not cure. */
const deathsMax = 10;
const deathsWithinMs = 60_000;
const firstDelayMs = 100;
const delayMaxMs = 5_000;
const startTimeoutMs = 60_000;
/** Beyond their own limit, for closing connections and writing the last lines. */
const endMarginMs = 3_000;
/** By then the last messages of a worker that has died are read. */
const lastMessageMs = 500;

export async function startWorkers({ workers: count, port, host }: ServeOptions, output: Output): Promise<Workers> {
  const connections = await acceptConnections(async (server) => (await listen(server, port, host)).port);
  const [collect, countDeath] = [createCollector(), createDeathCount()];
  let isEnding = false;
  let areAllUnfinished = true;
  let isClean = true;
  let fail: (error: RelayError) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {}); // the caller waits for it too
  const started = new Set<number>();
  cluster.on("message", (worker, message: ToPrimary) => {
    if (message.kind === "ready") {
      started.add(worker.id);
      connections.add(worker);
      if (isEnding) tell(worker, { kind: "end" }); // it did not listen yet when the others heard it
    } else if (message.kind === "leaving") connections.leave(worker, isEnding);
    else if (message.kind === "confirmed") connections.confirmed(message.id);
    else if (message.kind === "answer") collect.answered(worker, message.id, message.value);
    else if (message.kind === "ask")
      void collect.askAll(message.name).then((values) => tell(worker, { kind: "answers", id: message.id, values }));
  });
  cluster.on("exit", (worker, code, signal) => {
    const hadStarted = started.delete(worker.id);
    // What it confirmed last may still be on its way. There is no "disconnect" for a worker that was killed while it was sent a connection.
    setTimeout(() => connections.remove(worker), lastMessageMs);
    if (isEnding) {
      isClean &&= code === 0;
      return;
    }
    // What one worker cannot start with, the next one cannot either; it has said why.
    if (!hadStarted && areAllUnfinished) return fail(new RelayError("bad-configuration", "A worker could not start."));
    const deaths = countDeath();
    if (deaths > deathsMax) return fail(new RelayError("internal", `Workers died ${deaths} times within ${deathsWithinMs / 1_000} s.`));
    output.write({ level: "warn", message: "A worker died and is replaced", pid: worker.process.pid, code, signal });
    setTimeout(() => isEnding || fork(slots.get(worker.id) ?? 0), Math.min(delayMaxMs, firstDelayMs * 2 ** (deaths - 1)));
  });
  const folder = mkdtempSync(join(tmpdir(), "kafka-relay-serve-"));
  const slots = new Map<number, number>();
  const fork = (slot: number) => slots.set(cluster.fork(placeVariables({ slot, count, folder })).id, slot);
  for (let slot = 0; slot < count; slot++) fork(slot);
  await Promise.race([failed, untilStarted(started, count)]);
  areAllUnfinished = false;
  return {
    port: connections.port,
    failed,
    end: async (limitMs) => {
      isEnding = true;
      for (const worker of living()) tell(worker, { kind: "end" });
      const untilMs = Date.now() + limitMs + endMarginMs;
      while (living().length > 0 && Date.now() < untilMs) await sleep(10);
      const late = living();
      for (const worker of late) worker.process.kill("SIGKILL");
      connections.close();
      rmSync(folder, { recursive: true, force: true });
      return isClean && late.length === 0;
    },
  };
}

/** Returns how many there were within the last minute, this one included. */
function createDeathCount(): () => number {
  const deaths: number[] = [];
  return () => {
    const nowMs = Date.now();
    deaths.push(nowMs);
    while ((deaths[0] ?? nowMs) < nowMs - deathsWithinMs) deaths.shift();
    return deaths.length;
  };
}

const living = (): readonly Worker[] =>
  Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined && !worker.isDead()) as Worker[];

async function untilStarted(started: ReadonlySet<number>, count: number): Promise<void> {
  const untilMs = Date.now() + startTimeoutMs;
  while (started.size < count) {
    if (Date.now() > untilMs)
      throw new RelayError("deadline-exceeded", `Only ${started.size} of ${count} workers started within ${startTimeoutMs / 1_000} s.`);
    await sleep(10);
  }
}

/** Asks every worker, and collects what arrives in time. */
function createCollector() {
  const rounds = new Map<number, { readonly values: unknown[]; readonly missing: Set<number>; readonly done: () => void }>();
  let lastId = 0;
  return {
    answered: (worker: Worker, id: number, value: unknown): void => {
      const round = rounds.get(id);
      if (round === undefined || !round.missing.delete(worker.id)) return;
      round.values.push(value);
      if (round.missing.size === 0) round.done();
    },
    askAll: async (name: keyof Questions): Promise<readonly unknown[]> => {
      const id = ++lastId;
      const workers = living();
      const values: unknown[] = [];
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, answerTimeoutMs);
        const done = (): void => {
          clearTimeout(timer);
          resolve();
        };
        rounds.set(id, { values, missing: new Set(workers.map((worker) => worker.id)), done });
        for (const worker of workers) tell(worker, { kind: "question", id, name });
      });
      rounds.delete(id);
      return values;
    },
  };
}
