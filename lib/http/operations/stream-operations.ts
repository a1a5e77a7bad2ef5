/** The operations that stream, for hosts that can: records in and reports out while both last. Each replaces the operation of the same key, which answers all at once. */
import { createDeadline } from "../../deadline.js";
import { assertCluster } from "../../kafka/admin/cluster.js";
import { negotiate } from "../media-type.js";
import type { Headers } from "../message.js";
import type { OperationContext, OperationInput, Operations } from "../operation.js";
import { toJsonType } from "../produce/request.js";
import { isStrict } from "../produce/strictness.js";
import { v3Reports } from "../produce/v3-answer.js";
import { produceStream } from "../streams/produce-stream.js";
import { watchStream } from "../streams/stream-end.js";
import { eventsType, linesType } from "../streams/stream-types.js";
import type { Streams } from "../streams/streams.js";
import { produceV3Operations, type V3WritePlace, v3StreamKey, writeV3Entries } from "./produce-v3-operations.js";
import { readOperations, topicReadKey } from "./read-operations.js";
import { streamRecords } from "./record-stream-operation.js";

/** For a process that keeps `streams`. */
export function streamOperations(streams: Streams): Operations {
  const [whole, read] = [produceV3Operations[v3StreamKey], readOperations[topicReadKey]];
  if (whole === undefined || read?.streams === undefined) throw new Error("The operations that can be streamed are missing.");
  const types = [...(read.produces ?? []), ...read.streams.types];
  return {
    [topicReadKey]: {
      ...read,
      streams: { ...read.streams, isHere: true },
      run: async (input, context) => {
        const type = negotiate(input.headers.accept, types);
        return type === eventsType || type === linesType ? streamRecords(streams, type, input, context) : read.run(input, context);
      },
    },
    [v3StreamKey]: {
      ...whole,
      streamsBody: (headers) => (isSentWhole(headers) ? undefined : { idleTimeoutMs: streams.limits.idleMs }),
      run: async (input, context) => (input.bodyStream === undefined ? whole.run(input, context) : produce(streams, input, context)),
    },
  };
}

/** Up to this length, a body that says how long it is is answered as a whole, with the status and headers that need all outcomes. */
const wholeBytesMax = 1_048_576;

function isSentWhole(headers: Headers): boolean {
  const { "content-length": length, prefer } = headers;
  return isStrict(prefer) || (length !== undefined && Number(length) <= wholeBytesMax);
}

async function produce(
  { open, limits }: Streams,
  { path, headers, rawBody, bodyStream }: OperationInput<unknown, unknown, unknown>,
  { kafka, config, caller, deadline, host, lifetime, stillAllowed }: OperationContext,
) {
  toJsonType(headers, rawBody);
  const place = path as unknown as V3WritePlace;
  // What can be known before the first record has a status of its own.
  await Promise.all([assertCluster(kafka, place.cluster_id, deadline), assertTopic(place, { kafka, config, deadline })]);
  open(caller, lifetime());
  const stream = produceStream(bodyStream as AsyncIterable<Buffer>, {
    bytesMax: limits.bytesMax,
    recordsMax: config.RELAY_PRODUCE_RECORDS_MAX,
    write: (entries) => writeV3Entries(place, entries, headers, { kafka, config, deadline: createDeadline(host.timeMs) }),
    report: v3Reports({ clusterId: place.cluster_id, topic: place.topic }),
    watch: (end) => watchStream({ limits, lifetime: lifetime(), stillAllowed }, end),
  });
  return { status: 200, stream, unreadBytesMax: limits.unreadBytesMax };
}

async function assertTopic(
  { topic }: V3WritePlace,
  { kafka, config, deadline }: Pick<OperationContext, "kafka" | "config" | "deadline">,
): Promise<void> {
  if (!config.KAFKA_AUTO_CREATE_TOPICS) await kafka.metadata.topic(topic, deadline);
}
