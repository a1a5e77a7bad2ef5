/** What a consumer instance returns, and what its group has committed. */
import * as v from "valibot";
import { readBytesMax } from "../../../consumers/options.js";
import type { PartitionName } from "../../../consumers/places.js";
import { RelayError } from "../../../errors.js";
import type { OffsetsByTopic } from "../../../kafka/membership/membership-offsets.js";
import { commitBody, optionalBody, partitionsBody } from "../../consumers/bodies.js";
import { recordTypeFor, recordTypes } from "../../consumers/record-types.js";
import { type Operations, operation } from "../../operation.js";
import { int64 } from "../../rest/v3-resources.js";
import { atInstance, type FindInstance, onInstance, v2Json } from "./in-instance.js";

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

export const recordOperations = (find: FindInstance): Operations => ({
  [`GET ${atInstance("/records")}`]: operation({
    ...onInstance,
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

export const offsetOperations = (find: FindInstance): Operations => ({
  [`POST ${atInstance("/offsets")}`]: operation({
    ...onInstance,
    summary: "Commit the offsets of the last processed records or, without a body, of all records that were returned.",
    query: commitQuery,
    isBodyOptional: true,
    rawBody: { [v2Json]: commitBody },
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

  [`GET ${atInstance("/offsets")}`]: operation({
    ...onInstance,
    summary: "Return the committed offsets of the partitions in the body or the query, or of all that the instance reads.",
    query: committedQuery,
    isBodyOptional: true,
    rawBody: { [v2Json]: partitionsBody },
    answers: { 200: committedOffsets },
    run: async ({ path, query, rawBody }, { deadline }) => {
      const names = optionalBody(partitionsBody, rawBody)?.partitions ?? toPartitionNames(query.partitions);
      return { status: 200, body: toCommitted(await find(path).committed(names, deadline)) };
    },
  }),
});

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
