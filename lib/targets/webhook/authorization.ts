/** How a webhook signs in where a fixed header is not enough: a token by OAuth client credentials, fetched from the receiver's token server. */
import type { SecureContext } from "node:tls";
import * as v from "valibot";
import { createDeadline, within } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import { createOAuthTokens, type OAuthTokens } from "../../oauth/client-credentials.js";
import { assertParameters, parseTokenUrl, requestToken } from "../../oauth/token-request.js";
import { oneOf } from "../../option-values.js";
import type { TargetContext } from "../../relay/delivery.js";
import { reference, textOf } from "../option-checks.js";
import { assertHostAllowed, publicLookup } from "./address.js";

interface OAuthOptions {
  /** `https://...`, or a reference to a secret. */
  readonly tokenUrl: string;
  /** Text, or references to secrets. */
  readonly clientId: string;
  readonly clientSecret: string;
  /** Separated by spaces. */
  readonly scope?: string;
  /** Further parameters of the token request: `{ audience: "https://api.example.com" }`. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** "basic" (default): id and secret go in the Authorization header; "body": in the form. */
  readonly clientAuthentication?: "basic" | "body";
}

export interface WebhookAuth {
  readonly oauth: OAuthOptions;
}

const parameterName = v.pipe(
  v.string(),
  v.rawCheck(({ dataset, addIssue }) => {
    try {
      if (dataset.typed) assertParameters([dataset.value]);
    } catch (thrown) {
      addIssue({ message: (thrown as RelayError).message.replace(/\.$/, "") });
    }
  }),
);

export const authEntry = v.optional(
  v.strictObject({
    oauth: v.strictObject({
      tokenUrl: reference(parseTokenUrl),
      clientId: reference(),
      clientSecret: reference(),
      scope: v.optional(textOf(/^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/, "scopes, separated by single spaces")),
      parameters: v.optional(v.record(parameterName, v.string("must be text"))),
      clientAuthentication: v.optional(oneOf("basic", "body")),
    }),
  }),
);

interface AuthorizationParts {
  readonly secret: TargetContext["secret"];
  readonly allowPrivate: boolean;
  readonly secureContext: SecureContext | undefined;
}

/** The same rules apply to the token server as to the receiver: allowed addresses and trusted authorities. */
export function createWebhookTokens({ oauth }: WebhookAuth, { secret, allowPrivate, secureContext }: AuthorizationParts): OAuthTokens {
  return createOAuthTokens({
    request: async (options) => {
      const tokenUrl = parseTokenUrl(await secret(oauth.tokenUrl, options));
      if (!allowPrivate) assertHostAllowed(tokenUrl.hostname);
      const credentials = {
        ...oauth,
        tokenUrl,
        clientId: await secret(oauth.clientId, options),
        clientSecret: await secret(oauth.clientSecret, options),
      };
      return requestToken(credentials, {
        secureContext,
        lookup: allowPrivate ? undefined : publicLookup,
        failures: { refused: "target-refused", unavailable: "target-failed" },
      });
    },
  });
}

/** Throws `target-timeout` when no token came in time. The request for it goes on, for the next delivery. */
export function tokenWithin(tokens: OAuthTokens, timeoutMs: number): Promise<string> {
  return within(createDeadline(timeoutMs), tokens.token(), () => {
    throw new RelayError("target-timeout", `No token came from the token server within ${Math.round(timeoutMs)} ms.`);
  });
}
