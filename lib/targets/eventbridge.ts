/** The target "eventbridge": records become events of a bus, ten a call. A repeat is a second event with the same `id` in its detail or resources. */
import * as v from "valibot";
import { isInDateRange } from "../calendar.js";
import { installed } from "../installed.js";
import { oneOf, text } from "../option-values.js";
import type { Delivery, TargetDefinition } from "../relay/delivery.js";
import { timestampFault } from "../relay/route/path.js";
import { type AwsOptions, clientConfig } from "./aws.js";
import { type ElementKind, toElement } from "./element.js";
import { textOf } from "./option-checks.js";
import { awsEntries, checkOptions, made } from "./options.js";
import { queueTarget } from "./queue.js";
import { assertNamed, type EntryRefusal } from "./queue-calls.js";

export interface EventBridgeOptions extends AwsOptions {
  /** Name or ARN of the bus; "default" where absent. */
  readonly bus?: string;
  /** Absent: the CloudEvent's source, else `kafka.<topic>`. */
  readonly source?: string | ((delivery: Delivery) => string);
  /** Absent: the CloudEvent's type, else "Kafka Record". */
  readonly detailType?: string | ((delivery: Delivery) => string);
  /** "record" (default): `{id, topic, partition, offset, timestamp, headers, key, value}`. "value": the value, which has to be a JSON object. */
  readonly detail?: ElementKind;
}

interface Entry {
  readonly source: string;
  readonly detailType: string;
  readonly detail: string;
  readonly time: Date;
  readonly resources: readonly string[];
  readonly bytes: number;
}

const textOrFunction = "must be text, or a function of the delivery";

const optionEntries = {
  ...awsEntries,
  bus: v.optional(text),
  // PutEvents refuses what AWS's own services send, and longer texts.
  source: v.optional(
    v.union([textOf(/^(?!aws\.)[\s\S]{1,256}$/, "1 to 256 characters that do not start with aws."), made], textOrFunction),
  ),
  detailType: v.optional(v.union([textOf(/^[\s\S]{1,128}$/, "1 to 128 characters"), made], textOrFunction)),
  detail: v.optional(oneOf("value", "record")),
};

export function eventbridge(options: EventBridgeOptions): TargetDefinition {
  checkOptions("eventbridge", options, optionEntries);
  const { bus = "default", detail = "record" } = options;
  assertNamed(/^(arn:aws[a-z-]*:events:.+|[A-Za-z0-9/_.-]{1,256})$/, bus, "the name or ARN of an event bus");
  const name = `eventbridge ${bus.replace(/^.*event-bus\//, "")}`;
  const toEntry = (delivery: Delivery): Entry => {
    const { timestampMs } = delivery.message;
    if (!isInDateRange(timestampMs)) throw timestampFault(timestampMs, "an event's `Time` can express");
    const text = toElement(delivery, detail);
    const source = said(options.source, delivery) ?? header(delivery, "ce_source") ?? `kafka.${delivery.source.topic}`;
    const detailType = said(options.detailType, delivery) ?? header(delivery, "ce_type") ?? "Kafka Record";
    return {
      source,
      detailType,
      detail: text,
      time: new Date(timestampMs),
      resources: [delivery.id],
      // As PutEvents counts: 14 for the time, the rest in UTF-8.
      bytes: 14 + Buffer.byteLength(source) + Buffer.byteLength(detailType) + Buffer.byteLength(text) + Buffer.byteLength(delivery.id),
    };
  };
  return queueTarget({
    kind: "eventbridge",
    name,
    options,
    toEntry,
    createClient: async (context) =>
      new (await installed("@aws-sdk/client-eventbridge", () => import("@aws-sdk/client-eventbridge"))).EventBridgeClient(
        clientConfig(options, context),
      ),
    send: async (client, entries: readonly Entry[], abortSignal) => {
      const { PutEventsCommand } = await installed("@aws-sdk/client-eventbridge", () => import("@aws-sdk/client-eventbridge"));
      const Entries = entries.map((entry) => ({
        EventBusName: bus,
        Source: entry.source,
        DetailType: entry.detailType,
        Detail: entry.detail,
        Time: entry.time,
        Resources: [...entry.resources],
      }));
      const answer = await client.send(new PutEventsCommand({ Entries }), { abortSignal });
      return entries.map((_, index) => toRefusal(answer.Entries?.[index]));
    },
  });
}

/** Undefined: the event was accepted. */
function toRefusal(
  result: { readonly EventId?: string | undefined; readonly ErrorCode?: string | undefined } | undefined,
): EntryRefusal | undefined {
  if (result?.EventId !== undefined && result.ErrorCode === undefined) return undefined;
  const code = result?.ErrorCode ?? "NotAnswered";
  return { code, isSenderFault: !/^(InternalFailure|InternalException|ServiceUnavailable|NotAnswered)$/.test(code) };
}

function said(option: string | ((delivery: Delivery) => string) | undefined, delivery: Delivery): string | undefined {
  return typeof option === "function" ? option(delivery) : option;
}

function header({ message }: Delivery, name: string): string | undefined {
  const text = message.headers.find((each) => each.name === name)?.value?.toString("utf8");
  return text === "" ? undefined : text;
}
