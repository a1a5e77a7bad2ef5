/** The target "webhook": a record, or a batch of them, becomes one signed HTTP request. What it sends and what answers mean: docs/targets.md. */
import type { OAuthTokens } from "../oauth/client-credentials.js";
import type { Delivery, DeliveryOutcome, Target, TargetContext, TargetDefinition } from "../relay/delivery.js";
import { trustAlso } from "../trusted-authorities.js";
import { slowTimeoutMsDefault } from "./options.js";
import { failedBy, toRecordFault } from "./outcome.js";
import { createWebhookTokens, tokenWithin, type WebhookAuth } from "./webhook/authorization.js";
import { deliverBatches } from "./webhook/batch.js";
import { type Composed, type Composition, composeBatch, composeOne, madeBy, seal } from "./webhook/compose.js";
import { checkWebhookOptions, type WebhookOptions } from "./webhook/options.js";
import { createHttpSender, type HttpSender } from "./webhook/request.js";
import {
  displayName,
  keepSettings,
  parseWebhookAddress,
  readWebhookSettings,
  type Settings,
  type SettingsSource,
} from "./webhook/settings.js";
import { toWebhookFailure, toWebhookOutcome } from "./webhook/verdict.js";

export type { WebhookOptions } from "./webhook/options.js";

const defaults = {
  timeoutMs: slowTimeoutMsDefault,
  connectionsMax: 128,
  hostsMax: 256,
  answerBytesMax: 65_536,
  answerHeaderBytesMax: 16_384,
  batchDeliveriesMax: 100,
} as const;

/** Relays to an HTTP address. A repeat of a delivery is sent again under the same `webhook-id` and `idempotency-key`. */
export function webhook(options: WebhookOptions): TargetDefinition {
  checkWebhookOptions(options);
  const name = typeof options.url === "string" ? displayName(options.url) : "webhook by record";
  return {
    kind: "webhook",
    name,
    options: {
      ...options,
      url: name,
      ...(options.secrets === undefined ? {} : { secrets: [options.secrets].flat().length }),
      ...(options.auth === undefined ? {} : { auth: shownAuth(options.auth) }),
    },
    open: (context) => openWebhook(name, options, context),
  };
}

function openWebhook(name: string, options: WebhookOptions, context: TargetContext): Target {
  const { url, batch, method: named = "POST", statuses = {} } = options;
  const composition = compositionOf(options);
  const source = settingsSourceOf(name, options);
  const settings = keepSettings((refresh) => readWebhookSettings(source, context.secret, refresh));
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
        url: current.url ?? madeBy("url", () => parseWebhookAddress(typeof url === "string" ? url : url(first))),
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
      return toWebhookOutcome(answer, name, statuses);
    } catch (thrown) {
      return failedBy(toWebhookFailure(thrown, name));
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

/** Composing needs nothing but the record, so what it throws is the record's fault. */
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

/** For `routes explain`: the token server, and the client unless it is a secret. */
function shownAuth({ oauth }: WebhookAuth): object {
  const { tokenUrl, clientId, scope, clientAuthentication } = oauth;
  return { oauth: { tokenUrl, clientId, scope, clientAuthentication } };
}
