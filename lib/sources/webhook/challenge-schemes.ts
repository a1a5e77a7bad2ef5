/** The schemes of senders that ask whether an address is ours before they send to it, each as its sender documents it. */
import * as v from "valibot";
import { textOf } from "../../targets/option-checks.js";
import { checkScheme, type SecretsOption, secretsOf, type ToleranceOption, toleranceMs, toVerification } from "./scheme-options.js";
import { assertFresh, assertSigned, bytesFrom, headerOf, hmac, isSame, refused, textIn, toleranceMsDefault } from "./signature-check.js";
import type { ChallengeAnswer, Verification, WebhookRequest } from "./verification.js";

interface MetaOptions extends SecretsOption {
  /** The text that was entered as "verify token" where the address was registered. It is sent in the open, so it is not a secret of the signature. */
  readonly verifyToken: string;
}

/**
 * Facebook, Instagram, WhatsApp, Messenger: https://developers.facebook.com/docs/graph-api/webhooks/getting-started. `secrets`: the secret of the app. Meta repeats
 * a notification for 36 hours, without an id of its own.
 */
export function meta(options: MetaOptions): Verification {
  const verifyToken = textOf(/^\S{1,500}$/, "text without spaces");
  checkScheme("meta", options, { secrets: secretsOf(), verifyToken });
  return toVerification("meta", options, {
    hasIds: false,
    verify: ({ headers, body }, secrets) => {
      const given = headerOf(headers, "x-hub-signature-256");
      const right = secrets.map((secret) => hmac("sha256", secret, body));
      assertSigned(given.startsWith("sha256=") ? [bytesFrom(given.slice(7), "hex")] : [], right, "x-hub-signature-256");
      return { id: undefined };
    },
    answerGet: ({ query }) => {
      const [mode, token, challenge] = ["mode", "verify_token", "challenge"].map((name) => parameterOf(query, `hub.${name}`));
      if (mode !== "subscribe") throw refused('the parameter hub.mode must be "subscribe"');
      if (!isSame(token ?? "", options.verifyToken)) throw refused("the parameter hub.verify_token is not the one of this source");
      return plain(challenge ?? "");
    },
  });
}

/** https://www.dropbox.com/developers/reference/webhooks: says that accounts have changed, and not what. Dropbox waits 10 seconds. */
export function dropbox(options: SecretsOption): Verification {
  checkScheme("dropbox", options, { secrets: secretsOf() });
  return toVerification("dropbox", options, {
    hasIds: false,
    verify: ({ headers, body }, secrets) => {
      const right = secrets.map((secret) => hmac("sha256", secret, body));
      assertSigned([bytesFrom(headerOf(headers, "x-dropbox-signature"), "hex")], right, "x-dropbox-signature");
      return { id: undefined };
    },
    answerGet: ({ query }) => plain(parameterOf(query, "challenge")),
  });
}

/**
 * https://developer.okta.com/docs/concepts/event-hooks/. Okta signs nothing: `secrets` are what it sends in the header Authorization. It waits 3 seconds, and repeats
 * a delivery once under its event id.
 */
export function okta(options: SecretsOption): Verification {
  checkScheme("okta", options, { secrets: secretsOf() });
  const assertSecret = ({ headers }: WebhookRequest, secrets: readonly string[]): void => {
    const given = headerOf(headers, "authorization");
    let found = false;
    for (const secret of secrets) found = isSame(given, secret) || found;
    if (!found) throw refused("the secret in authorization is not the right one");
  };
  return toVerification("okta", options, {
    answerWithinMs: 2_400,
    verify: (request, secrets) => {
      assertSecret(request, secrets);
      return { id: textIn(request.body, "eventId") };
    },
    answerGet: (request, secrets) => {
      assertSecret(request, secrets);
      return json({ verification: headerOf(request.headers, "x-okta-verification-challenge") });
    },
  });
}

/** https://docs.x.com/x-api/webhooks/quickstart: the Account Activity API. `secrets`: the consumer secret of the app. X asks again every day. */
export function twitter(options: SecretsOption): Verification {
  checkScheme("twitter", options, { secrets: secretsOf() });
  return toVerification("twitter", options, {
    hasIds: false,
    verify: ({ headers, body }, secrets) => {
      const given = headerOf(headers, "x-twitter-webhooks-signature");
      const right = secrets.map((secret) => hmac("sha256", secret, body));
      assertSigned(given.startsWith("sha256=") ? [bytesFrom(given.slice(7), "base64")] : [], right, "x-twitter-webhooks-signature");
      return { id: undefined };
    },
    answerGet: ({ query }, [secret = ""]) => {
      const response = hmac("sha256", secret, parameterOf(query, "crc_token")).toString("base64");
      return json({ response_token: `sha256=${response}` });
    },
  });
}

/** https://developers.zoom.us/docs/api/webhooks/. Zoom waits 3 seconds, and asks for a signed answer when the address is registered and every 72 hours. */
export function zoom(options: SecretsOption & ToleranceOption): Verification {
  checkScheme("zoom", options, { secrets: secretsOf(), toleranceMs: v.optional(toleranceMs) });
  return toVerification("zoom", options, {
    answerWithinMs: 2_400,
    hasIds: false,
    headers: ["x-zm-trackingid"],
    verify: ({ headers, body, nowMs }, secrets) => {
      const time = headerOf(headers, "x-zm-request-timestamp");
      const given = headerOf(headers, "x-zm-signature");
      const right = secrets.map((secret) => hmac("sha256", secret, `v0:${time}:`, body));
      assertSigned(given.startsWith("v0=") ? [bytesFrom(given.slice(3), "hex")] : [], right, "x-zm-signature");
      assertFresh(time, "x-zm-request-timestamp", options.toleranceMs ?? toleranceMsDefault, nowMs);
      if (textIn(body, "event") !== "endpoint.url_validation") return { id: undefined };
      const plainToken = textIn(body, "payload", "plainToken") ?? "";
      return {
        id: undefined,
        challenge: json({ plainToken, encryptedToken: hmac("sha256", secrets[0] ?? "", plainToken).toString("hex") }),
      };
    },
  });
}

const notificationsMax = 1_000;

/**
 * https://learn.microsoft.com/graph/change-notifications-delivery-webhooks. `secrets`: the clientState of the subscription, which every notification carries. Graph
 * signs nothing else, waits 3 seconds, and repeats a notification for 4 hours.
 */
export function microsoftGraph(options: SecretsOption): Verification {
  checkScheme("microsoftGraph", options, { secrets: secretsOf() });
  return toVerification("microsoft-graph", options, {
    answerWithinMs: 2_400,
    hasIds: false,
    verify: ({ query, body }, secrets) => {
      const token = query.get("validationToken");
      if (token !== null) return { id: undefined, challenge: plain(parameterOf(query, "validationToken")) };
      const states = clientStatesOf(body);
      const isRight = (state: string): boolean => {
        let found = false;
        for (const secret of secrets) found = isSame(state, secret) || found;
        return found;
      };
      if (states.length === 0 || !states.every(isRight)) throw refused("the clientState of a notification is not the right one");
      return { id: undefined };
    },
  });
}

/** Empty where the body is not a list of notifications. */
function clientStatesOf(body: Buffer): readonly string[] {
  try {
    const { value } = JSON.parse(body.toString("utf8")) as { readonly value?: unknown };
    if (!Array.isArray(value) || value.length > notificationsMax) return [];
    return value.map((one: { readonly clientState?: unknown } | null) => String(one?.clientState ?? ""));
  } catch {
    return [];
  }
}

const parameterLengthMax = 2_048;

/** Throws where it is missing or too long: what we answer is what anybody sent. */
function parameterOf(query: URLSearchParams, name: string): string {
  const value = query.get(name);
  if (value === null || value === "") throw refused(`the parameter ${name} is missing`);
  if (value.length > parameterLengthMax) throw refused(`the parameter ${name} has more than ${parameterLengthMax} characters`);
  return value;
}

const plain = (text: string): ChallengeAnswer => ({ text, contentType: "text/plain" });
const json = (body: object): ChallengeAnswer => ({ text: JSON.stringify(body), contentType: "application/json" });
