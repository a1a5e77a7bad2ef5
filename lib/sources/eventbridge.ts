/**
 * The sources "eventbridge" and "schedule": one event an invocation, which fails unless Kafka has acknowledged it. Lambda then tries twice more, and hands the event to
 * the function's destination or dead-letter queue (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html).
 */
import { RelayError } from "../errors.js";
import { assertSettled, type EventObject, isEventObject } from "./aws-event.js";
import type { SourceItem, SourceOrigin } from "./origin.js";

/** An entry of PutEvents is at most 1 MB; a schedule's input is smaller. */
const eventBytesMax = 1_048_576;
const retryDeadlineMs = 60_000;

/** The events that a rule of EventBridge matches. As a CloudEvent, `detail` is the data. */
export function eventBridgeRule(): SourceOrigin {
  return asynchronous("eventbridge", (event, source) => {
    if (typeof event.id === "string" && typeof event.source === "string" && typeof event["detail-type"] === "string")
      return toEventItem(event, source);
    throw new RelayError("bad-request", 'event: it must be an event of EventBridge, with "id", "source", "detail-type" and "detail".');
  });
}

/** A rule or schedule that fires at its times, or an input that it passes on. Its transform makes the records. */
export function schedule(): SourceOrigin {
  return asynchronous("schedule", toEventItem);
}

interface FiredIn {
  readonly name: string;
  readonly nowMs: number;
  /** The same when Lambda tries again. */
  readonly requestId: string | undefined;
}

function asynchronous(kind: string, toItem: (event: EventObject, fired: FiredIn) => SourceItem): SourceOrigin {
  return {
    kind,
    name: "events",
    options: {},
    order: "none",
    recordBytesMax: eventBytesMax,
    retryDeadlineMs,
    bind: ({ name, contextOfEvent }) => ({
      handle: async (event, invocation) => {
        const context = contextOfEvent(invocation as never);
        const { awsRequestId } = (invocation ?? {}) as { readonly awsRequestId?: unknown };
        const requestId = typeof awsRequestId === "string" ? awsRequestId : undefined;
        const item = toItem(isEventObject(event) ? event : { input: event ?? null }, { name, nowMs: context.now(), requestId });
        const [results = []] = await context.pass([[item]], context.deadline);
        assertSettled(results);
        return undefined;
      },
    }),
  };
}

function toEventItem(event: EventObject, { name, nowMs, requestId }: FiredIn): SourceItem {
  const { id, time, source, resources, detail, account, region } = event;
  const type = event["detail-type"];
  const timeMs = Date.parse(String(time));
  const subject = Array.isArray(resources) ? resources[0] : undefined;
  const origin = [region, account].filter((part) => typeof part === "string").join("/");
  return {
    id: typeof id === "string" ? `${origin === "" ? name : origin}/${id}` : `${name}/${requestId ?? new Date(nowMs).toISOString()}`,
    key: null,
    value: Buffer.from(JSON.stringify(event)),
    headers: [{ name: "content-type", value: Buffer.from("application/json") }],
    timestampMs: Number.isNaN(timeMs) ? nowMs : timeMs,
    about: {
      source: typeof source === "string" ? source : `/sources/${name}`,
      type: typeof type === "string" ? type : "schedule",
      ...(typeof subject === "string" ? { subject } : {}),
      ...(detail === undefined ? {} : { data: Buffer.from(JSON.stringify(detail)) }),
    },
  };
}
