/**
 * A scheduled function that writes one record to a topic of its own and reads it again: `export const handler = canary()`. Its metrics have data while nobody calls the
 * API, so an alarm may expect them. It also asks Lambda about the mappings of routes, whose state no metric shows.
 */
import { randomUUID } from "node:crypto";
import { type Config, config as environmentConfig } from "../config.js";
import { createDeadline, type Deadline } from "../deadline.js";
import { RelayError, toRelayError } from "../errors.js";
import { createTopics } from "../kafka/admin/topics.js";
import { createKafka, type Kafka, toKafkaOptions } from "../kafka/kafka.js";
import { parseTopicName } from "../kafka/topic-name.js";
import type { InvocationContext } from "../relay/relay.js";
import { createTelemetry, type Telemetry, toTelemetryOptions } from "../telemetry.js";
import { type AskMapping, askLambda, problemsOf, readNamedMappings } from "./mappings.js";

export interface CanaryHandler {
  /** What it found; it never throws, because the metrics report a failure. */
  (event?: unknown, invocation?: InvocationContext): Promise<CanaryReport>;
  /** For the deployment, which grants it its topic. */
  readonly isCanary: true;
  readonly close: () => Promise<void>;
}

interface CanaryReport {
  readonly record: "written and read" | "failed";
  readonly latencyMs?: number;
  readonly failure?: string;
  /** Routes whose mapping does not run, with the reason; undefined where no mappings are named, or Lambda did not answer. */
  readonly stopped?: Readonly<Record<string, string>>;
}

/** For tests; a Lambda function takes everything from its environment. */
interface CanaryOptions {
  readonly config?: Config;
  readonly kafka?: Kafka;
  readonly telemetry?: Telemetry;
  readonly askMapping?: AskMapping;
}

const invocationMsDefault = 25_000;
/** For the record; what is left is for the mappings. */
const recordMsMax = 15_000;
const marginMs = 1_000;
const retentionMs = 3_600_000;

export function canary(options: CanaryOptions = {}): CanaryHandler {
  const config = (): Config => options.config ?? environmentConfig();
  let { kafka, telemetry } = options;
  const reporter = (): Telemetry => {
    telemetry ??= createTelemetry(toTelemetryOptions(config()));
    return telemetry;
  };
  const cluster = (): Kafka => {
    kafka ??= createKafka(toKafkaOptions(config()));
    return kafka;
  };
  const handle = async (_event?: unknown, invocation?: InvocationContext): Promise<CanaryReport> => {
    const deadline = createDeadline((invocation?.getRemainingTimeInMillis() ?? invocationMsDefault) - marginMs);
    const record = await checkRecord(cluster, config().RELAY_CANARY_TOPIC, deadline);
    reportRecord(record, reporter());
    const stopped = await checkMappings(config().RELAY_CANARY_MAPPINGS, options.askMapping ?? askLambda, deadline, reporter());
    return { ...record, ...(stopped === undefined ? {} : { stopped }) };
  };
  const close = async (): Promise<void> => {
    if (options.kafka === undefined) await kafka?.close();
  };
  return Object.assign(handle, { isCanary: true as const, close });
}

async function checkRecord(kafka: () => Kafka, topic: string, deadline: Deadline): Promise<CanaryReport> {
  const startedMs = performance.now();
  const until = createDeadline(Math.min(recordMsMax, deadline.leftMs()));
  try {
    await writeAndRead(kafka(), topic, until);
    return { record: "written and read", latencyMs: Math.round(performance.now() - startedMs) };
  } catch (thrown) {
    return { record: "failed", failure: toRelayError(thrown).message };
  }
}

async function writeAndRead(kafka: Kafka, name: string, deadline: Deadline): Promise<void> {
  const value = Buffer.from(randomUUID());
  const { partition, offset } = await write(kafka, name, value, deadline);
  const limits = { bytesMax: 65_536, recordsMax: 1, waitMs: 1_000 };
  const [found] = await kafka.reader.read([{ topic: name, partition, offset }], limits, deadline);
  if (found?.error !== undefined) throw found.error;
  const [record] = found?.records ?? [];
  if (record?.value?.equals(value) !== true)
    throw new RelayError(
      "kafka-unreachable",
      `The record at offset ${offset} of ${name}-${partition} was acknowledged, but another one or none was read there.`,
    );
}

/** The topic is made when it is first needed. */
async function write(
  kafka: Kafka,
  name: string,
  value: Buffer,
  deadline: Deadline,
): Promise<{ readonly partition: number; readonly offset: bigint }> {
  const topic = parseTopicName(name);
  const record = { key: null, value, headers: [] };
  const outcomes = await kafka.producer.produce(topic, [record], deadline).catch(async (thrown: unknown) => {
    if (toRelayError(thrown).code !== "topic-not-found") throw thrown;
    await makeTopic(kafka, name, deadline);
    return kafka.producer.produce(topic, [record], deadline);
  });
  const [outcome] = outcomes;
  if (outcome === undefined || outcome.outcome !== "written")
    throw outcome?.error ?? new RelayError("internal", "The producer gave no outcome.");
  return outcome;
}

async function makeTopic(kafka: Kafka, name: string, deadline: Deadline): Promise<void> {
  const configs = [{ name: "retention.ms", value: String(retentionMs) }];
  const [made] = await createTopics(kafka, [{ name, partitionsCount: 1, configs }], deadline);
  // Another environment may have been faster.
  if (made instanceof RelayError && made.code !== "topic-exists") throw made;
}

function reportRecord({ record, latencyMs, failure }: CanaryReport, telemetry: Telemetry): void {
  const isWell = record === "written and read";
  telemetry.metrics({}, { CanaryRecords: { unit: "Count", value: isWell ? 1 : 0 } });
  if (latencyMs !== undefined) telemetry.metrics({}, { CanaryLatency: { unit: "Milliseconds", value: latencyMs } });
  if (!isWell) telemetry.log("error", "canary failed", { failure });
}

/** Without an answer of Lambda there is no metric, which the alarm treats as a fault. */
async function checkMappings(
  named: string | undefined,
  ask: AskMapping,
  deadline: Deadline,
  telemetry: Telemetry,
): Promise<Readonly<Record<string, string>> | undefined> {
  const mappings = readNamedMappings(named);
  if (mappings.length === 0) return undefined;
  try {
    const stopped = await problemsOf(mappings, ask, deadline);
    telemetry.metrics({}, { StoppedMappings: { unit: "Count", value: Object.keys(stopped).length } });
    for (const [route, reason] of Object.entries(stopped)) telemetry.log("error", "mapping stopped", { route, reason });
    return stopped;
  } catch (thrown) {
    telemetry.log("error", "mappings unknown", { reason: thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown) });
    return undefined;
  }
}
