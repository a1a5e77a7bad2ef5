/** The schemes of inbound webhooks, each as its sender documents it. */
import * as v from "valibot";
import { parseSigningSecret } from "../../targets/webhook/signature.js";
import {
  checkScheme,
  type SecretsOption,
  secretsOf,
  signaturesMax,
  type ToleranceOption,
  toleranceMs,
  toVerification,
} from "./scheme-options.js";
import { assertFresh, assertSigned, bytesFrom, headerOf, hmac, textIn, toleranceMsDefault } from "./signature-check.js";
import type { Verification } from "./verification.js";

/** https://www.standardwebhooks.com: also what Svix and its users send, under `svix-` names. */
export function standardWebhooks(options: SecretsOption & ToleranceOption): Verification {
  checkScheme("standardWebhooks", options, { secrets: secretsOf(parseSigningSecret), toleranceMs: v.optional(toleranceMs) });
  return toVerification("standard-webhooks", options, {
    verify: ({ headers, body, nowMs }, secrets) => {
      const prefix = headers["webhook-id"] === undefined && headers["svix-id"] !== undefined ? "svix" : "webhook";
      const [id, time, signatures] = ["id", "timestamp", "signature"].map((name) => headerOf(headers, `${prefix}-${name}`));
      const given = (signatures ?? "")
        .split(" ", signaturesMax)
        .flatMap((one) => (one.startsWith("v1,") ? [bytesFrom(one.slice(3), "base64")] : []));
      const right = secrets.map((secret) => hmac("sha256", parseSigningSecret(secret), `${id}.${time}.`, body));
      assertSigned(given, right, `${prefix}-signature`);
      assertFresh(time ?? "", `${prefix}-timestamp`, options.toleranceMs ?? toleranceMsDefault, nowMs);
      return { id };
    },
  });
}

/** https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries. GitHub signs no time; a redelivery has the same id. */
export function github(options: SecretsOption): Verification {
  checkScheme("github", options, { secrets: secretsOf() });
  return toVerification("github", options, {
    headers: ["x-github-event", "x-github-hook-id"],
    verify: ({ headers, body }, secrets) => {
      const given = headerOf(headers, "x-hub-signature-256");
      const right = secrets.map((secret) => hmac("sha256", secret, body));
      assertSigned(given.startsWith("sha256=") ? [bytesFrom(given.slice(7), "hex")] : [], right, "x-hub-signature-256");
      return { id: headerOf(headers, "x-github-delivery") };
    },
  });
}

/** https://docs.stripe.com/webhooks/signature: the whole secret, with its "whsec_", is the key. */
export function stripe(options: SecretsOption & ToleranceOption): Verification {
  checkScheme("stripe", options, { secrets: secretsOf(), toleranceMs: v.optional(toleranceMs) });
  return toVerification("stripe", options, {
    verify: ({ headers, body, nowMs }, secrets) => {
      const parts = headerOf(headers, "stripe-signature")
        .split(",", 2 * signaturesMax)
        .map((part) => part.trim().split("=", 2));
      const time = parts.find(([name]) => name === "t")?.[1] ?? "";
      const given = parts.flatMap(([name, value = ""]) => (name === "v1" ? [bytesFrom(value, "hex")] : []));
      const right = secrets.map((secret) => hmac("sha256", secret, `${time}.`, body));
      assertSigned(given, right, "stripe-signature");
      assertFresh(time, "stripe-signature", options.toleranceMs ?? toleranceMsDefault, nowMs);
      return { id: textIn(body, "id") };
    },
  });
}

/** https://shopify.dev/docs/apps/build/webhooks/subscribe/https. Shopify waits 5 seconds, signs no time, and repeats a delivery under its id. */
export function shopify(options: SecretsOption): Verification {
  checkScheme("shopify", options, { secrets: secretsOf() });
  return toVerification("shopify", options, {
    answerWithinMs: 4_000,
    headers: ["x-shopify-topic", "x-shopify-shop-domain", "x-shopify-triggered-at", "x-shopify-event-id"],
    verify: ({ headers, body }, secrets) => {
      const given = headerOf(headers, "x-shopify-hmac-sha256");
      const right = secrets.map((secret) => hmac("sha256", secret, body));
      assertSigned([bytesFrom(given, "base64")], right, "x-shopify-hmac-sha256");
      return { id: headerOf(headers, "x-shopify-webhook-id") };
    },
  });
}

/** https://docs.slack.dev/authentication/verifying-requests-from-slack. Slack waits 3 seconds, and asks once whether the address is ours. */
export function slack(options: SecretsOption & ToleranceOption): Verification {
  checkScheme("slack", options, { secrets: secretsOf(), toleranceMs: v.optional(toleranceMs) });
  return toVerification("slack", options, {
    answerWithinMs: 2_400,
    headers: ["x-slack-retry-num", "x-slack-retry-reason"],
    hasIds: false,
    verify: ({ headers, body, nowMs }, secrets) => {
      const time = headerOf(headers, "x-slack-request-timestamp");
      const given = headerOf(headers, "x-slack-signature");
      const right = secrets.map((secret) => hmac("sha256", secret, `v0:${time}:`, body));
      assertSigned(given.startsWith("v0=") ? [bytesFrom(given.slice(3), "hex")] : [], right, "x-slack-signature");
      assertFresh(time, "x-slack-request-timestamp", options.toleranceMs ?? toleranceMsDefault, nowMs);
      if (textIn(body, "type") !== "url_verification") return { id: textIn(body, "event_id") };
      return { id: undefined, challenge: { text: textIn(body, "challenge") ?? "", contentType: "text/plain" } };
    },
  });
}
