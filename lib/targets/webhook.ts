/** The target "webhook": a record, or a batch of them, becomes one signed HTTP request. What it sends and what answers mean: docs/targets.md. */
import * as v from "valibot";
import type { OAuthTokens } from "../oauth/client-credentials.js";
import type { Delivery, DeliveryOutcome, Target, TargetContext, TargetDefinition } from "../relay/delivery.js";
import { parseCertificates, trustAlso } from "../trusted-authorities.js";
import { assertConsistent, knownText, reference } from "./option-checks.js";
import { checkOptions, flag, made, oneOf, slowTimeoutMsDefault, timeoutMs, whole } from "./options.js";
import { deliverByHalves, endsCall, failedBy, failedByRecord, toRecordFault } from "./outcome.js";
import { assertHostAllowed } from "./webhook/address.js";
import { authEntry, createWebhookTokens, tokenWithin, type WebhookAuth } from "./webhook/authorization.js";
import { type BatchOptions, joinElements, partsWithin, toBatchElement } from "./webhook/batch.js";
import { type Composed, type Composition, composeBatch, composeOne, madeBy, seal } from "./webhook/compose.js";
import { assertHeaderValue, fixedHeaderName } from "./webhook/fixed-headers.js";
import { createHttpSender, type HttpSender } from "./webhook/request.js";
import { displayName, parseAddress, readSettings, type Settings, type SettingsSource } from "./webhook/settings.js";
import { parseSigningSecret } from "./webhook/signature.js";
import { type StatusMeanings, toFailure, toOutcome } from "./webhook/verdict.js";

type Method = "POST" | "PUT" | "PATCH" | "DELETE";

export interface WebhookOptions {
  /** `http:` or `https:`; a reference to a secret where the address is one; or a function of the delivery. */
  readonly url: string | ((delivery: Delivery) => string);
  readonly method?: Method | ((delivery: Delivery) => Method);
  /** Added to every request, over what the record brings; values may be references to secrets (`env:TOKEN`). Or a function of the delivery. */
  readonly headers?: Readonly<Record<string, string>> | ((delivery: Delivery) => Readonly<Record<string, string>>);
  /** Signs in by a token of OAuth client credentials, in the header `authorization`. */
  readonly auth?: WebhookAuth;
  /** Standard Webhooks secrets, as references; two while they are changed: each signs. */
  readonly secrets?: string | readonly string[];
  /** Sends every record as a CloudEvent, made of a plain one, in this mode. Absent: records go as they are, events in the mode they came in. */
  readonly cloudEvents?: "binary" | "structured";
  /** Do the record's own headers go along? "forward" where absent. */
  readonly recordHeaders?: "forward" | "none";
  /** From the first byte sent to the last received; 15,000 where absent, and never past the time the function has left. */
  readonly timeoutMs?: number;
  /** Connections a host at most; 128 where absent. */
  readonly connectionsMax?: number;
  /** Of the answer's body that is read; 65,536 where absent. */
  readonly answerBytesMax?: number;
  readonly answerHeaderBytesMax?: number;
  /** May the address be loopback, private or link-local? */
  readonly allowPrivate?: boolean;
  /** PEM of certificate authorities to trust beside those that Node trusts, or a reference to a secret. */
  readonly ca?: string;
  /** One request for several deliveries, answered as one. */
  readonly batch?: BatchOptions;
  /** What a status means here where it is not what it usually means. */
  readonly statuses?: StatusMeanings;
}

const defaults = {
  timeoutMs: slowTimeoutMsDefault,
  connectionsMax: 128,
  hostsMax: 256,
  answerBytesMax: 65_536,
  answerHeaderBytesMax: 16_384,
  batchDeliveriesMax: 100,
  batchBytesMax: 1_000_000,
} as const;

const optionEntries = {
  url: v.union([reference(parseAddress), made], "must be an address, a reference to one, or a function of the delivery"),
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

/** What contradicts itself, or would be ignored. A batch is one request: what is made of a delivery would be made of its first record alone. */
function assertSound({ url, method, headers, auth, batch, cloudEvents, recordHeaders, allowPrivate }: WebhookOptions): void {
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
  if (allowPrivate === false && address !== undefined) assertHostAllowed(parseAddress(address).hostname);
}

/** Relays to an HTTP address. A repeat of a delivery is sent again under the same `webhook-id` and `idempotency-key`. */
export function webhook(options: WebhookOptions): TargetDefinition {
  checkOptions("webhook", options, optionEntries);
  assertSound(options);
  const name = typeof options.url === "string" ? displayName(options.url) : "webhook by record";
  return {
    kind: "webhook",
    name,
    options: {
      ...options,
      url: name,
      ...(options.secrets === undefined ? {} : { secrets: [options.secrets].flat().length }),
      ...(options.auth === undefined ? {} : { auth: toldAuth(options.auth) }),
    },
    open: (context) => openWebhook(name, options, context),
  };
}

function openWebhook(name: string, options: WebhookOptions, context: TargetContext): Target {
  const { url, batch, method: named = "POST", statuses = {} } = options;
  const composition = compositionOf(options);
  const source = settingsSourceOf(name, options);
  const settings = keepSettings((refresh) => readSettings(source, context.secret, refresh));
  let sender: Promise<OpenSender> | undefined;

  const post = async (deliveries: readonly Delivery[], compose: () => Composed, timeoutMs: number): Promise<DeliveryOutcome> => {
    const [first] = deliveries as [Delivery];
    try {
      const startMs = performance.now();
      sender ??= openSender(options, context);
      const [current, { http, tokens }] = await Promise.all([settings.read(), sender]);
      const token = tokens === undefined ? undefined : await tokenWithin(tokens, timeoutMs);
      const composed = composedBy(compose);
      const request = {
        url: current.url ?? madeBy("url", () => parseAddress(typeof url === "string" ? url : url(first))),
        method: typeof named === "function" ? madeBy("method", () => named(first)) : named,
        body: composed.body,
        headers: seal(composed, deliveries, token === undefined ? current : withToken(current, token), composition, Date.now()),
        timeoutMs: Math.max(1, timeoutMs - (performance.now() - startMs)),
      };
      const answer = await http.send(request);
      if (answer.status === 401 || answer.status === 403) {
        settings.doubt(current);
        if (token !== undefined) tokens?.doubt(token);
      }
      return toOutcome(answer, name, statuses);
    } catch (thrown) {
      return failedBy(toFailure(thrown, name));
    }
  };

  return {
    kind: "webhook",
    name,
    deliveriesMax: batch === undefined ? 1 : (batch.deliveriesMax ?? defaults.batchDeliveriesMax),
    deliver: async (deliveries, deadline) => {
      const timeoutMs = () => Math.min(options.timeoutMs ?? defaults.timeoutMs, deadline.leftMs());
      if (batch !== undefined)
        return deliverBatches(deliveries, batch, (some, body) => post(some, () => composeBatch(body, batch), timeoutMs()));
      const outcomes: DeliveryOutcome[] = [];
      for (const delivery of deliveries) outcomes.push(await post([delivery], () => composeOne(delivery, composition), timeoutMs()));
      return outcomes;
    },
    close: async () => {
      const opened = await sender?.catch(() => undefined);
      sender = undefined;
      opened?.http.close();
    },
  };
}

function settingsSourceOf(name: string, { url, headers = {}, secrets = [] }: WebhookOptions): SettingsSource {
  return {
    name,
    url: typeof url === "string" ? url : undefined,
    headers: typeof headers === "function" ? {} : headers,
    secrets: [secrets].flat(),
  };
}

function compositionOf({ recordHeaders = "forward", cloudEvents, headers }: WebhookOptions): Composition {
  return {
    recordHeaders,
    ...(cloudEvents === undefined ? {} : { cloudEvents }),
    ...(typeof headers === "function" ? { headers } : {}),
  };
}

/** Composing asks nobody: what it throws is the record's own fault. */
function composedBy(compose: () => Composed): Composed {
  try {
    return compose();
  } catch (thrown) {
    throw toRecordFault(thrown);
  }
}

interface OpenSender {
  readonly http: HttpSender;
  readonly tokens: OAuthTokens | undefined;
}

async function openSender(options: WebhookOptions, context: TargetContext): Promise<OpenSender> {
  const { auth } = options;
  const ca = options.ca === undefined ? undefined : await context.secret(options.ca);
  const secureContext = ca === undefined ? undefined : trustAlso(ca);
  const allowPrivate = options.allowPrivate ?? context.allowPrivateAddresses;
  const http = createHttpSender({
    connectionsMax: options.connectionsMax ?? defaults.connectionsMax,
    hostsMax: defaults.hostsMax,
    answerBytesMax: options.answerBytesMax ?? defaults.answerBytesMax,
    answerHeaderBytesMax: options.answerHeaderBytesMax ?? defaults.answerHeaderBytesMax,
    allowPrivate,
    ...(secureContext === undefined ? {} : { secureContext }),
  });
  const { secret } = context;
  return { http, tokens: auth === undefined ? undefined : createWebhookTokens(auth, { secret, allowPrivate, secureContext }) };
}

function withToken(settings: Settings, token: string): Settings {
  return { ...settings, headers: { ...settings.headers, authorization: `Bearer ${token}` } };
}

/** For `routes explain`: which server it asks, and as which client unless that is a secret. */
function toldAuth({ oauth }: WebhookAuth): object {
  const { tokenUrl, clientId, scope, clientAuthentication } = oauth;
  return { oauth: { tokenUrl, clientId, scope, clientAuthentication } };
}

function hasUser(address: string): boolean {
  return URL.canParse(address) && new URL(address).username !== "";
}

/** Keeps settings until somebody doubts the ones that were used; then they are read afresh, once for all who ask. */
function keepSettings(read: (refresh: boolean) => Promise<Settings>): {
  readonly read: () => Promise<Settings>;
  readonly doubt: (used: Settings) => void;
} {
  let kept: Promise<Settings> | undefined;
  let current: Settings | undefined;
  let isDoubted = false;
  return {
    read: async () => {
      kept ??= read(isDoubted).catch((thrown) => {
        kept = undefined;
        throw thrown;
      });
      current = await kept;
      return current;
    },
    doubt: (used) => {
      if (used !== current) return;
      isDoubted = true;
      kept = undefined;
    },
  };
}

/** Elements that cannot be one fail alone; the others go in requests of at most `bytesMax`, in order, until one fails for a reason that is not a record's. */
async function deliverBatches(
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
  for (const part of partsWithin(batch.bytesMax ?? defaults.batchBytesMax, elements)) {
    const held = stopped;
    const results = held === undefined ? await deliverByHalves(part, (some) => post(some, bodyOf(some))) : part.map(() => held);
    stopped = results.find(endsCall);
    for (const [index, delivery] of part.entries()) outcomes.set(delivery, results[index] as DeliveryOutcome);
  }
  return deliveries.map((delivery) => outcomes.get(delivery) as DeliveryOutcome);
}
