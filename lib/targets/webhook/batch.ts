/** Several deliveries in one body: a JSON array or NDJSON, of the values alone, of whole records, or of CloudEvents. */
import { formatJsonEvent } from "../../cloudevents/json-event.js";
import type { Delivery } from "../../relay/delivery.js";
import { type ElementKind, toElement } from "../element.js";
import { eventBatchContentType, toCloudEvent } from "./cloud-event.js";

export interface BatchOptions {
  readonly format: "json-array" | "ndjson";
  /** Deliveries a request at most; 100 where absent. */
  readonly deliveriesMax?: number;
  /** Of the body; 1,000,000 where absent. A single delivery above it is sent alone. */
  readonly bytesMax?: number;
  /** "value" (default): the JSON value as it stands, null for a tombstone. "record": `{id, topic, partition, offset, timestamp, headers, key, value}`. "cloudevent": JSON format. */
  readonly element?: ElementKind | "cloudevent";
}

export function batchContentType({ format, element }: BatchOptions): string {
  if (format === "ndjson") return "application/x-ndjson";
  return element === "cloudevent" ? eventBatchContentType : "application/json";
}

/** Throws the record's own failure where it cannot be such an element. */
export function toBatchElement(delivery: Delivery, { element = "value" }: BatchOptions): string {
  return element === "cloudevent" ? formatJsonEvent(toCloudEvent(delivery)).replace(/[\r\n]/g, " ") : toElement(delivery, element);
}

export function joinElements(elements: readonly string[], { format }: BatchOptions): Buffer {
  return Buffer.from(format === "json-array" ? `[${elements.join(",")}]` : `${elements.join("\n")}\n`);
}

/** Cuts a batch where its body would grow over `bytesMax`; order stays. */
export function partsWithin(bytesMax: number, elements: ReadonlyMap<Delivery, string>): readonly (readonly Delivery[])[] {
  const parts: Delivery[][] = [];
  let bytes = 0;
  for (const [delivery, element] of elements) {
    const elementBytes = Buffer.byteLength(element) + 1;
    const part = parts.at(-1);
    if (part === undefined || bytes + elementBytes > bytesMax) {
      parts.push([delivery]);
      bytes = elementBytes;
    } else {
      part.push(delivery);
      bytes += elementBytes;
    }
  }
  return parts;
}
