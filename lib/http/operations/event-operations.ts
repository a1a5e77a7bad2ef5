/** Writing CloudEvents to a topic, in each of HTTP's three modes. */
import * as v from "valibot";
import type { CloudEvent } from "../../cloudevents/event.js";
import { RelayError } from "../../errors.js";
import type { ProduceOutcome } from "../../kafka/produce/outcome.js";
import type { TopicName } from "../../kafka/records.js";
import { type OperationContext, type Operations, operation, type Reply } from "../operation.js";
import {
  type EventForm,
  readBinaryEvent,
  readEventBatch,
  readStructuredEvent,
  requestModeOf,
  toCloudEventRecord,
} from "../produce/cloudevents.js";
import { eventBodies } from "../produce/event-schemas.js";
import { failedEntrySchema, toFailedEntry } from "../produce/failed-entry.js";
import { writableTopic } from "../produce/request.js";
import { assertJsonText, toMediaType } from "../request-body.js";
import { int64 } from "../rest/v3-resources.js";
import { withTrace } from "../trace-context.js";

const partial = v.pipe(
  v.string("must be given only once"),
  v.toLowerCase(),
  v.picklist(["true", "false"], "must be true or false"),
  v.transform((text) => text === "true"),
);
const contentMode = v.pipe(
  v.string("must be given only once"),
  v.picklist(["binary", "structured"], "must be binary or structured"),
  v.description(
    "How the event is written to Kafka: binary (attributes in headers, data as the value) or structured (everything in the value, as JSON).",
  ),
);
const key = v.pipe(
  v.string("must be given only once"),
  v.picklist(["partitionkey", "none"], "must be partitionkey or none"),
  v.description("Whether the extension partitionkey becomes the record's key."),
);
const written = v.strictObject({ index: v.number(), partition: v.number(), offset: int64 });
const failed = v.strictObject({ index: v.number(), error: v.string(), ...failedEntrySchema });
const eventsAnswer = v.strictObject({ events: v.array(v.union([written, failed])) });

export const eventOperations: Operations = {
  "POST /topics/{topic}/events": operation({
    may: "record:write",
    on: "topic",
    summary:
      "Write CloudEvents 1.0, sent in binary, structured or batched mode. They are written in Kafka's binary mode unless `content_mode` is structured. A batch with an invalid event is refused as a whole, unless `partial` is true.",
    path: v.object({ topic: writableTopic }),
    query: v.object({ partial: v.optional(partial), content_mode: v.optional(contentMode), key: v.optional(key) }),
    rawBody: eventBodies,
    answers: { 200: eventsAnswer, 207: eventsAnswer },
    run: async ({ path, query, headers, rawBody }, context) => {
      const type = toMediaType(headers);
      const mode = requestModeOf(type.essence);
      if (mode !== "binary") assertJsonText(rawBody, type);
      const { RELAY_EVENTS_CONTENT_MODE, RELAY_EVENTS_KEY, RELAY_PRODUCE_RECORDS_MAX } = context.config;
      const form: EventForm = { contentMode: query.content_mode ?? RELAY_EVENTS_CONTENT_MODE, key: query.key ?? RELAY_EVENTS_KEY };
      const write = (events: readonly CloudEvent[]) =>
        context.kafka.producer.produce(
          path.topic,
          withTrace(
            events.map((event) => toCloudEventRecord(event, form)),
            headers,
          ),
          context.deadline,
        );
      switch (mode) {
        case "binary":
          return await writeOne(readBinaryEvent(headers, rawBody), write);
        case "structured":
          return await writeOne(readStructuredEvent(rawBody), write);
        case "batch":
          return await writeBatch(
            path.topic,
            readEventBatch(rawBody, { eventsMax: RELAY_PRODUCE_RECORDS_MAX }),
            query.partial === true,
            write,
            context,
          );
      }
    },
  }),
};

type Write = (events: readonly CloudEvent[]) => Promise<readonly ProduceOutcome[]>;

/** If the one event is not written, the request fails with its error. */
async function writeOne(event: CloudEvent, write: Write): Promise<Reply> {
  const [outcome] = await write([event]);
  if (outcome?.outcome === "failed") throw outcome.error;
  return { status: 200, body: { events: toEntries(outcome === undefined ? [] : [outcome]) } };
}

/** If an event of the batch is invalid, nothing of the batch is written, unless the caller accepts partial results. */
async function writeBatch(
  topic: TopicName,
  events: readonly (CloudEvent | RelayError)[],
  isPartial: boolean,
  write: Write,
  { kafka, deadline }: OperationContext,
): Promise<Reply> {
  const fault = events.find((event): event is RelayError => event instanceof RelayError);
  if (fault !== undefined && !isPartial) throw fault;
  const good = events.filter((event): event is CloudEvent => !(event instanceof RelayError));
  // An empty batch also needs its topic: a missing one is reported.
  if (good.length === 0) await kafka.metadata.topic(topic, deadline);
  const ends = good.length === 0 ? [] : await write(good);
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
      : { index, ...toFailedEntry(outcome.error, "error") },
  );
}
