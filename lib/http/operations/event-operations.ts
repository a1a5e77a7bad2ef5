/** CloudEvents into a topic, in each of HTTP's three modes. */
import * as v from "valibot";
import type { CloudEvent } from "../../cloudevents/event.js";
import { RelayError } from "../../errors.js";
import type { ProduceOutcome } from "../../kafka/produce/producer.js";
import type { TopicName } from "../../kafka/records.js";
import { assertJsonText, toMediaType } from "../event.js";
import { type OperationContext, type Operations, operation, type Reply } from "../operation.js";
import { entryMessageLengthMax, toWords } from "../problem.js";
import { modeOf, readBinaryEvent, readEventBatch, readStructuredEvent, toEventRecord } from "../produce/cloudevents.js";
import { int64 } from "../rest/v3-resources.js";
import { withTrace } from "../trace-context.js";
import { eventBodies } from "./produce-bodies.js";
import { failedEntry, writableTopic } from "./produce-members.js";

const partial = v.pipe(
  v.string("was given more than once"),
  v.toLowerCase(),
  v.picklist(["true", "false"], "is neither true nor false"),
  v.transform((text) => text === "true"),
);
const written = v.strictObject({ index: v.number(), partition: v.number(), offset: int64 });
const failed = v.strictObject({ index: v.number(), error: v.string(), ...failedEntry });
const eventsAnswer = v.strictObject({ events: v.array(v.union([written, failed])) });

export const eventOperations: Operations = {
  "POST /topics/{topic}/events": operation({
    may: "record:write",
    on: "topic",
    summary:
      "Writes CloudEvents 1.0, in Kafka's binary mode: in headers and body, as JSON, or a batch of them. A batch with a bad event is refused whole, unless `partial` is true.",
    path: v.object({ topic: writableTopic }),
    query: v.object({ partial: v.optional(partial) }),
    rawBody: eventBodies,
    answers: { 200: eventsAnswer, 207: eventsAnswer },
    run: async ({ path, query, headers, rawBody }, context) => {
      const type = toMediaType(headers);
      const mode = modeOf(type.essence);
      if (mode !== "binary") assertJsonText(rawBody, type);
      switch (mode) {
        case "binary":
          return await writeOne(path.topic, readBinaryEvent(headers, rawBody), headers, context);
        case "structured":
          return await writeOne(path.topic, readStructuredEvent(rawBody), headers, context);
        case "batch":
          return await writeBatch(
            path.topic,
            readEventBatch(rawBody, { eventsMax: context.config.RELAY_PRODUCE_RECORDS_MAX }),
            query.partial === true,
            headers,
            context,
          );
      }
    },
  }),
};

type RequestHeaders = Readonly<Record<string, string | undefined>>;

/** One event that is not written is the request's own failure. */
async function writeOne(
  topic: TopicName,
  event: CloudEvent,
  headers: RequestHeaders,
  { kafka, deadline }: OperationContext,
): Promise<Reply> {
  const [outcome] = await kafka.producer.produce(topic, withTrace([toEventRecord(event)], headers), deadline);
  if (outcome?.outcome === "failed") throw outcome.error;
  return { status: 200, body: { events: toEntries(outcome === undefined ? [] : [outcome]) } };
}

/** Nothing of a batch is written where one of it is no event, unless the caller takes parts. */
async function writeBatch(
  topic: TopicName,
  events: readonly (CloudEvent | RelayError)[],
  isPartial: boolean,
  headers: RequestHeaders,
  { kafka, deadline }: OperationContext,
): Promise<Reply> {
  const fault = events.find((event): event is RelayError => event instanceof RelayError);
  if (fault !== undefined && !isPartial) throw fault;
  const good = events.filter((event): event is CloudEvent => !(event instanceof RelayError));
  // An empty batch is written to a topic all the same: one that does not exist is told.
  if (good.length === 0) await kafka.metadata.topic(topic, deadline);
  const ends = good.length === 0 ? [] : await kafka.producer.produce(topic, withTrace(good.map(toEventRecord), headers), deadline);
  let next = 0;
  const entries = toEntries(
    events.map((event) => (event instanceof RelayError ? { outcome: "failed", error: event } : (ends[next++] as ProduceOutcome))),
  );
  return { status: entries.some((entry) => "error" in entry) ? 207 : 200, body: { events: entries } };
}

function toEntries(outcomes: readonly ProduceOutcome[]) {
  return outcomes.map((outcome, index) =>
    outcome.outcome === "written"
      ? { index, partition: outcome.partition, offset: outcome.offset }
      : {
          index,
          error_code: outcome.error.failure.restCode,
          error: toWords(outcome.error, entryMessageLengthMax),
          retriable: outcome.error.failure.isRetriable,
          maybe_written: outcome.error.failure.written === "maybe",
        },
  );
}
