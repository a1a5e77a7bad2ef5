/** How an item is written: as its system wrote it, as a CloudEvent, or, for changes of rows, as Debezium writes them. Pure. */
import { toBinaryRecord } from "../cloudevents/kafka.js";
import type { RecordHeader } from "../kafka/records.js";
import type { Envelope } from "./define-source.js";
import type { SourceItem } from "./origin.js";

type Enveloped = Pick<SourceItem, "key" | "value" | "headers" | "timestampMs">;

export function enveloped(item: SourceItem, envelope: Envelope): Enveloped {
  const { id, key, value, headers, timestampMs, about } = item;
  if (envelope === "value") return item;
  const { source, type, subject, contentType = "application/json", data = value } = about;
  const attributes = {
    specversion: "1.0",
    id,
    source,
    type,
    time: new Date(timestampMs).toISOString(),
    datacontenttype: contentType,
    ...(subject === undefined ? {} : { subject }),
  };
  const event = toBinaryRecord({ attributes, data }, key, headers.filter(isOwn));
  return { key: event.key, value: event.value, headers: event.headers, timestampMs };
}

/** The event's content type takes the place of the item's. */
const isOwn = ({ name }: RecordHeader): boolean => name !== "content-type" && !name.startsWith("ce_");

/** https://debezium.io/documentation/reference/stable/connectors/postgresql.html#postgresql-create-events: "c" created, "u" updated, "d" deleted. */
interface RowChange {
  readonly operation: "c" | "u" | "d";
  /** JSON text of the row before and after; undefined: unknown, or there is none. */
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly source: Readonly<Record<string, string | number | undefined>>;
  readonly timestampMs: number;
}

/** Debezium's value without its schema, as its JSON converter writes it with `schemas.enable=false`. The rows' text goes on digit by digit. */
export function toDebezium({ operation, before, after, source, timestampMs }: RowChange): Buffer {
  return Buffer.from(
    `{"before":${before ?? "null"},"after":${after ?? "null"},"source":${JSON.stringify(source)},"op":"${operation}","ts_ms":${timestampMs}}`,
  );
}
