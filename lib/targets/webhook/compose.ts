/** A request out of deliveries: its body and headers, with the id, the time and the signatures of Standard Webhooks. */
import { looksLikeEvent } from "../../cloudevents/event.js";
import { formatJsonEvent } from "../../cloudevents/json-event.js";
import { RelayError } from "../../errors.js";
import type { Delivery } from "../../relay/delivery.js";
import { type BatchOptions, batchContentType } from "./batch.js";
import { eventContentType, toCloudEvent, toEventHeaders } from "./cloud-event.js";
import { isOurs } from "./fixed-headers.js";
import { contentTypeOf, type HttpHeaders, isHeaderName, isHeaderValue, toHttpHeaders } from "./headers.js";
import type { Settings } from "./settings.js";
import { sign, webhookId } from "./signature.js";

export interface Composition {
  readonly recordHeaders: "forward" | "none";
  /** Absent: the value as it is, and what a record in CloudEvents' binary mode has in `ce_` headers in `ce-` headers. */
  readonly cloudEvents?: "binary" | "structured";
  readonly headers?: (delivery: Delivery) => Readonly<Record<string, string>>;
}

export interface Composed {
  readonly body: Buffer;
  readonly headers: HttpHeaders;
}

const userAgent = "kafka-relay";
const noBytes = Buffer.alloc(0);

/** Throws the record's own failure where it cannot be such a request. */
export function composeOne(delivery: Delivery, composition: Composition): Composed {
  const { message } = delivery;
  const { cloudEvents, recordHeaders } = composition;
  const isPlain = cloudEvents === undefined && recordHeaders === "forward";
  // An event's attributes come from the event; what else the record has still goes along.
  const others = recordHeaders === "none" ? [] : message.headers.filter(({ name }) => !/^(ce_|content-type$)/i.test(name));
  const headers = toHttpHeaders(isPlain ? delivery : { source: delivery.source, message: { ...message, headers: others } });
  if (cloudEvents === undefined) {
    const contentType = contentTypeOf(message);
    if (contentType !== undefined) headers["content-type"] = contentType;
    return { body: message.value ?? noBytes, headers };
  }
  const event = toCloudEvent(delivery);
  // Data that is itself a CloudEvent would be taken for the event, by its content type.
  if (cloudEvents === "binary" && !looksLikeEvent(event.attributes.datacontenttype))
    return { body: event.data ?? noBytes, headers: Object.assign(headers, toEventHeaders(event)) };
  headers["content-type"] = eventContentType;
  return { body: Buffer.from(formatJsonEvent(event)), headers };
}

export function composeBatch(body: Buffer, batch: BatchOptions): Composed {
  return { body, headers: { "content-type": batchContentType(batch) } };
}

/** Adds what every request has. Of one name the route's function wins over its fixed headers, and both over the record's; the signature is nobody's but ours. */
export function seal(
  { body, headers }: Composed,
  deliveries: readonly Delivery[],
  settings: Settings,
  { headers: made }: Composition,
  nowMs: number,
): HttpHeaders {
  const [first] = deliveries as [Delivery];
  Object.assign(headers, settings.headers);
  if (made !== undefined)
    Object.assign(
      headers,
      madeBy("headers", () => checked(made(first))),
    );
  const id = webhookId(deliveries.length === 1 ? first.id : deliveries.map((delivery) => delivery.id).join("\n"));
  const timestampSeconds = Math.floor(nowMs / 1_000);
  headers["user-agent"] ??= userAgent;
  headers["webhook-id"] = id;
  headers["webhook-timestamp"] = String(timestampSeconds);
  headers["webhook-attempt"] = String(Math.max(...deliveries.map(({ attempt }) => attempt)));
  headers["idempotency-key"] ??= id;
  headers["content-length"] = String(body.length);
  if (settings.signingKeys.length > 0) headers["webhook-signature"] = sign(settings.signingKeys, id, timestampSeconds, body);
  return headers;
}

/** What a function of the route made of a record; that it could not is the record's own failure. */
export function madeBy<Made>(name: "url" | "method" | "headers", make: () => Made): Made {
  try {
    return make();
  } catch (thrown) {
    if (thrown instanceof RelayError && thrown.failure.blame === "record") throw thrown;
    throw new RelayError(
      "record-not-for-target",
      `The route's \`${name}\` function did not return a value that HTTP allows for this record.`,
      {
        cause: thrown,
      },
    );
  }
}

function checked(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      if (isHeaderName(name) && isHeaderValue(value) && !isOurs(name)) return [name.toLowerCase(), value];
      throw new RelayError(
        "record-not-for-target",
        `HTTP cannot carry the header ${JSON.stringify(name.slice(0, 100))} that was made for this record.`,
      );
    }),
  );
}
