/** The target "webhook": a record, or a batch of them, becomes one signed HTTP request. What it sends and what answers mean: docs/targets.md. */
import * as v from "valibot";
import { RelayError } from "../errors.js";
import type { Delivery, DeliveryOutcome, Target, TargetContext, TargetDefinition } from "../relay/delivery.js";
import { toElement } from "./element.js";
import { checkOptions, flag, made, oneOf, text, textOrMade, timeoutMs, whole } from "./options.js";
import { deliverByHalves, failedBy } from "./outcome.js";
import { type BatchOptions, contentTypes, joinElements } from "./webhook/batch.js";
import { type HttpHeaders, isHeaderName, isHeaderValue, toHttpHeaders } from "./webhook/headers.js";
import { createHttpSender, type HttpSender } from "./webhook/request.js";
import { parseSigningSecret, sign, webhookId } from "./webhook/signature.js";
import { type StatusMeanings, toFailure, toOutcome } from "./webhook/verdict.js";

type Method = "POST" | "PUT" | "PATCH" | "DELETE";

export interface WebhookOptions {
  /** `http:` or `https:`; a reference to a secret where the address is one; or a function of the delivery. */
  readonly url: string | ((delivery: Delivery) => string);
  readonly method?: Method | ((delivery: Delivery) => Method);
  /** Added to every request, over what the record brings; values may be references to secrets (`env:TOKEN`). Or a function of the delivery. */
  readonly headers?: Readonly<Record<string, string>> | ((delivery: Delivery) => Readonly<Record<string, string>>);
  /** Standard Webhooks secrets, as references; two while they are changed: each signs. */
  readonly secrets?: string | readonly string[];
  /** Do the record's own headers go along? "forward" where absent. */
  readonly recordHeaders?: "forward" | "none";
  /** From the first byte sent to the last received; 15,000 where absent, and never past the time the function has left. */
  readonly timeoutMs?: number;
  /** Connections a host at most; 64 where absent. */
  readonly connectionsMax?: number;
  /** Of the answer's body that is read; 65,536 where absent. */
  readonly answerBytesMax?: number;
  readonly answerHeaderBytesMax?: number;
  /** May the address be loopback, private or link-local? */
  readonly allowPrivate?: boolean;
  /** PEM of further certificate authorities, or a reference to a secret. */
  readonly ca?: string;
  /** One request for several deliveries, answered as one. */
  readonly batch?: BatchOptions;
  /** What a status means here where it is not what it usually means. */
  readonly statuses?: StatusMeanings;
}

const defaults = { timeoutMs: 15_000, connectionsMax: 64, answerBytesMax: 65_536, answerHeaderBytesMax: 16_384 } as const;
const userAgent = "kafka-relay";
const noBytes = Buffer.alloc(0);

const optionEntries = {
  url: textOrMade,
  method: v.optional(
    v.union([oneOf("POST", "PUT", "PATCH", "DELETE"), made], 'is "POST", "PUT", "PATCH", "DELETE", or a function of the delivery'),
  ),
  headers: v.optional(v.union([v.record(v.string(), v.string()), made], "is an object of texts, or a function of the delivery")),
  secrets: v.optional(v.union([text, v.pipe(v.array(text), v.minLength(1))], "is a reference to a secret, or a list of them")),
  recordHeaders: v.optional(oneOf("forward", "none")),
  timeoutMs: v.optional(timeoutMs),
  connectionsMax: v.optional(whole(1, 1_000)),
  answerBytesMax: v.optional(whole(0, 100_000_000)),
  answerHeaderBytesMax: v.optional(whole(1_024, 1_000_000)),
  allowPrivate: v.optional(flag),
  ca: v.optional(text),
  batch: v.optional(
    v.strictObject({
      format: oneOf("json-array", "ndjson"),
      deliveriesMax: v.optional(whole(1, 10_000)),
      bytesMax: v.optional(whole(1, 100_000_000)),
      element: v.optional(oneOf("value", "record")),
    }),
  ),
  statuses: v.optional(v.record(v.pipe(v.string(), v.regex(/^[1-5]\d\d$/, "is no HTTP status")), oneOf("delivered", "record", "target"))),
};

/** Relays to an HTTP address. A repeat of a delivery is sent again under the same `webhook-id` and `idempotency-key`. */
export function webhook(options: WebhookOptions): TargetDefinition {
  checkOptions("webhook", options, optionEntries);
  const name = typeof options.url === "string" ? displayName(options.url) : "webhook by record";
  return {
    kind: "webhook",
    name,
    options: { ...options, url: name, ...(options.secrets === undefined ? {} : { secrets: [options.secrets].flat().length }) },
    open: (context) => openWebhook(name, options, context),
  };
}

/** What is read from secrets once, and again after the receiver said 401 or 403: somebody may have changed a token. */
interface Settings {
  readonly url: URL | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly signingKeys: readonly Buffer[];
  readonly sender: HttpSender;
}

function openWebhook(name: string, options: WebhookOptions, context: TargetContext): Target {
  let settings: Promise<Settings> | undefined;
  const close = async () => {
    const open = await settings?.catch(() => undefined);
    settings = undefined;
    open?.sender.close();
  };
  const current = (refresh: boolean): Promise<Settings> => {
    settings ??= readSettings(name, options, context, refresh).catch((thrown) => {
      settings = undefined;
      throw thrown;
    });
    return settings;
  };
  let isRefused = false;

  const post = async (deliveries: readonly Delivery[], body: Buffer, timeoutMs: number): Promise<DeliveryOutcome> => {
    const [first] = deliveries as [Delivery];
    try {
      if (isRefused) await close();
      const { url, headers, signingKeys, sender } = await current(isRefused);
      isRefused = false;
      const { method: named = "POST", url: address } = options;
      const method = typeof named === "function" ? madeBy("method", () => named(first)) : named;
      const request = {
        url: url ?? madeBy("url", () => parseAddress(typeof address === "string" ? address : address(first))),
        method,
        body,
        timeoutMs,
        headers: headersFor(deliveries, options, headers, signingKeys, body),
      };
      const answer = await sender.send(request);
      isRefused = answer.status === 401 || answer.status === 403;
      return toOutcome(answer, name, options.statuses ?? {});
    } catch (thrown) {
      return failedBy(toFailure(thrown, name));
    }
  };

  return {
    kind: "webhook",
    name,
    deliveriesMax: options.batch === undefined ? 1 : (options.batch.deliveriesMax ?? 100),
    deliver: async (deliveries, deadline) => {
      const timeout = () => Math.min(options.timeoutMs ?? defaults.timeoutMs, deadline.leftMs());
      const { batch } = options;
      if (batch !== undefined) return deliverBatches(deliveries, batch, (part, body) => post(part, body, timeout()));
      const outcomes: DeliveryOutcome[] = [];
      for (const delivery of deliveries) outcomes.push(await post([delivery], delivery.message.value ?? noBytes, timeout()));
      return outcomes;
    },
    close,
  };
}

async function readSettings(what: string, options: WebhookOptions, context: TargetContext, refresh: boolean): Promise<Settings> {
  const read = (reference: string) => context.secret(reference, { refresh });
  const headers: Record<string, string> = {};
  for (const [header, value] of Object.entries(typeof options.headers === "function" ? {} : (options.headers ?? {}))) {
    const text = await read(value);
    if (!isHeaderName(header) || !isHeaderValue(text)) {
      throw new RelayError(
        "bad-configuration",
        `HTTP cannot carry the header ${JSON.stringify(header.slice(0, 100))} of the webhook ${what}.`,
      );
    }
    headers[header.toLowerCase()] = text;
  }
  const ca = options.ca === undefined ? undefined : await read(options.ca);
  return {
    url: typeof options.url === "string" ? parseAddress(await read(options.url)) : undefined,
    headers,
    signingKeys: await Promise.all([options.secrets ?? []].flat().map(async (reference) => parseSigningSecret(await read(reference)))),
    sender: createHttpSender({
      connectionsMax: options.connectionsMax ?? defaults.connectionsMax,
      answerBytesMax: options.answerBytesMax ?? defaults.answerBytesMax,
      answerHeaderBytesMax: options.answerHeaderBytesMax ?? defaults.answerHeaderBytesMax,
      allowPrivate: options.allowPrivate ?? context.allowPrivateAddresses,
      ...(ca === undefined ? {} : { ca }),
    }),
  };
}

function headersFor(
  deliveries: readonly Delivery[],
  options: WebhookOptions,
  fixed: Readonly<Record<string, string>>,
  signingKeys: readonly Buffer[],
  body: Buffer,
): HttpHeaders {
  const [first] = deliveries as [Delivery];
  const isBatch = options.batch !== undefined;
  const headers = isBatch ? { "content-type": contentTypes[options.batch.format] } : recordHeadersFor(first, options);
  if (first.message.value !== null) headers["content-type"] ??= contentTypeOf(first);
  Object.assign(headers, fixed);
  const { headers: added } = options;
  if (typeof added === "function")
    Object.assign(
      headers,
      madeBy("headers", () => checkedHeaders(added(first))),
    );
  const id = webhookId(isBatch ? deliveries.map((delivery) => delivery.id).join("\n") : first.id);
  const timestampSeconds = Math.floor(Date.now() / 1_000);
  headers["user-agent"] ??= userAgent;
  headers["webhook-id"] = id;
  headers["webhook-timestamp"] = String(timestampSeconds);
  headers["idempotency-key"] ??= id;
  headers["content-length"] = String(body.length);
  if (signingKeys.length > 0) headers["webhook-signature"] = sign(signingKeys, id, timestampSeconds, body);
  return headers;
}

/** Names in lower case. Throws `record-not-for-target` where HTTP cannot carry one. */
function checkedHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      if (!isHeaderName(name) || !isHeaderValue(value)) {
        throw new RelayError(
          "record-not-for-target",
          `HTTP cannot carry the header ${JSON.stringify(name.slice(0, 100))} that was made for this record.`,
        );
      }
      return [name.toLowerCase(), value];
    }),
  );
}

function recordHeadersFor(delivery: Delivery, { recordHeaders }: WebhookOptions): HttpHeaders {
  return toHttpHeaders(recordHeaders === "none" ? { ...delivery, message: { ...delivery.message, headers: [] } } : delivery);
}

/** A record without a content type of its own: JSON where its value is, else bytes. */
function contentTypeOf({ message }: Delivery): string {
  return message.value !== null && message.document() !== undefined ? "application/json" : "application/octet-stream";
}

/** What a function of the route made of a record; that it could not is the record's own failure. */
function madeBy<Made>(name: "url" | "method" | "headers", make: () => Made): Made {
  try {
    return make();
  } catch (thrown) {
    if (thrown instanceof RelayError && thrown.failure.blame === "record") throw thrown;
    throw new RelayError("record-not-for-target", `The route's \`${name}\` function made nothing that HTTP can use of this record.`, {
      cause: thrown,
    });
  }
}

function parseAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new RelayError(
    "bad-configuration",
    "A webhook's address starts with http:// or https:// and is a whole one; the one given is not.",
  );
}

/** Without user, password and query, which may be secrets. */
function displayName(address: string): string {
  if (!URL.canParse(address))
    throw new RelayError("bad-configuration", `${JSON.stringify(address)} is no address: a webhook needs http:// or https://.`);
  const { protocol, host, origin, pathname } = new URL(address);
  if (protocol === "http:" || protocol === "https:") return `${origin}${pathname === "/" ? "" : pathname}`;
  if (protocol === "env:" || protocol === "arn:") return `webhook at ${address}`;
  throw new RelayError("bad-configuration", `A webhook's address starts with http:// or https://, not ${protocol}//${host}.`);
}

/** Elements that are no JSON fail alone; the others go in requests of at most `bytesMax`, in order, until one fails for a reason that is not a record's. */
async function deliverBatches(
  deliveries: readonly Delivery[],
  batch: BatchOptions,
  post: (deliveries: readonly Delivery[], body: Buffer) => Promise<DeliveryOutcome>,
): Promise<readonly DeliveryOutcome[]> {
  const outcomes = new Map<Delivery, DeliveryOutcome>();
  const elements = new Map<Delivery, string>();
  for (const delivery of deliveries) {
    try {
      elements.set(delivery, toElement(delivery, batch.element ?? "value"));
    } catch (thrown) {
      outcomes.set(delivery, failedBy(thrown));
    }
  }
  const attempt = (some: readonly Delivery[]) =>
    post(
      some,
      joinElements(
        some.map((each) => elements.get(each) ?? ""),
        batch.format,
      ),
    );
  let stopped: DeliveryOutcome | undefined;
  for (const part of partsWithin(batch.bytesMax ?? 1_000_000, elements)) {
    const held = stopped;
    const results = held === undefined ? await deliverByHalves(part, attempt) : part.map(() => held);
    stopped = results.find((each) => each.verdict === "failed" && each.error.failure.blame !== "record");
    for (const [index, delivery] of part.entries()) outcomes.set(delivery, results[index] as DeliveryOutcome);
  }
  return deliveries.map((delivery) => outcomes.get(delivery) as DeliveryOutcome);
}

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
