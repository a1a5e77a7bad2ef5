/** The options of the target "webhook": what they mean, and what is checked when a route is defined. */
import * as v from "valibot";
import { flag, oneOf, whole } from "../../option-values.js";
import type { Delivery } from "../../relay/delivery.js";
import { parseCertificates } from "../../trusted-authorities.js";
import { assertConsistent, knownText, reference } from "../option-checks.js";
import { checkOptions, made, timeoutMs } from "../options.js";
import { assertHostAllowed } from "./address.js";
import { authEntry, type WebhookAuth } from "./authorization.js";
import type { BatchOptions } from "./batch.js";
import { assertHeaderValue, fixedHeaderName } from "./fixed-headers.js";
import { parseWebhookAddress } from "./settings.js";
import { parseSigningSecret } from "./signature.js";
import type { StatusMeanings } from "./verdict.js";

type Method = "POST" | "PUT" | "PATCH" | "DELETE";

export interface WebhookOptions {
  /** `http:` or `https:`; a reference to a secret where the address is one; or a function of the delivery. */
  readonly url: string | ((delivery: Delivery) => string);
  readonly method?: Method | ((delivery: Delivery) => Method);
  /** Added to every request, in place of the record's own of the same name. Values may be references to secrets (`env:TOKEN`). Or a function of the delivery. */
  readonly headers?: Readonly<Record<string, string>> | ((delivery: Delivery) => Readonly<Record<string, string>>);
  /** Sends a token of OAuth client credentials in the header `authorization`. */
  readonly auth?: WebhookAuth;
  /** Standard Webhooks secrets, as references. Every secret signs, so two are given while one replaces the other. */
  readonly secrets?: string | readonly string[];
  /** Sends every record as a CloudEvent in this mode. Absent: records are sent as they are, and events in the mode in which they arrived. */
  readonly cloudEvents?: "binary" | "structured";
  /** Whether the record's own headers are sent; "forward" where absent. */
  readonly recordHeaders?: "forward" | "none";
  /** From the first byte sent to the last byte received; 15,000 where absent. Never longer than the time that the function has left. */
  readonly timeoutMs?: number;
  /** Connections per host; 128 where absent. */
  readonly connectionsMax?: number;
  /** Bytes of the response body that are read; 65,536 where absent. */
  readonly answerBytesMax?: number;
  readonly answerHeaderBytesMax?: number;
  /** Whether the address may be loopback, private or link-local. */
  readonly allowPrivate?: boolean;
  /** PEM of certificate authorities to trust in addition to those of Node, or a reference to a secret. */
  readonly ca?: string;
  /** One request for several deliveries; its response is the result of them all. */
  readonly batch?: BatchOptions;
  /** Statuses of this receiver that do not have their usual meaning. */
  readonly statuses?: StatusMeanings;
}

const entries = {
  url: v.union([reference(parseWebhookAddress), made], "must be an address, a reference to one, or a function of the delivery"),
  method: v.optional(
    v.union([oneOf("POST", "PUT", "PATCH", "DELETE"), made], 'must be "POST", "PUT", "PATCH", "DELETE", or a function of the delivery'),
  ),
  headers: v.optional(
    v.union([v.record(fixedHeaderName, reference(assertHeaderValue)), made], "must be an object of texts, or a function of the delivery"),
  ),
  secrets: v.optional(
    v.union(
      [reference(parseSigningSecret), v.pipe(v.array(reference(parseSigningSecret)), v.minLength(1, "must not be empty"))],
      "must be a signing secret, a reference to one, or a list of them",
    ),
  ),
  auth: authEntry,
  recordHeaders: v.optional(oneOf("forward", "none")),
  cloudEvents: v.optional(oneOf("binary", "structured")),
  timeoutMs: v.optional(timeoutMs),
  connectionsMax: v.optional(whole(1, 1_000)),
  answerBytesMax: v.optional(whole(0, 100_000_000)),
  answerHeaderBytesMax: v.optional(whole(1_024, 1_000_000)),
  allowPrivate: v.optional(flag),
  ca: v.optional(reference(parseCertificates)),
  batch: v.optional(
    v.strictObject({
      format: oneOf("json-array", "ndjson"),
      deliveriesMax: v.optional(whole(1, 10_000)),
      bytesMax: v.optional(whole(1, 100_000_000)),
      element: v.optional(oneOf("value", "record", "cloudevent")),
    }),
  ),
  statuses: v.optional(
    v.record(v.pipe(v.string(), v.regex(/^[1-5]\d\d$/, "must be an HTTP status")), oneOf("delivered", "record", "target")),
  ),
};

/** Throws `bad-configuration` that names every invalid option. */
export function checkWebhookOptions(options: WebhookOptions): void {
  checkOptions("webhook", options, entries);
  assertConsistentOptions(options);
}

/** Refuses options that contradict each other or would be ignored. A batch is one request, so a function of the delivery would only see its first record. */
function assertConsistentOptions({ url, method, headers, auth, batch, cloudEvents, recordHeaders, allowPrivate }: WebhookOptions): void {
  const made = Object.entries({ url, method, headers }).filter(([, option]) => typeof option === "function");
  const names = typeof headers === "object" ? Object.keys(headers).map((name) => name.toLowerCase()) : [];
  const repeated = names.find((name, index) => names.indexOf(name) < index);
  const address = typeof url === "string" ? knownText(url) : undefined;
  assertConsistent("webhook", [
    ...made.map(
      ([name]) => batch !== undefined && `${name}: cannot be a function of the delivery, because a batch contains several deliveries`,
    ),
    batch !== undefined && cloudEvents !== undefined && 'cloudEvents: does not apply to a batch; use batch.element: "cloudevent"',
    batch !== undefined &&
      recordHeaders !== undefined &&
      "recordHeaders: does not apply to a batch, which does not contain the headers of its records",
    auth !== undefined && names.includes("authorization") && "headers.authorization: is already set by `auth`; use only one of them",
    auth !== undefined &&
      address !== undefined &&
      hasUser(address) &&
      "url: contains a user, but `auth` authenticates too; use only one of them",
    repeated !== undefined && `headers.${repeated}: is given twice, in different case`,
  ]);
  if (allowPrivate === false && address !== undefined) assertHostAllowed(parseWebhookAddress(address).hostname);
}

function hasUser(address: string): boolean {
  return URL.canParse(address) && new URL(address).username !== "";
}
