/** The v2 consumer instances, for hosts whose process lives on between calls: groups, subscriptions, positions, records and offsets. */
import * as v from "valibot";
import type { Consumers } from "../../consumers/consumers.js";
import type { ConsumerInstance } from "../../consumers/instance.js";
import { readBytesMax } from "../../consumers/options.js";
import type { PartitionName } from "../../consumers/places.js";
import type { SubscribedTo } from "../../consumers/subscription.js";
import { parseTopicPattern } from "../../consumers/topic-pattern.js";
import { RelayError } from "../../errors.js";
import type { OffsetsByTopic } from "../../kafka/membership/membership-offsets.js";
import { isInternalTopic, isTopicName } from "../../kafka/topic-name.js";
import { canDecode, deserializerOf } from "../../schemas/on-demand.js";
import { commitBody, createBody, optionalBody, partitionsBody, positionsBody, subscriptionBody, toInstance } from "../consumers/bodies.js";
import { recordTypeFor, recordTypes } from "../consumers/record-types.js";
import { type OperationContext, type Operations, operation } from "../operation.js";
import { v2MediaTypes } from "../rest/v2-metadata.js";
import { int64 } from "../rest/v3-resources.js";

const inInstance = v.object({ group: v.string(), instance: v.string() });
type InstancePath = v.InferOutput<typeof inInstance>;

const partitionNames = v.array(v.object({ topic: v.string(), partition: v.number() }));
const createdInstance = v.object({ instance_id: v.string(), base_uri: v.string() });
const records = v.array(v.object({ topic: v.string(), key: v.unknown(), value: v.unknown(), partition: v.number(), offset: int64 }));
const committedOffsets = v.object({
  offsets: v.array(v.object({ topic: v.string(), partition: v.number(), offset: int64, metadata: v.string() })),
});

const millisecondsMax = 30_000;
const wholeInQuery = (min: number, max: number) =>
  v.optional(
    v.pipe(
      v.string(),
      v.regex(/^-?\d{1,15}$/, "must be a whole number"),
      v.transform(Number),
      v.minValue(min, `must be ${min} or more`),
      v.transform((value) => Math.min(value, max)),
    ),
  );
/** A caller may ask for a longer wait or more bytes than one response allows: it then receives a response earlier. */
const recordsQuery = v.object({ timeout: wholeInQuery(0, millisecondsMax), max_bytes: wholeInQuery(1, readBytesMax) });
/** As the group's offsets are asked for without a body: `orders/0,orders/1`. */
const committedQuery = v.object({ partitions: v.optional(v.string()) });
const commitQuery = v.object({ async: v.optional(v.string()) });

const common = {
  offeredBy: ["kafka-relay serve"],
  on: "group",
  path: inInstance,
  consumes: [...v2MediaTypes, ...recordTypes],
  produces: v2MediaTypes,
} as const;
const json = "application/vnd.kafka.v2+json";
const done = { status: 204 } as const;

/** For a process that keeps `consumers`. */
export function consumerOperations(consumers: Consumers): Operations {
  const find: Find = ({ group, instance }) => consumers.find(group, instance);
  return {
    ...instanceOperations(consumers),
    ...subscriptionOperations(find),
    ...assignmentOperations(find),
    ...positionOperations(find),
    ...recordOperations(find),
    ...offsetOperations(find),
  };
}

type Find = (path: InstancePath) => ConsumerInstance;
const at = (path: string): string => `/consumers/{group}/instances/{instance}${path}`;

const instanceOperations = (consumers: Consumers): Operations => ({
  "POST /consumers/{group}": operation({
    ...common,
    may: "group:alter",
    summary: "Create a consumer instance. The process that handles this call keeps it.",
    path: v.object({ group: v.string() }),
    isBodyOptional: true,
    rawBody: { [json]: createBody },
    answers: { 200: createdInstance },
    run: async ({ path: { group }, rawBody }, { kafka, baseUrl, config }) => {
      const schemas = { isConfigured: canDecode(config), deserializer: () => deserializerOf(config) };
      const { name, options } = toInstance(optionalBody(createBody, rawBody) ?? {}, schemas);
      const { id } = consumers.create(kafka, group, name, options);
      const uri = `${baseUrl}/consumers/${encodeURIComponent(group)}/instances/${encodeURIComponent(id)}`;
      return { status: 200, body: { instance_id: id, base_uri: uri } };
    },
  }),

  [`DELETE ${at("")}`]: operation({
    ...common,
    may: "group:alter",
    summary: "Delete a consumer instance. If auto-commit is on, it commits what it has returned; then it leaves its group.",
    answers: { 204: null },
    run: async ({ path }, { deadline }) => {
      await consumers.remove(path.group, path.instance, deadline);
      return done;
    },
  }),
});

const subscriptionOperations = (find: Find): Operations => ({
  [`POST ${at("/subscription")}`]: operation({
    ...common,
    may: "group:alter",
    summary: "Subscribe to topics by name, or to those whose names match a pattern. This replaces the current subscription.",
    body: subscriptionBody,
    answers: { 204: null },
    run: async ({ path, body }, context) => {
      await find(path).subscribe(toSubscription(body, context), context.deadline);
      return done;
    },
  }),

  [`GET ${at("/subscription")}`]: operation({
    ...common,
    may: "group:alter",
    summary: "List the topics that an instance is subscribed to.",
    answers: { 200: v.object({ topics: v.array(v.string()) }) },
    run: async ({ path }) => ({ status: 200, body: { topics: find(path).subscription() } }),
  }),

  [`DELETE ${at("/subscription")}`]: operation({
    ...common,
    may: "group:alter",
    summary: "End the subscription or the assignment of an instance. The instance leaves its group.",
    answers: { 204: null },
    run: async ({ path }, { deadline }) => {
      await find(path).unsubscribe(deadline);
      return done;
    },
  }),
});

const assignmentOperations = (find: Find): Operations => ({
  [`POST ${at("/assignments")}`]: operation({
    ...common,
    may: "group:alter",
    summary: "Assign partitions to an instance directly, without using its group to distribute them.",
    body: partitionsBody,
    answers: { 204: null },
    run: async ({ path, body: { partitions } }, context) => {
      assertReadable(partitions, context);
      await find(path).assign(partitions, context.deadline);
      return done;
    },
  }),

  [`GET ${at("/assignments")}`]: operation({
    ...common,
    may: "group:alter",
    summary: "List the partitions that an instance currently reads.",
    answers: { 200: v.object({ partitions: partitionNames }) },
    run: async ({ path }, { deadline }) => ({ status: 200, body: { partitions: await find(path).assignment(deadline) } }),
  }),
});

const positionOperations = (find: Find): Operations => ({
  [`POST ${at("/positions")}`]: operation({
    ...common,
    may: "group:alter",
    summary: "Set the offsets or times at which the next read starts.",
    body: positionsBody,
    answers: { 204: null },
    run: async ({ path, body: { offsets, timestamps } }, { deadline }) => {
      if ((offsets?.length ?? 0) + (timestamps?.length ?? 0) === 0)
        throw new RelayError("unprocessable", "body: offsets or timestamps must name at least one partition.");
      const instance = find(path);
      await instance.seek(offsets ?? [], deadline);
      const times = (timestamps ?? []).map(({ topic, partition, timestamp }) => ({ topic, partition, at: timestamp }));
      if (times.length > 0) await instance.seekTo(times, deadline);
      return done;
    },
  }),

  [`POST ${at("/positions/beginning")}`]: seekToEnd("earliest", "the first available record", find),

  [`POST ${at("/positions/end")}`]: seekToEnd("latest", "the end", find),
});

const recordOperations = (find: Find): Operations => ({
  [`GET ${at("/records")}`]: operation({
    ...common,
    may: "group:alter",
    summary: "Return the next records. Wait for them for a limited time.",
    query: recordsQuery,
    produces: recordTypes,
    answers: { 200: records },
    run: async ({ path, query, headers: { accept } }, { deadline, host, authorize }) => {
      const instance = find(path);
      const contentType = recordTypeFor(instance.options.format, accept);
      const request = {
        timeoutMs: query.timeout ?? instance.options.requestTimeoutMs,
        // base64 and quotes make a response longer than the records that are read.
        bytesMax: Math.min(query.max_bytes ?? readBytesMax, Math.floor(host.reply.bytesMax / 2)),
      };
      const texts = await instance.read(request, (topic) => authorize("record:read", topic), deadline);
      return { status: 200, contentType, text: `[${texts.join(",")}]` };
    },
  }),
});

const offsetOperations = (find: Find): Operations => ({
  [`POST ${at("/offsets")}`]: operation({
    ...common,
    may: "group:alter",
    summary: "Commit the offsets of the last processed records or, without a body, of all records that were returned.",
    query: commitQuery,
    isBodyOptional: true,
    rawBody: { [json]: commitBody },
    answers: { 200: committedOffsets },
    run: async ({ path, query, rawBody }, { deadline }) => {
      const body = optionalBody(commitBody, rawBody);
      const instance = find(path);
      const committing = instance.commit(body?.offsets == null ? undefined : toNextOffsets(body.offsets), deadline);
      if (query.async?.toLowerCase() !== "true") return { status: 200, body: toCommitted(await committing) };
      committing.catch((error: unknown) => instance.hear(error));
      return { status: 200, body: { offsets: [] } };
    },
  }),

  [`GET ${at("/offsets")}`]: operation({
    ...common,
    may: "group:alter",
    summary: "Return the committed offsets of the partitions in the body or the query, or of all that the instance reads.",
    query: committedQuery,
    isBodyOptional: true,
    rawBody: { [json]: partitionsBody },
    answers: { 200: committedOffsets },
    run: async ({ path, query, rawBody }, { deadline }) => {
      const names = optionalBody(partitionsBody, rawBody)?.partitions ?? toPartitionNames(query.partitions);
      return { status: 200, body: toCommitted(await find(path).committed(names, deadline)) };
    },
  }),
});

function seekToEnd(at: "earliest" | "latest", what: string, find: Find) {
  return operation({
    ...common,
    may: "group:alter",
    summary: `Start the next read at ${what} of the partitions in the body, or of all that the instance reads if there are none.`,
    isBodyOptional: true,
    rawBody: { [json]: partitionsBody },
    answers: { 204: null },
    run: async ({ path, rawBody }, { deadline }) => {
      const partitions = optionalBody(partitionsBody, rawBody)?.partitions ?? [];
      const instance = find(path);
      if (partitions.length === 0) await instance.seekAllTo(at, deadline);
      else
        await instance.seekTo(
          partitions.map((one) => ({ ...one, at })),
          deadline,
        );
      return done;
    },
  });
}

/** The caller must be allowed to read every topic it names. A pattern matches only topics that the caller may read. */
function toSubscription({ topics, topic_pattern }: v.InferOutput<typeof subscriptionBody>, { authorize }: OperationContext): SubscribedTo {
  if ((topics == null) === (topic_pattern == null))
    throw new RelayError("consumer-state", "body: give either topics or topic_pattern, not both.");
  if (topic_pattern != null) {
    const mayRead = (topic: string): boolean => {
      try {
        authorize("record:read", topic);
        return true;
      } catch {
        return false;
      }
    };
    return { by: "pattern", pattern: parseTopicPattern(topic_pattern), mayRead };
  }
  for (const topic of topics ?? []) assertTopic(topic, authorize);
  return { by: "names", topics: topics ?? [] };
}

function assertReadable(partitions: readonly PartitionName[], { authorize }: OperationContext): void {
  for (const topic of new Set(partitions.map((one) => one.topic))) assertTopic(topic, authorize);
}

function assertTopic(topic: string, authorize: OperationContext["authorize"]): void {
  if (!isTopicName(topic))
    throw new RelayError("topic-not-found", `Topic ${JSON.stringify(topic.slice(0, 300))} does not exist: that is not a valid topic name.`);
  authorize("record:read", topic);
  if (isInternalTopic(topic))
    throw new RelayError("forbidden", `Topic ${JSON.stringify(topic)} is internal to Kafka and cannot be read through this API.`);
}

function toNextOffsets(
  offsets: readonly (PartitionName & { readonly offset: bigint; readonly metadata?: string | null | undefined })[],
): OffsetsByTopic {
  const byTopic = new Map<string, Map<number, { readonly offset: bigint; readonly metadata?: string }>>();
  for (const { topic, partition, offset, metadata } of offsets) {
    const ofTopic = byTopic.get(topic) ?? new Map();
    ofTopic.set(partition, { offset: offset + 1n, ...(metadata == null ? {} : { metadata }) });
    byTopic.set(topic, ofTopic);
  }
  return byTopic;
}

function toCommitted(byTopic: OffsetsByTopic): v.InferOutput<typeof committedOffsets> {
  const offsets = [...byTopic].flatMap(([topic, ofTopic]) =>
    [...ofTopic].map(([partition, { offset, metadata = "" }]) => ({ topic, partition, offset, metadata })),
  );
  return { offsets: offsets as never };
}

const inPartitionList = /^(.+)\/(\d{1,10})$/;

function toPartitionNames(list: string | undefined): readonly PartitionName[] | undefined {
  return list?.split(",").map((one) => {
    const [, topic, partition] = inPartitionList.exec(one.trim()) ?? [];
    if (topic === undefined)
      throw new RelayError("bad-request", "query: partitions must be a list of <topic>/<partition>, such as orders/0,orders/1.");
    return { topic, partition: Number(partition) };
  });
}
