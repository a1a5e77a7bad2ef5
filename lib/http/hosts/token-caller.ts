/** The caller of a host that has no authorizer: named by a token that is checked here, if the deployment says whose tokens count. */
import type { Caller } from "../../access.js";
import { RelayError } from "../../errors.js";
import type { CallerSettings } from "../claims.js";
import { anonymous, type Headers } from "../message.js";

type BearerTokens = typeof import("./bearer-token.js");

let kept: { readonly jwksUrl: string; readonly check: ReturnType<BearerTokens["createTokenCheck"]> } | undefined;

/** Throws `unauthenticated` for a missing token and for one that is not valid; `bad-configuration` if the tokens of any issuer or for any audience would count. */
export async function callerByToken(headers: Headers, settings: CallerSettings): Promise<Caller> {
  const { RELAY_JWT_JWKS_URL: jwksUrl, RELAY_JWT_ISSUER: issuer, RELAY_JWT_AUDIENCE: audience } = settings;
  if (jwksUrl === undefined) return anonymous;
  if (issuer === undefined || audience === undefined)
    throw new RelayError("bad-configuration", "RELAY_JWT_JWKS_URL requires RELAY_JWT_ISSUER and RELAY_JWT_AUDIENCE as well.");
  // Functions behind an HTTP API never need it.
  const { createTokenCheck, callerOfToken } = await import("./bearer-token.js");
  if (kept?.jwksUrl !== jwksUrl) kept = { jwksUrl, check: createTokenCheck({ keys: { jwksUrl }, issuer, audience: audience.split(",") }) };
  return callerOfToken(await kept.check(headers.authorization), settings);
}
