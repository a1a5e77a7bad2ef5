/** Several deliveries in one body: a JSON array or NDJSON, of the values alone or of whole records. */
import type { ElementKind } from "../element.js";

export interface BatchOptions {
  readonly format: "json-array" | "ndjson";
  /** Deliveries a request at most; 100 where absent. */
  readonly deliveriesMax?: number;
  /** Of the body; 1,000,000 where absent. A single delivery above it is sent alone. */
  readonly bytesMax?: number;
  /** "value" (default): the JSON value as it stands, null for a tombstone. "record": `{id, topic, partition, offset, timestamp, key, value, headers}`. */
  readonly element?: ElementKind;
}

export const contentTypes = { "json-array": "application/json", ndjson: "application/x-ndjson" } as const;

export function joinElements(elements: readonly string[], format: BatchOptions["format"]): Buffer {
  return Buffer.from(format === "json-array" ? `[${elements.join(",")}]` : `${elements.join("\n")}\n`);
}
