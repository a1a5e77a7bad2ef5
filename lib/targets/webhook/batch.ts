/** Several deliveries in one body: a JSON array or NDJSON, of the values alone, of whole records, or of CloudEvents. */
import { formatJsonEvent } from "../../cloudevents/json-event.js";
import type { Delivery, DeliveryOutcome } from "../../relay/delivery.js";
import { type ElementKind, toElement } from "../element.js";
import { deliverByHalves, endsCall, failedByRecord } from "../outcome.js";
import { eventBatchContentType, toCloudEvent } from "./cloud-event.js";

const bytesMaxDefault = 1_000_000;

export interface BatchOptions {
  readonly format: "json-array" | "ndjson";
  /** Deliveries per request; 100 where absent. */
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
function toBatchElement(delivery: Delivery, { element = "value" }: BatchOptions): string {
  return element === "cloudevent" ? formatJsonEvent(toCloudEvent(delivery)).replace(/[\r\n]/g, " ") : toElement(delivery, element);
}

function joinElements(elements: readonly string[], { format }: BatchOptions): Buffer {
  return Buffer.from(format === "json-array" ? `[${elements.join(",")}]` : `${elements.join("\n")}\n`);
}

/** Cuts a batch where its body would grow over `bytesMax`; order stays. */
function partsWithin(bytesMax: number, elements: ReadonlyMap<Delivery, string>): readonly (readonly Delivery[])[] {
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

/** Records that cannot become an element fail alone. The others go in requests of at most `bytesMax`, in order, until one fails for a reason that is not a record's. */
export async function deliverBatches(
  deliveries: readonly Delivery[],
  batch: BatchOptions,
  post: (deliveries: readonly Delivery[], body: Buffer) => Promise<DeliveryOutcome>,
): Promise<readonly DeliveryOutcome[]> {
  const outcomes = new Map<Delivery, DeliveryOutcome>();
  const elements = new Map<Delivery, string>();
  for (const delivery of deliveries) {
    try {
      elements.set(delivery, toBatchElement(delivery, batch));
    } catch (thrown) {
      outcomes.set(delivery, failedByRecord(thrown));
    }
  }
  const bodyOf = (some: readonly Delivery[]) =>
    joinElements(
      some.map((each) => elements.get(each) as string),
      batch,
    );
  let stopped: DeliveryOutcome | undefined;
  for (const part of partsWithin(batch.bytesMax ?? bytesMaxDefault, elements)) {
    const held = stopped;
    const results = held === undefined ? await deliverByHalves(part, (some) => post(some, bodyOf(some))) : part.map(() => held);
    stopped = results.find(endsCall);
    for (const [index, delivery] of part.entries()) outcomes.set(delivery, results[index] as DeliveryOutcome);
  }
  return deliveries.map((delivery) => outcomes.get(delivery) as DeliveryOutcome);
}
