/**
 * Callers by a signed token (JWT, RFC 7519) where no gateway has checked it before: on the laptop, whose gateway checks no signature. On AWS the gateway's authorizer does
 * this, and RELAY_JWT_PUBLIC_KEY is not set.
 */
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import type { Caller } from "../access.js";
import type { Config } from "../config.js";
import { RelayError } from "../errors.js";
import { type ClaimNames, type Claims, callerOfClaims } from "./claims.js";

const tokenCharactersMax = 8_192;
/** Clocks differ by so much, as API Gateway has it. */
const leewaySeconds = 60;

export type TokenRules = Pick<Config, "RELAY_JWT_PUBLIC_KEY" | "RELAY_JWT_ISSUER" | "RELAY_JWT_AUDIENCE"> & ClaimNames;

/** The caller that `Authorization: Bearer <token>` proves; `unauthenticated` says what is wrong with the token, never what it holds. */
export function toTokenCaller(authorization: string | undefined, rules: TokenRules, nowMs: number): Caller {
  const token = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
  if (token === undefined) throw refused("the call has no token: Authorization: Bearer <token> is needed");
  const claims = readVerified(token, toKey(rules.RELAY_JWT_PUBLIC_KEY ?? ""));
  assertTimely(claims, nowMs / 1_000);
  if (rules.RELAY_JWT_ISSUER !== undefined && claims.iss !== rules.RELAY_JWT_ISSUER)
    throw refused("the token is signed in another issuer's name (iss)");
  if (rules.RELAY_JWT_AUDIENCE !== undefined && ![claims.aud].flat().includes(rules.RELAY_JWT_AUDIENCE))
    throw refused("the token is for another audience (aud)");
  const caller = callerOfClaims(claims, rules);
  if (caller === undefined) throw refused("the token names nobody (sub)");
  return caller;
}

const refused = (why: string): RelayError => new RelayError("unauthenticated", `The caller is not known: ${why}.`);

/** The key decides the algorithm, and the token has to agree: "none" and keys misused as secrets get nowhere. */
function readVerified(token: string, key: KeyObject): Claims {
  const [header = "", payload = "", signature = "", ...rest] = token.split(".");
  if (token.length > tokenCharactersMax || rest.length > 0 || signature === "") throw refused("what it sent is no signed token");
  const algorithm = key.asymmetricKeyType === "ec" ? "ES256" : "RS256";
  const { alg, crit } = parsePart(header) as { readonly alg?: unknown; readonly crit?: unknown };
  if (alg !== algorithm || crit !== undefined) throw refused(`the token is to be signed by ${algorithm}`);
  const signed = Buffer.from(`${header}.${payload}`, "ascii");
  const isGood = verify("sha256", signed, { key, dsaEncoding: "ieee-p1363" }, Buffer.from(signature, "base64url"));
  if (!isGood) throw refused("the token's signature does not fit");
  return parsePart(payload) as Claims;
}

function parsePart(part: string): object {
  try {
    const data: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    if (typeof data === "object" && data !== null) return data;
  } catch {
    // No JSON: told below.
  }
  throw refused("what it sent is no signed token");
}

function assertTimely({ exp, nbf }: Claims, nowSeconds: number): void {
  if (typeof exp !== "number" || exp + leewaySeconds <= nowSeconds) throw refused("the token has expired (exp)");
  if (nbf !== undefined && (typeof nbf !== "number" || nbf - leewaySeconds > nowSeconds)) throw refused("the token is not valid yet (nbf)");
}

const keys = new Map<string, KeyObject>();

function toKey(pem: string): KeyObject {
  let key = keys.get(pem);
  if (key !== undefined) return key;
  try {
    key = createPublicKey(pem.replaceAll("\\n", "\n"));
  } catch (cause) {
    throw new RelayError("bad-configuration", "RELAY_JWT_PUBLIC_KEY is no public key in PEM.", { cause });
  }
  if (key.asymmetricKeyType !== "rsa" && key.asymmetricKeyType !== "ec") {
    throw new RelayError("bad-configuration", "RELAY_JWT_PUBLIC_KEY is neither an RSA key nor one of the curve P-256.");
  }
  keys.set(pem, key);
  return key;
}
