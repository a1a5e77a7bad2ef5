/** What a token's claims say of its caller: name, scopes and groups. The gateway hands claims over as text, a token that is verified here holds JSON. */
import type { Caller } from "../access.js";
import type { Config } from "../config.js";

export type ClaimNames = Pick<Config, "RELAY_JWT_SCOPE_CLAIMS" | "RELAY_JWT_GROUPS_CLAIM">;

/** What a host without an authorizer needs as well, to check a token itself. */
export type CallerSettings = ClaimNames & Partial<Pick<Config, "RELAY_JWT_JWKS_URL" | "RELAY_JWT_ISSUER" | "RELAY_JWT_AUDIENCE">>;

export type Claims = Readonly<Record<string, unknown>>;

/** The caller; undefined if the token names none. `listed` are scopes that the gateway lists beside the claims, which it does only if the route requires some. */
export function callerOfClaims(
  claims: Claims,
  { RELAY_JWT_SCOPE_CLAIMS, RELAY_JWT_GROUPS_CLAIM }: ClaimNames,
  listed?: unknown,
): Caller | undefined {
  const name = [claims.sub, claims.client_id].find((claim): claim is string => typeof claim === "string" && claim !== "");
  if (name === undefined) return undefined;
  const scopes = [listed, ...RELAY_JWT_SCOPE_CLAIMS.map((claim) => ownClaim(claims, claim))].flatMap((claim) => namesIn(claim, "words"));
  const groups = RELAY_JWT_GROUPS_CLAIM === undefined ? [] : namesIn(ownClaim(claims, RELAY_JWT_GROUPS_CLAIM), "one name");
  return { kind: "jwt", name, scopes: [...new Set(scopes)], groups: [...new Set(groups)] };
}

const ownClaim = (claims: Claims, name: string): unknown => (Object.hasOwn(claims, name) ? claims[name] : undefined);

/**
 * A list of names as issuers send it: a JSON array, or text. An API Gateway HTTP API turns the array `["a","b"]` into the text `[a b]`. Other text is words
 * separated by spaces where it holds scopes (RFC 6749, section 3.3), and one name where it holds groups, whose names may have spaces.
 */
function namesIn(claim: unknown, text: "words" | "one name"): readonly string[] {
  if (Array.isArray(claim)) return claim.filter((name): name is string => typeof name === "string" && name !== "");
  if (typeof claim !== "string") return [];
  const inBrackets = /^\[(.*)\]$/s.exec(claim)?.[1];
  if (inBrackets === undefined && text === "one name") return claim === "" ? [] : [claim];
  return (inBrackets ?? claim).split(" ").filter((name) => name !== "");
}
