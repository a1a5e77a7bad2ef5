/** Records of a topic as they come: server-sent events or lines, from where a read would start, or from the event that the client saw last. */
import type { Deadline } from "../../deadline.js";
import { RelayError, toRelayError } from "../../errors.js";
import type { Kafka } from "../../kafka/port.js";
import { compileRecordSearch } from "../../relay/route/record-filter.js";
import type { OperationContext, OperationInput, Reply } from "../operation.js";
import { positionsOf } from "../read/read-positions.js";
import { formOf, type ReadQuery, type Start, startOf } from "../read/read-query.js";
import { MovingCursor, parseCursor } from "../read/record-cursor.js";
import { RecordStream } from "../streams/record-stream.js";
import { watchStream } from "../streams/stream-end.js";
import type { StreamType } from "../streams/stream-types.js";
import type { Streams } from "../streams/streams.js";
import { assertReadable, decodingOf } from "./read-operations.js";

/** What a stream has no use for: it returns records as they come, for as long as it lasts. */
const notForStreams = ["bytes_max", "wait_ms", "scan_max"] as const;

export async function streamRecords(
  { open, reserve, inTurn, limits }: Streams,
  type: StreamType,
  { path, query, headers }: OperationInput<unknown, unknown, unknown>,
  { kafka, config, caller, deadline, lifetime, stillAllowed, method }: OperationContext,
): Promise<Reply> {
  const { topic } = path as unknown as { readonly topic: string };
  const asked = query as unknown as ReadQuery;
  const useless = notForStreams.find((name) => asked[name] !== undefined);
  if (useless !== undefined) throw new RelayError("bad-request", `query: ${useless} has no meaning for a stream. Omit it.`);
  assertReadable(topic);
  const filter = compileRecordSearch(asked);
  const { formats } = formOf(asked, undefined);
  const decoding = decodingOf(config, formats, asked);
  const partitions = asked.partition === undefined ? ("all" as const) : [asked.partition];
  const cursor = await startCursor(kafka, topic, partitions, startAfter(asked, headers["last-event-id"], topic), deadline);
  const reply = { status: 200, contentType: type, headers: { "cache-control": "no-store", "x-accel-buffering": "no" } };
  if (method === "HEAD") return { ...reply, stream: none() };

  const { gone } = lifetime();
  open(caller, lifetime());
  const form = { type, topic, formats, filter, decoding };
  const followed = reserve(
    kafka,
    form,
    JSON.stringify([type, topic, partitions, formats, asked.logical, asked.filter, asked.contains, cursor.topicId]),
  );
  gone.addEventListener("abort", followed.release);
  const stream = new RecordStream(cursor, {
    reader: kafka.reader,
    form,
    followed,
    inTurn,
    heartbeatMs: limits.heartbeatMs,
    recordsMax: asked.limit ?? Number.POSITIVE_INFINITY,
    gone,
    watch: (end) => watchStream({ limits, lifetime: lifetime(), stillAllowed }, end),
  });
  return { ...reply, stream: stream.chunks(await stream.begin()) };
}

async function* none(): AsyncGenerator<string> {}

/** The event that a client has seen last counts for more than the query, with which it came first. */
function startAfter(query: ReadQuery, lastEventId: string | undefined, topic: string): Start {
  const start = startOf(query, topic);
  if (lastEventId === undefined || lastEventId === "") return start;
  try {
    return { at: "cursor", cursor: parseCursor(lastEventId, topic) };
  } catch (thrown) {
    const error = toRelayError(thrown);
    throw new RelayError(error.code, error.message.replace("cursor: ", "Last-Event-ID: ").replace("`cursor`", "it"), { cause: error });
  }
}

/** Bound to the topic that has the name now, unless it comes from a cursor, which is bound already. */
async function startCursor(
  kafka: Kafka,
  topic: string,
  partitions: readonly number[] | "all",
  start: Start,
  deadline: Deadline,
): Promise<MovingCursor> {
  const positions = await positionsOf(kafka, { topic, partitions, start }, deadline);
  const topicId = start.at === "cursor" ? start.cursor.topicId : (await kafka.metadata.topic(topic, deadline)).topicId;
  const isWholeTopic = start.at === "cursor" ? start.cursor.isWholeTopic : partitions === "all";
  return new MovingCursor({ topic, ...(topicId === undefined ? {} : { topicId }), isWholeTopic, positions });
}
