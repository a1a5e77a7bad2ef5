/** A delivery as a message of SQS or SNS: text, up to ten attributes, and for FIFO the ids that make a repeat no second message. */
import type { Delivery } from "../relay/delivery.js";
import { type ElementKind, toElement } from "./element.js";
import { webhookId } from "./webhook/signature.js";

export interface QueueMessage {
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Of body and attributes, as the service counts them. */
  readonly bytes: number;
}

/** Of one call, for SQS, SNS and EventBridge. */
export const entriesMax = 10;
/** Of all entries of a call together: what every region accepts. */
export const callBytesMax = 262_144;

/** Text that SQS and SNS refuse: characters that XML 1.0 does not know. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const notXml = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff\ufffd]/;

/**
 * "value": the value's own text. A body may be neither empty nor bytes, so the attribute `kafka-value` marks the other cases: "base64", "empty" (the body
 * is then `""`), or "tombstone" (`null`). "record": JSON with everything.
 */
export function toQueueMessage(delivery: Delivery, element: ElementKind): QueueMessage {
  const { message, source, id } = delivery;
  const attributes: Record<string, string> = {
    "delivery-id": webhookId(id),
    "kafka-topic": source.topic,
    "kafka-partition": String(source.partition),
    "kafka-offset": String(source.offset),
    "kafka-timestamp": String(message.timestampMs),
  };
  let body: string;
  if (element === "record") {
    body = toElement(delivery, "record");
  } else {
    const [text, form] = bodyOf(message.value);
    body = text;
    if (form !== undefined) attributes["kafka-value"] = form;
    addKeyAndHeaders(attributes, delivery);
  }
  let bytes = Buffer.byteLength(body);
  for (const [name, value] of Object.entries(attributes)) bytes += name.length + "String".length + Buffer.byteLength(value);
  return { body, attributes, bytes };
}

function bodyOf(value: Buffer | null): readonly [text: string, form?: "base64" | "empty" | "tombstone"] {
  if (value === null) return ["null", "tombstone"];
  if (value.length === 0) return ['""', "empty"];
  const text = value.toString("utf8");
  return notXml.test(text) ? [value.toString("base64"), "base64"] : [text];
}

function addKeyAndHeaders(attributes: Record<string, string>, { message }: Delivery): void {
  const { key, headers } = message;
  const keyText = key?.toString("utf8");
  // An attribute may not be empty: an empty key goes as base64 JSON would say it, by a name of its own.
  if (key?.length === 0) attributes["kafka-key-empty"] = "true";
  else if (keyText !== undefined && !notXml.test(keyText)) attributes["kafka-key"] = keyText;
  else if (key !== null) attributes["kafka-key-base64"] = key.toString("base64");
  if (headers.length > 0) {
    attributes["kafka-headers"] = JSON.stringify(headers.map(({ name, value }) => [name, value?.toString("base64") ?? null]));
    const trace = headers.find(({ name }) => name === "traceparent")?.value?.toString("latin1");
    if (trace !== undefined && /^[0-9a-f-]{55,}$/.test(trace)) attributes.traceparent = trace;
  }
}

/** As both services take them. */
export function toMessageAttributes(attributes: QueueMessage["attributes"]): Record<string, { DataType: "String"; StringValue: string }> {
  return Object.fromEntries(Object.entries(attributes).map(([name, text]) => [name, { DataType: "String", StringValue: text }]));
}

/** The group of a FIFO entry; none on a standard queue or topic. */
export const groupOf = ({ MessageGroupId }: QueueMessage & { readonly MessageGroupId?: string }): string | undefined => MessageGroupId;

export type FifoGroup = "partition" | "key";

/** The same delivery is the same message for five minutes; order is kept within a group. */
export function fifoIds(
  { id, source, message }: Delivery,
  group: FifoGroup,
): { readonly MessageDeduplicationId: string; readonly MessageGroupId: string } {
  const partition = `${source.topic}-${source.partition}`;
  const isByKey = group === "key" && message.key !== null;
  // 128 characters at most; a digest is 43.
  const groupId = isByKey ? webhookId(message.key.toString("base64")) : partition;
  return { MessageDeduplicationId: webhookId(id), MessageGroupId: groupId.length > 128 ? webhookId(groupId) : groupId };
}

/** Cuts what goes into one call: at most `countMax` and `bytesMax`, and one of a group, in order; something larger stands alone. */
export function toCalls<Item extends { readonly bytes: number; readonly group?: string | undefined }>(
  items: readonly Item[],
  countMax: number,
  bytesMax: number,
): readonly (readonly Item[])[] {
  const calls: Item[][] = [];
  let bytes = 0;
  for (const item of items) {
    const call = calls.at(-1);
    const hasGroup = item.group !== undefined && call?.some(({ group }) => group === item.group);
    if (call === undefined || call.length === countMax || bytes + item.bytes > bytesMax || hasGroup) {
      calls.push([item]);
      bytes = item.bytes;
    } else {
      call.push(item);
      bytes += item.bytes;
    }
  }
  return calls;
}
