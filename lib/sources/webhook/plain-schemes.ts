/** Schemes for senders that have none of their own: an HMAC in a header, and a shared secret in a header. */
import * as v from "valibot";
import { oneOf, text } from "../../option-values.js";
import { checkScheme, headerName, type SecretsOption, secretsOf, toleranceMs, toVerification } from "./scheme-options.js";
import {
  assertFresh,
  assertSigned,
  bytesFrom,
  type HmacAlgorithm,
  headerOf,
  hmac,
  isSame,
  refused,
  toleranceMsDefault,
} from "./signature-check.js";
import type { Verification, WebhookRequest } from "./verification.js";

interface HmacOptions extends SecretsOption {
  /** The header with the signature. */
  readonly header: string;
  /** "sha256" where absent. */
  readonly algorithm?: HmacAlgorithm;
  /** "hex" where absent. */
  readonly encoding?: "hex" | "base64";
  /** What stands before the signature in its header, such as "sha256=". */
  readonly prefix?: string;
  /** The header with the id of the delivery. */
  readonly id?: string;
  /** The header with the time in seconds. It is signed together with the body: as `<time>.<body>`, or with another separator. */
  readonly timestamp?: { readonly header: string; readonly separator?: string; readonly toleranceMs?: number };
}

/** An HMAC of the body, or of a time and the body, in a header. */
export function plainHmac(options: HmacOptions): Verification {
  checkScheme("plainHmac", options, {
    secrets: secretsOf(),
    header: headerName,
    algorithm: v.optional(oneOf("sha1", "sha256", "sha512")),
    encoding: v.optional(oneOf("hex", "base64")),
    prefix: v.optional(text),
    id: v.optional(headerName),
    timestamp: v.optional(
      v.strictObject({ header: headerName, separator: v.optional(v.string("must be text")), toleranceMs: v.optional(toleranceMs) }),
    ),
  });
  const { header, algorithm = "sha256", encoding = "hex", prefix = "", timestamp } = options;
  const name = header.toLowerCase();
  return toVerification("hmac", options, {
    hasIds: options.id !== undefined,
    verify: ({ headers, body, nowMs }, secrets) => {
      const given = headerOf(headers, name);
      const time = timestamp === undefined ? "" : headerOf(headers, timestamp.header.toLowerCase());
      const signed = timestamp === undefined ? [body] : [`${time}${timestamp.separator ?? "."}`, body];
      const right = secrets.map((secret) => hmac(algorithm, secret, ...signed));
      assertSigned(given.startsWith(prefix) ? [bytesFrom(given.slice(prefix.length), encoding)] : [], right, name);
      if (timestamp !== undefined) assertFresh(time, timestamp.header.toLowerCase(), timestamp.toleranceMs ?? toleranceMsDefault, nowMs);
      return { id: idFrom(headers, options.id) };
    },
  });
}

interface SharedSecretOptions extends SecretsOption {
  /** The header that holds the secret; "authorization" where absent, and then with "Bearer " before it. */
  readonly header?: string;
  /** The header with the id of the delivery. */
  readonly id?: string;
}

/** A secret in a header: the weakest scheme, because anyone who reads one request can send others. Only over TLS. */
export function sharedSecret(options: SharedSecretOptions): Verification {
  checkScheme("sharedSecret", options, { secrets: secretsOf(), header: v.optional(headerName), id: v.optional(headerName) });
  const header = (options.header ?? "authorization").toLowerCase();
  return toVerification("shared-secret", options, {
    hasIds: options.id !== undefined,
    verify: ({ headers }, secrets) => {
      const given = headerOf(headers, header).replace(header === "authorization" ? /^Bearer +/i : /^/, "");
      let found = false;
      for (const secret of secrets) found = isSame(given, secret) || found;
      if (!found) throw refused(`the secret in ${header} is not the right one`);
      return { id: idFrom(headers, options.id) };
    },
  });
}

const idFrom = (headers: WebhookRequest["headers"], name: string | undefined): string | undefined =>
  name === undefined ? undefined : headerOf(headers, name.toLowerCase());
