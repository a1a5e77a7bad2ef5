/**
 * Callers proved by a signed token (JWT, RFC 7519), for hosts that have no authorizer in front of them: a server of its own, the laptop's gateway, a load balancer
 * and a REST API. An HTTP API checks tokens itself, so functions behind one never load this file.
 */
import { createPublicKey, type KeyObject } from "node:crypto";
import { errors, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from "jose";
import type { Caller } from "../../access.js";
import { RelayError } from "../../errors.js";
import { type ClaimNames, type Claims, callerOfClaims } from "../claims.js";
import { createKeySet } from "./key-set.js";

const tokenCharactersMax = 8_192;
/** Clocks may differ by this much, as at API Gateway. */
const leewaySeconds = 60;
/** What API Gateway's JWT authorizer accepts, and the other asymmetric algorithms. Never a secret shared with the issuer, and never "none". */
const keySetAlgorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];

export interface TokenRules {
  /** The issuer's public key as PEM (RSA or P-256), or the address of its JSON Web Key Set. */
  readonly keys: { readonly pem: string } | { readonly jwksUrl: string };
  /** What `iss` and `aud` must be; absent: anything. */
  readonly issuer?: string | undefined;
  readonly audience?: string | readonly string[] | undefined;
}

/** The claims of `Authorization: Bearer <token>`. `unauthenticated` says what is wrong with the token, and never what it holds. */
type TokenCheck = (authorization: string | undefined, now?: Date) => Promise<Claims>;

/** Throws `bad-configuration` for a PEM that is not such a key; `target-failed` is thrown by a check that cannot read the key set. */
export function createTokenCheck({ keys, issuer, audience }: TokenRules, clock: () => number = Date.now): TokenCheck {
  const { key, algorithms } = "pem" in keys ? keyOfPem(keys.pem) : { key: createKeySet(keys.jwksUrl, clock), algorithms: keySetAlgorithms };
  const options: JWTVerifyOptions = {
    algorithms,
    clockTolerance: leewaySeconds,
    requiredClaims: ["exp"],
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience: [audience].flat() }),
  };
  return async (authorization, now = new Date(clock())) => {
    const token = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
    if (token === undefined) throw unauthenticated("the request has no token. Send one as Authorization: Bearer <token>");
    if (token.length > tokenCharactersMax) throw unauthenticated(notAToken);
    try {
      const { payload } = await jwtVerify(token, key, { ...options, currentDate: now });
      return payload;
    } catch (error) {
      throw toRefusal(error, algorithms);
    }
  };
}

/** The caller that a checked token names. */
export function callerOfToken(claims: Claims, names: ClaimNames): Caller {
  const caller = callerOfClaims(claims, names);
  if (caller === undefined) throw unauthenticated("the token does not name its subject (sub)");
  return caller;
}

const notAToken = "the Authorization header does not hold a signed token (JWT)";

function unauthenticated(why: string): RelayError {
  return new RelayError("unauthenticated", `The caller is unknown: ${why}.`);
}

interface Keys {
  readonly key: JWTVerifyGetKey;
  readonly algorithms: string[];
}

/** The key decides the algorithm, and the token has to agree. */
function keyOfPem(pem: string): Keys {
  let key: KeyObject;
  try {
    key = createPublicKey(pem.replaceAll("\\n", "\n"));
  } catch (cause) {
    throw new RelayError("bad-configuration", "RELAY_JWT_PUBLIC_KEY is not a public key in PEM.", { cause });
  }
  const isP256 = key.asymmetricKeyDetails?.namedCurve === "prime256v1";
  if (key.asymmetricKeyType !== "rsa" && !isP256) {
    throw new RelayError("bad-configuration", "RELAY_JWT_PUBLIC_KEY must be an RSA key or a key on the curve P-256.");
  }
  return { key: async () => key, algorithms: [isP256 ? "ES256" : "RS256"] };
}

function toRefusal(error: unknown, algorithms: readonly string[]): RelayError {
  if (error instanceof errors.JWTExpired) return unauthenticated("the token has expired (exp)");
  if (error instanceof errors.JWTClaimValidationFailed) return unauthenticated(faultOfClaim(error.claim));
  if (error instanceof errors.JOSEAlgNotAllowed) return unauthenticated(`the token must be signed with ${algorithms.join(" or ")}`);
  if (error instanceof errors.JWSSignatureVerificationFailed) return unauthenticated("the token's signature is not valid");
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return unauthenticated("the token is signed with a key that its issuer does not publish");
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid || error instanceof errors.JOSENotSupported)
    return unauthenticated(notAToken);
  return new RelayError("target-failed", "The keys of the token issuer could not be read.", { cause: error });
}

function faultOfClaim(claim: string): string {
  switch (claim) {
    case "iss":
      return "the token is from another issuer (iss)";
    case "aud":
      return "the token is for another audience (aud)";
    case "nbf":
      return "the token is not valid yet (nbf)";
    default:
      return `the token has no valid ${claim}`;
  }
}
