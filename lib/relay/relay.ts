/** A route as a Lambda function: `export const handler = relay(route)`. */
import { type Config, config as environmentConfig } from "../config.js";
import { createDeadline } from "../deadline.js";
import { toRelayError } from "../errors.js";
import { createKafka, type Kafka, toKafkaOptions } from "../kafka/kafka.js";
import { readKafkaEvent } from "../kafka-event/read.js";
import type { KafkaBatchResponse } from "../kafka-event/shape.js";
import { encoderOf } from "../schemas/on-demand.js";
import { createSecrets } from "../secrets.js";
import { createTelemetry, type Telemetry, toTelemetryOptions } from "../telemetry.js";
import { relayBatch } from "./batch/batch.js";
import { breakerOf } from "./batch/breaker.js";
import { type Clock, systemClock } from "./batch/clock.js";
import { createHeldRecords } from "./batch/held.js";
import { reportBatch } from "./batch/report.js";
import { toResponse } from "./batch/response.js";
import { createSettledMemory } from "./batch/settled.js";
import { redriveMarkOf } from "./dead-letters/redrive-mark.js";
import { deadLettersOf } from "./dead-letters/writer.js";
import type { Target, TargetContext } from "./delivery.js";
import { createDecode } from "./route/decoding.js";
import { createEncode } from "./route/encoding.js";
import type { Route } from "./route.js";
import { publishBatch, publishFailedBatch } from "./status/batch-summary.js";
import { answerQuestion } from "./status/route-question.js";

/** The part of Lambda's context that a route uses. */
export interface InvocationContext {
  readonly getRemainingTimeInMillis: () => number;
}

export interface RelayHandler {
  /** Answers a question (`route-question.ts`) too. Throws if a record is given back and the mapping does not accept partial failures; the batch is then delivered again. */
  (event: unknown, context?: InvocationContext): Promise<KafkaBatchResponse>;
  readonly route: Route;
  /** Closes the target and the cluster, where they were opened. */
  readonly close: () => Promise<void>;
}

/** For tests and programs that run a route themselves; a Lambda function takes everything from its environment. */
export interface RelayOptions {
  readonly config?: Config;
  readonly kafka?: Kafka;
  readonly telemetry?: Telemetry;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly context?: Partial<TargetContext>;
}

/** Where the caller gives no time left. */
const invocationMsDefault = 60_000;

/** Nothing is read or connected before the first event. */
export function relay(route: Route, options: RelayOptions = {}): RelayHandler {
  const { clock = systemClock, random = Math.random } = options;
  const config = (): Config => options.config ?? environmentConfig();
  let { kafka, telemetry } = options;

  const cluster = (): Kafka => {
    kafka ??= createKafka(toKafkaOptions(config()));
    return kafka;
  };
  const target = openedOnce(() => route.target.open({ ...targetContext(config(), cluster), ...options.context }));
  const namespaceFor = (event: unknown): string => route.namespace ?? config().RELAY_NAMESPACE ?? namespaceOf(event);
  const conversions = { decode: createDecode(route, config), encode: createEncode(route.target.encode, () => encoderOf(config())) };
  const memory = createSettledMemory(clock.now);
  const held = createHeldRecords();
  const deadLetters = deadLettersOf(route, cluster, clock.now, (topic, reason) =>
    telemetry?.log("warn", "dead letter topic loses dead letters", { route: route.name, topic, reason }),
  );

  const handle = async (event: unknown, context?: InvocationContext): Promise<KafkaBatchResponse> => {
    const answer = answerQuestion(event, route, () => namespaceFor(event), conversions.decode);
    if (answer !== undefined) return (await answer) as unknown as KafkaBatchResponse;
    const startedMs = performance.now();
    const leftMs = (context?.getRemainingTimeInMillis() ?? invocationMsDefault) - route.timeLeftMarginMs;
    const { RELAY_PARTIAL_RESPONSES: partialResponses, RELAY_EVENT_RECORD_FORMAT: recordFormat } = config();
    telemetry ??= createTelemetry(toTelemetryOptions(config()));
    const partitions = readKafkaEvent(event, recordFormat);
    const cluster = clusterOf(event);
    const breaker = breakerOf(route.target, route.breaker);
    const failed = (thrown: unknown): never => {
      publishFailedBatch(route.name, partitions, toRelayError(thrown), breaker, clock.now());
      throw thrown;
    };
    const entries = await relayBatch(partitions, {
      route,
      target: await target.open().catch(failed),
      deadLetters,
      ...conversions,
      breaker,
      clock,
      random,
      deadline: createDeadline(leftMs, clock.now),
      namespace: namespaceFor(event),
      settled: memory.recall(partitions, cluster),
      isHeld: held.has,
      redrive: redriveMarkOf(event),
    }).catch(failed);
    held.learn(entries);
    publishBatch(route.name, entries, breaker, clock.now());
    reportBatch(entries, route, telemetry, Math.round(performance.now() - startedMs));
    const isThrownBack = !partialResponses && entries.some(({ verdict }) => verdict === "given-back");
    if (isThrownBack) memory.keep(partitions, cluster, entries);
    else memory.forget(partitions, cluster);
    return toResponse(entries, partitions, partialResponses);
  };
  const close = async (): Promise<void> => {
    await target.close();
    if (options.kafka === undefined) await kafka?.close();
  };
  return Object.assign(handle, { route, close });
}

interface OpenedOnce {
  readonly open: () => Promise<Target>;
  readonly close: () => Promise<void>;
}

/** Opens the target on first use, and again after it could not be opened. */
function openedOnce(open: () => Target | Promise<Target>): OpenedOnce {
  let opened: Promise<Target> | undefined;
  return {
    open: () => {
      opened ??= Promise.resolve(open()).catch((thrown: unknown) => {
        opened = undefined;
        throw thrown;
      });
      return opened;
    },
    close: async () => (await opened?.catch(() => undefined))?.close(),
  };
}

function targetContext(config: Config, kafka: () => Kafka): TargetContext {
  return {
    kafka,
    secret: createSecrets(),
    allowPrivateAddresses: config.RELAY_ALLOW_PRIVATE_ADDRESSES,
    region: config.AWS_REGION,
  };
}

/** The cluster that an event is from, as far as it says so. A cluster that was created again has the same brokers, but usually another ARN. */
function clusterOf(event: unknown): string {
  const { eventSourceArn, bootstrapServers } = event as { readonly eventSourceArn?: unknown; readonly bootstrapServers?: unknown };
  return String(eventSourceArn ?? bootstrapServers ?? "");
}

/** A cluster by the name and id in its ARN, which do not change. Brokers change, so a self-managed cluster is "kafka" unless it is named. */
function namespaceOf(event: unknown): string {
  const { eventSourceArn } = event as { readonly eventSourceArn?: unknown };
  return typeof eventSourceArn === "string" ? eventSourceArn.replaceAll("/", ":") : "kafka";
}
