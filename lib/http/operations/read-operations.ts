/** Reading records by offset, time or cursor. No group is joined and nothing is committed, so that any instance can answer any call. */
import * as v from "valibot";
import type { Config } from "../../config.js";
import { RelayError } from "../../errors.js";
import { assertCluster } from "../../kafka/admin/cluster.js";
import { isInternalTopic, isTopicName } from "../../kafka/topic-name.js";
import { canDecode, deserializerOf } from "../../schemas/on-demand.js";
import { type OperationContext, type Operations, operation, type Reply } from "../operation.js";
import { toProblem } from "../problem.js";
import { oneRecord, partitionRecords, topicRecords } from "../read/answer-schemas.js";
import { type PartitionResult, type ReadAnswer, readRecords } from "../read/read-answer.js";
import { formOf, offsetInQuery, partitionReadQuery, recordMediaTypes, recordQuery, startOf, topicReadQuery } from "../read/read-query.js";
import { assertDecodable } from "../read/record-decoding.js";
import type { RecordFormats } from "../read/record-json.js";
import { inPartition } from "../rest/in-cluster.js";
import { linksTo, paths } from "../rest/v3-resources.js";
import { eventsType, linesType } from "../streams/stream-types.js";

const inRecord = v.object({ ...inPartition.entries, offset: offsetInQuery });

export const topicReadKey = "GET /topics/{topic}/records";

export const readOperations: Operations = {
  [topicReadKey]: operation({
    may: "record:read",
    on: "topic",
    summary: "Read records of a topic, starting at the beginning, the end, a time, an offset or a cursor.",
    path: v.object({ topic: v.string() }),
    query: topicReadQuery,
    produces: recordMediaTypes,
    streams: {
      types: [eventsType, linesType],
      isHere: false,
      instead:
        "This server cannot stream records. Read them with Accept: application/json: start with from=end&wait_ms=20000 and continue with the cursor of each answer. `kafka-relay serve` streams.",
    },
    answers: { 200: topicRecords },
    run: async ({ path: { topic }, query, headers: { accept } }, { kafka, deadline, host, config }) => {
      assertReadable(topic);
      const { contentType, formats } = formOf(query, accept);
      const decoding = decodingOf(config, formats, query);
      const partitions = query.partition === undefined ? ("all" as const) : [query.partition];
      const start = startOf(query, topic);
      const replyBytesMax = host.reply.bytesMax;
      const answer = await readRecords(kafka, { topic, partitions, start, query, formats, style: "v2", replyBytesMax, decoding }, deadline);
      return toTopicReply(topic, answer, contentType);
    },
  }),

  "GET /v3/clusters/{cluster_id}/topics/{topic}/partitions/{partition}/records": operation({
    may: "record:read",
    on: "topic",
    summary: "Read records of one partition, starting at the beginning, the end, a time, an offset or a cursor.",
    path: inPartition,
    query: partitionReadQuery,
    answers: { 200: partitionRecords },
    run: async ({ path, query, headers: { accept } }, context) => {
      const { topic, partition } = path;
      await assertReadableIn(path, context);
      const { formats } = formOf(query, accept);
      const start = startOf(query, topic);
      const request = {
        topic,
        partitions: [partition],
        start,
        query,
        formats,
        decoding: decodingOf(context.config, formats, query),
        style: "v3" as const,
        replyBytesMax: context.host.reply.bytesMax,
      };
      const answer = await inV3Words(() => readRecords(context.kafka, request, context.deadline));
      const self = linksTo(context.baseUrl, path.cluster_id).url(`${paths.partition(topic, partition)}/records`);
      return toPartitionReply(topic, partition, self, answer);
    },
  }),

  "GET /v3/clusters/{cluster_id}/topics/{topic}/partitions/{partition}/records/{offset}": operation({
    may: "record:read",
    on: "topic",
    summary: "Read one record.",
    path: inRecord,
    query: recordQuery,
    answers: { 200: oneRecord },
    run: async ({ path, query, headers: { accept } }, context) => {
      const { topic, partition, offset } = path;
      await assertReadableIn(path, context);
      const { formats } = formOf(query, accept);
      const request = {
        topic,
        partitions: [partition],
        start: { at: "offset" as const, offset },
        query: { limit: 1 },
        formats,
        decoding: decodingOf(context.config, formats, query),
        style: "v3" as const,
        replyBytesMax: context.host.reply.bytesMax,
      };
      const answer = await inV3Words(() => readRecords(context.kafka, request, context.deadline));
      const [result] = answer.partitions;
      if (answer.recordsJson === "" || result?.firstOffset !== offset) throw noSuchRecord(path, result);
      return { status: 200, isMeasured: true, text: answer.recordsJson };
    },
  }),
};

/** Undefined: no registry is configured, and nothing asks for one. */
export function decodingOf(config: Config, formats: RecordFormats, { logical }: { readonly logical?: string | undefined }) {
  assertDecodable(formats, canDecode(config));
  return canDecode(config) ? { open: () => deserializerOf(config), logical: logical === "true" } : undefined;
}

export function assertReadable(topic: string): void {
  if (isInternalTopic(topic))
    throw new RelayError("forbidden", `Topic ${JSON.stringify(topic)} is internal to Kafka and cannot be read through this API.`);
  if (!isTopicName(topic))
    throw new RelayError("topic-not-found", `Topic ${JSON.stringify(topic.slice(0, 300))} does not exist: that is not a valid topic name.`);
}

interface PartitionPath {
  readonly cluster_id: string;
  readonly topic: string;
  readonly partition: number;
}

async function assertReadableIn({ cluster_id, topic }: PartitionPath, { kafka, deadline }: OperationContext): Promise<void> {
  await assertCluster(kafka, cluster_id, deadline);
  await inV3Words(async () => assertReadable(topic));
}

/** In v3 a missing topic and a missing partition have the same code. */
async function inV3Words<Answer>(read: () => Promise<Answer>): Promise<Answer> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof RelayError && (error.code === "topic-not-found" || error.code === "partition-not-found")) {
      throw new RelayError("unknown-topic-or-partition", error.message, { cause: error });
    }
    throw error;
  }
}

function noSuchRecord(
  { topic, partition, offset }: PartitionPath & { readonly offset: bigint },
  result: PartitionResult | undefined,
): RelayError {
  const place = `There is no record at offset ${offset} in partition ${partition} of ${topic}`;
  if (result === undefined) return new RelayError("not-found", `${place}.`);
  if (result.deletedBefore !== undefined)
    return new RelayError("not-found", `${place}: the first record that is still kept has offset ${result.deletedBefore}.`);
  if (offset >= result.highWatermark)
    return new RelayError("not-found", `${place} yet: the next record will have offset ${result.highWatermark}.`);
  return new RelayError(
    "not-found",
    `${place}: it was compacted away, belongs to an aborted transaction, or is a control record of Kafka.`,
  );
}

function scanJson(scan: ReadAnswer["scan"]): string {
  return scan === undefined ? "" : `,"scanned":${scan.scanned},"scan_limited":${scan.isLimited}`;
}

function toTopicReply(topic: string, { recordsJson, partitions, cursor, scan }: ReadAnswer, contentType: string): Reply {
  const results = partitions.map((one) => {
    const error = one.error === undefined ? undefined : toProblem(one.error);
    const errorJson =
      error === undefined
        ? ""
        : `,"error":${JSON.stringify({ error_code: error.error_code, message: error.message, retriable: error.retriable })}`;
    return `{"partition":${one.partition},${progressJson(one)}${errorJson}}`;
  });
  return {
    status: 200,
    contentType,
    isMeasured: true,
    text: `{"topic":${JSON.stringify(topic)},"records":[${recordsJson}],"partitions":[${results.join()}],"cursor":"${cursor}"${scanJson(scan)}}`,
  };
}

function toPartitionReply(topic: string, partition: number, self: string, { recordsJson, partitions, cursor, scan }: ReadAnswer): Reply {
  const [result] = partitions;
  if (result === undefined) throw new RelayError("internal", "A read returned nothing about its partition.");
  const metadata = JSON.stringify({ self, next: `${self}?cursor=${cursor}` });
  const place = `"topic_name":${JSON.stringify(topic)},"partition_id":${partition}`;
  return {
    status: 200,
    isMeasured: true,
    text: `{"kind":"KafkaRecordList","metadata":${metadata},${place},"records":[${recordsJson}],${progressJson(result)},"cursor":"${cursor}"${scanJson(scan)}}`,
  };
}

/** A partition that did not answer has no high watermark. */
function progressJson({ nextOffset, highWatermark, deletedBefore, truncatedTo }: PartitionResult): string {
  const deleted = deletedBefore === undefined ? "" : `,"deleted_before":${deletedBefore}`;
  const truncated = truncatedTo === undefined ? "" : `,"truncated_to":${truncatedTo}`;
  return `"next_offset":${nextOffset},"high_watermark":${highWatermark < 0n ? "null" : highWatermark}${deleted}${truncated}`;
}
