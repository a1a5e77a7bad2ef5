/** The target "topic": a record goes into a Kafka topic of the same or another cluster; key, value, headers and, unless the route says otherwise, timestamp as they are. */
import * as v from "valibot";
import { parseConfig } from "../config.js";
import { RelayError } from "../errors.js";
import { createKafka, type Kafka, toKafkaOptions } from "../kafka/kafka.js";
import { mskTokensOf } from "../kafka/msk/environment.js";
import type { OutgoingRecord } from "../kafka/records.js";
import { isInternalTopic, parseTopicName } from "../kafka/topic-name.js";
import { flag, oneOf, whole } from "../option-values.js";
import type { Delivery, DeliveryOutcome, TargetContext, TargetDefinition, TargetEncode, TargetPartEncode } from "../relay/delivery.js";
import { checkEncode, type EncodeSettings, type PartEncodeSettings, type SchemaSetting } from "../relay/schema.js";
import { assertConsistent, reference, textOf } from "./option-checks.js";
import { checkOptions, textOrMade } from "./options.js";
import { delivered, failedBy } from "./outcome.js";

/** Another cluster; `username` and `password` may be references to secrets. */
export interface ClusterOptions {
  /** `host:port`, separated by commas. */
  readonly brokers: string;
  readonly ssl?: boolean;
  readonly sasl?: {
    readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512" | "aws-iam";
    readonly username?: string;
    readonly password?: string;
  };
}

export interface TopicOptions {
  /** A topic, or a function that names one for each delivery. It must exist: topics are never created by relaying. */
  readonly topic: string | ((delivery: Delivery) => string);
  /** "key" (default): chosen from the key as the Java client does. "source": the number of the partition it came from. */
  readonly partition?: "key" | "source";
  /**
   * "source" (default): the record's own time, or the one its transform gives. "now": the time of writing, so that the topic's retention counts from then and no
   * record is refused for its time.
   */
  readonly timestamp?: "source" | "now";
  /** By which schema values, and keys, are written: `schema({ subject })`. Absent: as the bytes that they are. */
  readonly encode?: SchemaSetting<EncodeSettings>;
  /** Absent: the cluster that the route reads from. */
  readonly cluster?: ClusterOptions;
  /** How many records one attempt takes; 5,000 where absent. */
  readonly recordsMax?: number;
}

const optionEntries = {
  topic: textOrMade,
  partition: v.optional(oneOf("key", "source")),
  timestamp: v.optional(oneOf("source", "now")),
  recordsMax: v.optional(whole(1, 10_000)),
  // Checked on its own, with messages that name the setting.
  encode: v.optional(v.unknown()),
  cluster: v.optional(
    v.strictObject({
      brokers: textOf(/^(\s*(\[[^\]\s]+\]|[^\s,:[]+):\d{1,5}\s*(,(?=.)|$))+$/, "host:port, separated by commas"),
      ssl: v.optional(flag),
      sasl: v.optional(
        v.strictObject({
          mechanism: oneOf("plain", "scram-sha-256", "scram-sha-512", "aws-iam"),
          username: v.optional(reference()),
          password: v.optional(reference()),
        }),
      ),
    }),
  ),
};

/** Relays into a topic. A repeat of a delivery is written again, with the same bytes: consumers tell repeats by what the record holds. */
export function topic(options: TopicOptions): TargetDefinition {
  checkOptions("topic", options, optionEntries);
  const { mechanism, username, password } = options.cluster?.sasl ?? {};
  const isLogin = username !== undefined && password !== undefined;
  assertConsistent("topic", [
    mechanism === "aws-iam" && (username ?? password) !== undefined && "cluster.sasl: aws-iam has no username and no password",
    mechanism !== undefined && mechanism !== "aws-iam" && !isLogin && `cluster.sasl: ${mechanism} needs a username and a password`,
  ]);
  const topicName = typeof options.topic === "string" ? parseTopicName(options.topic) : "by record";
  if (isInternalTopic(topicName))
    throw new RelayError("bad-configuration", `The topic ${topicName} is internal to Kafka: a route must not write to it.`);
  const encode = options.encode === undefined ? undefined : toEncode(checkEncode(options.encode).settings, options.topic);
  const name = options.cluster === undefined ? topicName : `${topicName} at ${options.cluster.brokers}`;
  return {
    kind: "topic",
    name,
    ...(encode === undefined ? {} : { encode }),
    relaysBytes: typeof options.topic === "string" && encode === undefined,
    options: {
      ...options,
      ...(encode === undefined ? {} : { encode }),
      ...(options.cluster === undefined ? {} : { cluster: { brokers: options.cluster.brokers } }),
    },
    open: async (context) => {
      const other = options.cluster === undefined ? undefined : await connect(options.cluster, context);
      return {
        kind: "topic",
        name,
        deliveriesMax: options.recordsMax ?? 5_000,
        keepsOrder: true, // the producer sends nothing behind a failure in the same partition
        deliver: (deliveries, deadline) => {
          const { producer } = other ?? context.kafka();
          return deliverByTopic(deliveries, options, (where, records) => producer.produce(parseTopicName(where), records, deadline));
        },
        close: async () => other?.close(),
      };
    },
  };
}

const schemaTypes = { avro: "AVRO", jsonschema: "JSON", protobuf: "PROTOBUF" } as const;

function toEncode({ key, ...value }: EncodeSettings, topicName: TopicOptions["topic"]): TargetEncode {
  const part = ({ type = "avro", subject, logical = true, ...by }: PartEncodeSettings, what: "key" | "value"): TargetPartEncode => {
    if (subject === undefined && typeof topicName !== "string") {
      throw new RelayError(
        "bad-configuration",
        `encode: where a function names the topic, the subject of the ${what} must be given: schema({ subject }).`,
      );
    }
    return { ...by, subject: subject ?? `${topicName}-${what}`, type: schemaTypes[type], logical };
  };
  return { value: part(value, "value"), ...(key === undefined ? {} : { key: part(key, "key") }) };
}

async function connect(cluster: ClusterOptions, context: TargetContext): Promise<Kafka> {
  const { sasl } = cluster;
  const username = sasl?.username === undefined ? undefined : await context.secret(sasl.username);
  const password = sasl?.password === undefined ? undefined : await context.secret(sasl.password);
  const config = parseConfig({
    KAFKA_BROKERS: cluster.brokers,
    KAFKA_SSL: String(cluster.ssl ?? false),
    ...(context.region === undefined ? {} : { AWS_REGION: context.region }),
    ...(sasl === undefined ? {} : { KAFKA_SASL_MECHANISM: sasl.mechanism }),
    ...(username === undefined ? {} : { KAFKA_SASL_USERNAME: username }),
    ...(password === undefined ? {} : { KAFKA_SASL_PASSWORD: password }),
  });
  return createKafka(toKafkaOptions(config, sasl?.mechanism === "aws-iam" ? mskTokensOf(config) : undefined));
}

/** One produce call per topic, in parallel; order only matters within one topic's partition. */
async function deliverByTopic(
  deliveries: readonly Delivery[],
  options: TopicOptions,
  produce: (topicName: string, records: readonly OutgoingRecord[]) => ReturnType<Kafka["producer"]["produce"]>,
): Promise<readonly DeliveryOutcome[]> {
  const outcomes: DeliveryOutcome[] = new Array(deliveries.length);
  const indexesByTopic = new Map<string, number[]>();
  for (const [index, delivery] of deliveries.entries()) {
    try {
      const name = typeof options.topic === "string" ? options.topic : checkedTopic(options.topic(delivery));
      const indexes = indexesByTopic.get(name);
      if (indexes === undefined) indexesByTopic.set(name, [index]);
      else indexes.push(index);
    } catch (thrown) {
      outcomes[index] = failedBy(
        new RelayError("record-not-for-target", "The route's `topic` function did not return a valid topic name for this record.", {
          cause: thrown,
        }),
      );
    }
  }
  await Promise.all(
    [...indexesByTopic].map(async ([name, indexes]) => {
      const records = indexes.map((index) => toOutgoing(deliveries[index] as Delivery, options));
      const results = await produce(name, records).catch((thrown: unknown) => thrown);
      for (const [place, index] of indexes.entries()) {
        const result = Array.isArray(results) ? results[place] : { outcome: "failed", error: results };
        outcomes[index] = result.outcome === "written" ? delivered : failedBy(forRelay(result.error, name));
      }
    }),
  );
  return outcomes;
}

function checkedTopic(name: string): string {
  if (isInternalTopic(parseTopicName(name))) throw new RelayError("record-not-for-target", `The topic ${name} is internal to Kafka.`);
  return name;
}

function toOutgoing({ message, source }: Delivery, { partition, timestamp }: TopicOptions): OutgoingRecord {
  const { key, value, headers, timestampMs } = message;
  return {
    key,
    value,
    headers,
    ...(timestamp === "now" ? {} : { timestampMs }),
    ...(partition === "source" ? { partition: source.partition } : {}),
  };
}

/** What would be a caller's fault over HTTP (no such topic, no such partition) is the target's state here: it may be repaired, and the record is fine. */
function forRelay(error: unknown, name: string): unknown {
  if (!(error instanceof RelayError) || error.failure.blame !== "caller") return error;
  const { retryAfterMs } = error.details;
  return error.code === "too-many-requests"
    ? new RelayError("target-busy", error.message, { cause: error, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })
    : new RelayError("target-refused", `The topic ${name} cannot be written to: ${error.message}`, { cause: error });
}
