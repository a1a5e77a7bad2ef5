/** `kafka-relay serve` from start to end: one process, or a primary with workers. */
import cluster from "node:cluster";
import { announce } from "./announcement.js";
import { type Instance, startInstance } from "./instance.js";
import { hostVariables, parseServeOptions, type ServeFlags, type ServeOptions } from "./options.js";
import { createOutput, type Output } from "./output.js";
import { peerPlaceOf } from "./peers.js";
import { loadRouteModules } from "./routes/load.js";
import { type FoundTraces, findTraces } from "./traces/load.js";
import { createWorkerLink, type Questions } from "./worker-link.js";
import { startWorkers } from "./workers.js";

interface ServeWorld {
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: NodeJS.WritableStream & { readonly writableLength?: number };
  /** Aborted on SIGTERM or Ctrl-C. */
  readonly interrupted: AbortSignal;
}

/** Runs until it is interrupted and everything in progress has ended. Returns whether nothing had to be cut off. Throws `bad-configuration`. */
export async function serve(flags: ServeFlags, { env, stdout, interrupted }: ServeWorld): Promise<boolean> {
  const options = parseServeOptions(flags, env);
  const routes = await routesFor(options, env);
  const output = createOutput(options.log, stdout);
  try {
    const traces = await findTraces(options.traces, output);
    if (cluster.isWorker) return await runWorker(options, routes, output, traces, env, interrupted);
    if (options.workers > 1) return await runPrimary(options, routes, output, traces.line, interrupted);
    const instance = await startInstance(options, routes, output, traces.start?.());
    announce(options, instance.port, output, routes, traces.line);
    await aborted(interrupted);
    sayEnding(output);
    const isFinished = await end(instance, options, output);
    output.say("Ended.", { level: "info", message: "ended" });
    return isFinished;
  } finally {
    output.flush();
  }
}

/** Loaded by the primary too, so that a fault is reported once and before anything starts. */
async function routesFor(options: ServeOptions, env: NodeJS.ProcessEnv): Promise<LoadedRoutes> {
  const { routes: names, stage, kafka } = options;
  if (names === undefined) return undefined;
  const brokers = typeof kafka.brokers === "function" ? [] : kafka.brokers;
  return loadRouteModules({ folder: process.cwd(), env, stage, names, brokers, variables: hostVariables });
}

type LoadedRoutes = Awaited<ReturnType<typeof loadRouteModules>> | undefined;

async function runPrimary(
  options: ServeOptions,
  routes: LoadedRoutes,
  output: Output,
  traces: string | undefined,
  interrupted: AbortSignal,
): Promise<boolean> {
  const workers = await startWorkers(options, output);
  announce(options, workers.port, output, routes, traces);
  try {
    await Promise.race([aborted(interrupted), workers.failed]);
    sayEnding(output);
  } catch (failure) {
    await workers.end(options.drainMs);
    throw failure;
  }
  const isFinished = await workers.end(options.drainMs);
  output.say("Ended.", { level: "info", message: "ended" });
  return isFinished;
}

/** A worker ends when the primary says so, when it gets a signal itself, and (by node:cluster) when the primary is gone. */
async function runWorker(
  options: ServeOptions,
  routes: LoadedRoutes,
  output: Output,
  traces: FoundTraces,
  env: NodeJS.ProcessEnv,
  interrupted: AbortSignal,
): Promise<boolean> {
  const stopped = new AbortController();
  const instance: { readonly started: Promise<Instance> } = {
    started: Promise.resolve().then(() =>
      startInstance(options, routes, output, traces.start?.(), { askAll: link.askAll, leaving: link.leaving, place: peerPlaceOf(env) }),
    ),
  };
  const questions: Questions = {
    metrics: async () => (await instance.started).metrics.json(),
    routes: async () => (await instance.started).knownRoutes(),
  };
  const link = createWorkerLink(process, questions, {
    accept: (socket) => void instance.started.then(({ accept }) => accept(socket)),
    end: () => stopped.abort(),
  });
  const started = await instance.started;
  link.ready();
  await Promise.race([aborted(interrupted), aborted(stopped.signal)]);
  return end(started, options, output);
}

async function end(instance: Instance, { drainMs }: ServeOptions, output: Output): Promise<boolean> {
  const cutOff = await instance.end();
  if (cutOff > 0) output.write({ level: "warn", message: `${cutOff} calls were cut off after ${drainMs} ms.` });
  return cutOff === 0;
}

function sayEnding(output: Output): void {
  output.say("Ending: new calls are refused, and calls in progress are finished.", { level: "info", message: "ending" });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
