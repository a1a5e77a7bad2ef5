/** Runs routes in this process: the local trigger's library hands batches to the same relay that Lambda runs, and what they do is kept for `GET /routes`. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Kafka } from "../../../lib/kafka/kafka.js";
import { type RelayHandler, relay } from "../../../lib/relay/relay.js";
import { type BatchSummary, batchChannelName } from "../../../lib/relay/status/batch-summary.js";
import { toRouteDescription } from "../../../lib/relay/status/route-description.js";
import { createRouteJournal, type RouteJournal } from "../../../lib/relay/status/route-journal.js";
import { type KnownRoute, noSuchRoute, type RouteProvider, type RouteSource } from "../../../lib/relay/status/route-provider.js";
import { tryRecord } from "../../../lib/relay/status/try-record.js";
import type { Telemetry } from "../../../lib/telemetry.js";
import { createHurriedClock } from "../../cli/routes/hurried-clock.js";
import type { Mapping } from "../../kafka-trigger/src/mapping.js";
import { toEvent } from "../../kafka-trigger/src/poll/event.js";
import { startTrigger, type Trigger } from "../../kafka-trigger/src/trigger.js";
import type { Output } from "../output.js";
import type { BatchTracing } from "../traces/batch-span.js";
import type { LoadedRoute } from "./load.js";

export interface RunningRoutes {
  /** What this process knows of its routes, as plain data. */
  readonly known: () => readonly KnownRoute[];
  readonly tryRecord: RouteProvider["tryRecord"];
  /** For dead letters that go back to their route. */
  readonly handlerOf: (route: string) => { readonly handler: RelayHandler; readonly topics: readonly string[] } | undefined;
  /** Lets running batches end, commits, and leaves the groups, within the time. What a route has not settled by then is delivered again later. */
  readonly drain: (limitMs: number) => Promise<void>;
}

/** How long targets may take to finish their batches when the server ends; what they have not accepted by then is given back. */
const patienceMs = 5_000;

interface RunningRoute {
  readonly loaded: LoadedRoute;
  readonly handler: RelayHandler;
  readonly journal: RouteJournal;
  readonly triggers: readonly Trigger[];
}

export function runRoutes(
  routes: readonly LoadedRoute[],
  kafka: Kafka,
  telemetry: Telemetry,
  output: Output,
  traces?: BatchTracing,
): RunningRoutes {
  const clock = createHurriedClock();
  const running = new Map<string, RunningRoute>();
  for (const loaded of routes) {
    const { route, config, mappings } = loaded;
    const handler = relay(route, { config, kafka, clock, telemetry });
    const triggers = mappings.map((mapping) => startMapping(route.name, mapping, loaded.batchTimeMs, { handler, kafka, output, traces }));
    running.set(route.name, { loaded, handler, journal: createRouteJournal(), triggers });
  }
  const note = (summary: unknown): void => {
    const { route } = summary as BatchSummary;
    running.get(route)?.journal.note(summary as BatchSummary);
  };
  subscribe(batchChannelName, note);
  return {
    known: () => [...running.values()].map(toKnownRoute),
    tryRecord: async (name, record) => {
      const found = running.get(name);
      if (found === undefined) throw noSuchRoute(name, [...running.keys()]);
      const { route, config } = found.loaded;
      return tryRecord(route, record, route.namespace ?? config.RELAY_NAMESPACE ?? "kafka");
    },
    handlerOf: (name) => {
      const found = running.get(name);
      return found && { handler: found.handler, topics: toKnownRoute(found).sources.map(({ topic }) => topic) };
    },
    drain: async (limitMs) => {
      const hurry = setTimeout(clock.hurry, Math.min(patienceMs, limitMs / 2));
      const all = [...running.values()];
      await Promise.all(all.flatMap(({ triggers }) => triggers.map((trigger) => trigger.stop(limitMs))));
      clearTimeout(hurry);
      unsubscribe(batchChannelName, note);
      await Promise.all(all.map(({ handler }) => handler.close()));
    },
  };
}

interface MappingWorld {
  readonly handler: RelayHandler;
  readonly kafka: Kafka;
  readonly output: Output;
  readonly traces: BatchTracing | undefined;
}

function startMapping(route: string, mapping: Mapping, batchTimeMs: number, { handler, kafka, output, traces }: MappingWorld): Trigger {
  const { topic, consumerGroupId: group } = mapping;
  return startTrigger(mapping, {
    kafka,
    say: (line) => output.write({ level: "info", message: `${route}: ${line}` }),
    warn: (line) => output.write({ level: "warn", message: `${route}: ${line}` }),
    invoke: async (runs) => {
      const endsAtMs = Date.now() + batchTimeMs;
      const event = toEvent(mapping, runs);
      const run = () => handler(event, { getRemainingTimeInMillis: () => endsAtMs - Date.now() });
      const answer = await (traces === undefined ? run() : traces.within({ route, topic, group }, event, run));
      return { ok: true, answer, requestId: "" };
    },
    onInvocation: ({ records, verdict, reason }) => {
      if (verdict === "failed")
        output.write({ level: "error", message: `${route}: a batch of ${records} records failed and is delivered again`, reason });
    },
  });
}

function toKnownRoute({ loaded, journal, triggers }: RunningRoute): KnownRoute {
  return {
    name: loaded.route.name,
    description: toRouteDescription(loaded.route),
    fault: null,
    sources: [...triggers.map(toSource), ...loaded.disabled],
    activity: journal.activity(),
  };
}

function toSource(trigger: Trigger): RouteSource {
  const { topic, consumerGroupId: group, batchSize, windowMs, startingPosition, state, partitions } = trigger.status();
  return { topic, group, isEnabled: true, batchSize, windowMs, startingPosition, state, partitions };
}
