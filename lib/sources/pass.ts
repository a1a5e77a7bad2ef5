/** Takes items through the rules of their source: the relay of routes, with the source's items as its records and a Kafka topic as its target. */
import type { Config } from "../config.js";
import { RelayError } from "../errors.js";
import type { Kafka } from "../kafka/port.js";
import type { KafkaRecord } from "../kafka/records.js";
import { relayBatch } from "../relay/batch/batch.js";
import { breakerOf } from "../relay/batch/breaker.js";
import type { Clock } from "../relay/batch/clock.js";
import type { Entry } from "../relay/batch/entry.js";
import type { DeadLetters } from "../relay/batch/parts.js";
import { reportBatch } from "../relay/batch/report.js";
import { deadLettersOf } from "../relay/dead-letters/writer.js";
import type { Target } from "../relay/delivery.js";
import type { ReadSecret } from "../secrets.js";
import type { Telemetry } from "../telemetry.js";
import type { Source } from "./define-source.js";
import { withDeliveryId } from "./delivery-id.js";
import { enveloped } from "./envelope.js";
import type { ItemResult, Pass, SourceLane } from "./origin.js";

interface PassWorld {
  readonly clock: Clock;
  readonly random: () => number;
  readonly secret: ReadSecret;
}

/** What is kept for one cluster: a source that is called has the cluster of its host. */
interface Opened {
  readonly target: Promise<Target>;
  readonly deadLetters: DeadLetters;
}

interface Passes {
  readonly with: (kafka: () => Kafka, config: Config, telemetry: Telemetry) => Pass;
  readonly close: () => Promise<void>;
}

export function createPass(source: Source, world: PassWorld): Passes {
  const opened = new Map<Kafka, Opened>();
  return {
    with: (kafka, config, telemetry) => async (lanes, deadline) => {
      const startedMs = performance.now();
      const cluster = kafka();
      const { target, deadLetters } = opened.get(cluster) ?? open(source, cluster, config, telemetry, world, opened);
      const partitions = lanes.map((items, lane) => ({ id: `${source.name}-${lane}`, records: toRecords(source, items, lane) }));
      const entries = await relayBatch(partitions, {
        route: source.route,
        target: await target,
        deadLetters,
        breaker: breakerOf(source.route.target, source.route.breaker),
        clock: world.clock,
        random: world.random,
        deadline,
        namespace: source.name,
        refusalOf: ({ partition, offset }) => lanes[partition]?.[Number(offset)]?.refusal,
      });
      reportBatch(entries, source.route, telemetry, Math.round(performance.now() - startedMs));
      return inLanes(entries, lanes);
    },
    close: async () => {
      for (const { target } of opened.values()) await (await target.catch(() => undefined))?.close();
    },
  };
}

function open(
  { route }: Source,
  kafka: Kafka,
  config: Config,
  telemetry: Telemetry,
  { clock, secret }: PassWorld,
  opened: Map<Kafka, Opened>,
): Opened {
  const context = { kafka: () => kafka, secret, allowPrivateAddresses: false, region: config.AWS_REGION };
  const target = Promise.resolve(route.target.open(context));
  // Another cluster's secret may be there the next time.
  target.catch(() => opened.delete(kafka));
  const deadLetters = deadLettersOf(
    route,
    () => kafka,
    clock.now,
    (topic, reason) => telemetry.log("warn", "dead letter topic loses dead letters", { source: route.name, topic, reason }),
  );
  const parts = { target, deadLetters };
  opened.set(kafka, parts);
  return parts;
}

/** The items as records of a topic by the source's name, which does not exist: their places count within the invocation, and their delivery ids identify them. */
function toRecords(source: Source, items: SourceLane, lane: number): readonly KafkaRecord[] {
  return items.map((item, index) => {
    const { key, value, headers, timestampMs } = enveloped(item, source.envelope);
    return {
      topic: source.name,
      partition: lane,
      offset: BigInt(index),
      timestampMs,
      timestampType: "CREATE_TIME",
      key,
      value,
      headers: withDeliveryId(headers, item.id),
    };
  });
}

/** The entries stand lane by lane, in the order of the items. */
function inLanes(entries: readonly Entry[], lanes: readonly SourceLane[]): readonly (readonly ItemResult[])[] {
  let from = 0;
  return lanes.map(({ length }) => {
    const own = entries.slice(from, from + length);
    from += length;
    return own.map(toResult);
  });
}

const results = {
  delivered: { verdict: "delivered" },
  filtered: { verdict: "filtered" },
  "dead-lettered": { verdict: "dead-lettered" },
} as const;

function toResult({ verdict, error }: Entry): ItemResult {
  if (verdict !== undefined && verdict !== "given-back") return results[verdict];
  return { verdict: "given-back", error: error ?? new RelayError("internal", "The record was given back without a reason.") };
}
