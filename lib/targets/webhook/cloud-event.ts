/** A delivery as a CloudEvent for a receiver that takes nothing else; a plain record becomes one whose attributes say where it came from. */
import { type AttributeValue, type CloudEvent, utf8Text } from "../../cloudevents/event.js";
import { readCloudEvent } from "../../cloudevents/kafka.js";
import type { Delivery } from "../../relay/delivery.js";
import { contentTypeOf, type HttpHeaders, percentEncode } from "./headers.js";

export const eventContentType = "application/cloudevents+json; charset=UTF-8";
export const eventBatchContentType = "application/cloudevents-batch+json; charset=UTF-8";

/** Throws `record-undecodable` where the record claims to be an event and is none. */
export function toCloudEvent(delivery: Delivery): CloudEvent {
  const { message, source, id } = delivery;
  const carried = readCloudEvent(message);
  if (carried !== undefined) return carried;
  const contentType = contentTypeOf(message);
  const key = message.key === null ? undefined : utf8Text(message.key);
  const attributes: Record<string, AttributeValue> = {
    specversion: "1.0",
    id,
    source: `/kafka/${source.topic}`,
    type: "kafka-relay.record",
    subject: `partition:${source.partition}#${source.offset}`,
    time: new Date(message.timestampMs).toISOString(),
    ...(contentType === undefined ? {} : { datacontenttype: contentType }),
    ...(key === undefined || key === "" ? {} : { partitionkey: key }),
  };
  return { attributes, data: message.value };
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
