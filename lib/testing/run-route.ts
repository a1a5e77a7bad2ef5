/** A route run without Kafka and without its target: what it delivers, filters, dead-letters and gives back, with its own order, retries and breaker. */
import { createDeadline } from "../deadline.js";
import type { RelayError } from "../errors.js";
import type { KafkaRecord } from "../kafka/records.js";
import { readKafkaEvent } from "../kafka-event/read.js";
import { relayBatch } from "../relay/batch/batch.js";
import { Breaker } from "../relay/batch/breaker.js";
import type { Entry, Verdict } from "../relay/batch/entry.js";
import type { Delivery, TargetContext } from "../relay/delivery.js";
import type { RelayHandler } from "../relay/relay.js";
import type { Route } from "../relay/route.js";
import { defineTarget } from "../targets/custom.js";
import { kafkaEvent } from "./kafka-event.js";
import { createVirtualClock } from "./virtual-clock.js";

export interface RouteRunOptions {
  /**
   * Stands in for the target: called once per attempt, in the order that the route keeps. Returning acknowledges; throw `refuse(...)` for a record that the target
   * never accepts, `comeBack(...)` for a target that is unavailable. Absent: everything is acknowledged.
   */
  readonly deliver?: (delivery: Delivery) => void | Promise<void>;
  /** Time that the function has, in milliseconds. Default: 60,000. Waits between attempts pass at once and count against it. */
  readonly timeLeftMs?: number;
}

export interface RunMessage {
  /** The delivery id: the same for every repeat of the record. */
  readonly id: string;
  readonly key: string | null;
  /** Parsed where it is JSON, otherwise text; null for a tombstone. */
  readonly value: unknown;
  /** The last one of each name. */
  readonly headers: Readonly<Record<string, string | null>>;
  readonly source: KafkaRecord;
}

export interface RunFailure {
  readonly record: KafkaRecord;
  /** The failure's code, such as "transform-failed"; docs/guarantees.md says what each means. */
  readonly code: string;
  readonly message: string;
}

export interface RouteRun {
  /** What the target acknowledged, in that order. */
  readonly delivered: readonly RunMessage[];
  readonly filtered: readonly KafkaRecord[];
  readonly deadLettered: readonly RunFailure[];
  /** What Lambda would deliver again. */
  readonly givenBack: readonly RunFailure[];
}

const runDefaultMs = 60_000;

/** Runs a route, or the handler that `relay()` made of it, over records. Needs no broker, no network and no waiting. */
export async function runRoute(
  routeOrHandler: Route | RelayHandler,
  given: readonly KafkaRecord[],
  options: RouteRunOptions = {},
): Promise<RouteRun> {
  const route = typeof routeOrHandler === "function" ? routeOrHandler.route : routeOrHandler;
  const clock = createVirtualClock();
  const delivered: RunMessage[] = [];
  const target = defineTarget({
    name: route.target.name,
    deliver: async (delivery) => {
      await options.deliver?.(delivery);
      delivered.push(toRunMessage(delivery));
    },
  });
  const opened = await target.open(nothingToOpen);
  const entries = await clock.runUntil(
    relayBatch(readKafkaEvent(kafkaEvent(given)), {
      route,
      target: opened,
      deadLetters: { write: async (refused) => refused.map(() => undefined) },
      breaker: new Breaker(route.breaker),
      clock,
      random: () => 0.5,
      deadline: createDeadline(options.timeLeftMs ?? runDefaultMs, clock.now),
      namespace: route.namespace ?? "test",
    }),
  );
  await opened.close();
  const having = (verdict: Verdict): readonly Entry[] => entries.filter((entry) => entry.verdict === verdict);
  return {
    delivered,
    filtered: having("filtered").map(({ source }) => source),
    deadLettered: having("dead-lettered").map(toRunFailure),
    givenBack: having("given-back").map(toRunFailure),
  };
}

/** A stand-in for a target opens nothing. */
const nothingToOpen: TargetContext = {
  kafka: () => {
    throw new Error("A route that is run by runRoute has no Kafka.");
  },
  secret: async (reference) => reference,
  allowPrivateAddresses: false,
  region: undefined,
};

function toRunMessage({ id, message, source }: Delivery): RunMessage {
  const { key, value, headers } = message;
  return {
    id,
    key: key?.toString() ?? null,
    value: value === null ? null : (message.document() ?? value.toString()),
    headers: Object.fromEntries(headers.map((header) => [header.name, header.value?.toString() ?? null])),
    source,
  };
}

function toRunFailure({ source, error }: { readonly source: KafkaRecord; readonly error: RelayError | undefined }): RunFailure {
  return { record: source, code: error?.code ?? "internal", message: error?.message ?? "" };
}
