/** A delivery as a CloudEvent for a receiver that takes nothing else; a plain record becomes one whose attributes say where it came from. */
import { toRfc3339 } from "../../calendar.js";
import { type AttributeValue, type CloudEvent, isAttributeText, sendableAttributes, utf8Text } from "../../cloudevents/event.js";
import { readCloudEvent } from "../../cloudevents/kafka.js";
import type { Delivery } from "../../relay/delivery.js";
import { contentTypeOf, type HttpHeaders, percentEncode } from "./headers.js";

/** In lower case: the JavaScript SDK compares the whole header, and refuses another spelling. */
export const eventContentType = "application/cloudevents+json; charset=utf-8";
export const eventBatchContentType = "application/cloudevents-batch+json; charset=utf-8";

/** An attribute that the record's key, type or time cannot make is omitted, and so is one that came with the record and holds what CloudEvents forbids. Throws `record-undecodable` where the record claims to be an event and is none. */
export function toCloudEvent(delivery: Delivery): CloudEvent {
  const { message, source, id } = delivery;
  const carried = readCloudEvent(message);
  if (carried !== undefined) return { ...carried, attributes: sendableAttributes(carried.attributes) };
  const contentType = contentTypeOf(message);
  const key = message.key === null ? undefined : utf8Text(message.key);
  const attributes: Record<string, AttributeValue> = {
    specversion: "1.0",
    id,
    source: `/kafka/${source.topic}`,
    type: "kafka-relay.record",
    subject: `partition:${source.partition}#${source.offset}`,
    ...timeAttribute(message.timestampMs),
    ...(contentType === undefined ? {} : { datacontenttype: contentType }),
    ...(key === undefined || key === "" || !isAttributeText(key) ? {} : { partitionkey: key }),
  };
  return { attributes: sendableAttributes(attributes), data: message.value };
}

/** RFC 3339 knows the years 0 to 9999; a timestamp of a record may be any number of milliseconds. */
function timeAttribute(timestampMs: number): { readonly time?: string } {
  const time = toRfc3339(timestampMs);
  return time === undefined ? {} : { time };
}

/** Binary mode: attributes as `ce-*` headers; `datacontenttype` is the content type. */
export function toEventHeaders({ attributes }: CloudEvent): HttpHeaders {
  const headers: HttpHeaders = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "datacontenttype") headers["content-type"] = String(value);
    else headers[`ce-${name}`] = percentEncode(String(value));
  }
  return headers;
}
