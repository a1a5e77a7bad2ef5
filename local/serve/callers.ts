/** Who calls: the subject of a token that is verified here, or a name that a trusted proxy puts into a header. Otherwise nobody is known. */
import type { Caller } from "../../lib/access.js";
import type { Config } from "../../lib/config.js";
import { RelayError } from "../../lib/errors.js";
import type { ClaimNames } from "../../lib/http/claims.js";
import { callerOfToken, createTokenCheck, type TokenRules } from "../../lib/http/hosts/bearer-token.js";
import { anonymous, type Headers } from "../../lib/http/message.js";
import type { ServeVariables } from "./variables.js";

export interface CallerRules {
  /** Absent: no tokens are checked, and none is required. */
  readonly token?: TokenRules;
  /** The header with the caller's name, in lower case. Believed only from a trusted proxy. */
  readonly header?: string;
  readonly isTrustedProxy: (address: string) => boolean;
}

const nameLengthMax = 256;

/** Throws `bad-configuration` with every way in which the variables do not go together. */
export function toCallerRules(config: Config, variables: ServeVariables): CallerRules {
  const { RELAY_JWT_PUBLIC_KEY: pem, RELAY_JWT_JWKS_URL: jwksUrl, RELAY_JWT_ISSUER: issuer, RELAY_JWT_AUDIENCE: audience } = config;
  const { RELAY_CALLER_HEADER: header, RELAY_TRUSTED_PROXIES: isTrusted } = variables;
  const hasKeys = pem !== undefined || jwksUrl !== undefined;
  const faults = [
    ...(pem !== undefined && jwksUrl !== undefined ? ["RELAY_JWT_JWKS_URL: set either it or RELAY_JWT_PUBLIC_KEY, not both"] : []),
    ...(hasKeys && issuer === undefined ? ["RELAY_JWT_ISSUER: must be set, so that tokens of other issuers are refused"] : []),
    ...(hasKeys && audience === undefined ? ["RELAY_JWT_AUDIENCE: must be set, so that tokens for other services are refused"] : []),
    ...(!hasKeys && (issuer !== undefined || audience !== undefined)
      ? ["RELAY_JWT_JWKS_URL: it or RELAY_JWT_PUBLIC_KEY must be set, because RELAY_JWT_ISSUER or RELAY_JWT_AUDIENCE is"]
      : []),
    ...(header !== undefined && isTrusted === undefined
      ? ["RELAY_TRUSTED_PROXIES: must be set, because any client could send the header that RELAY_CALLER_HEADER names"]
      : []),
    ...(header !== undefined && hasKeys ? ["RELAY_CALLER_HEADER: cannot be combined with tokens. Set one of them"] : []),
  ];
  if (faults.length > 0) throw new RelayError("bad-configuration", faults.join("\n"));
  const token: TokenRules | undefined = hasKeys
    ? { keys: jwksUrl === undefined ? { pem: pem ?? "" } : { jwksUrl }, issuer, audience }
    : undefined;
  if (token !== undefined) createTokenCheck(token); // a key that is not valid is reported with the other faults
  return {
    ...(token === undefined ? {} : { token }),
    ...(header === undefined ? {} : { header: header.toLowerCase() }),
    isTrustedProxy: (address) => isTrusted?.(withoutMapping(address)) ?? false,
  };
}

/** Throws `unauthenticated` where a token is required and the request has no valid one. */
export function createCallerOf({ token, header, isTrustedProxy }: CallerRules) {
  const check = token === undefined ? undefined : createTokenCheck(token);
  return (request: { readonly headers: Headers; readonly address: string }, claimNames: ClaimNames): Caller | Promise<Caller> => {
    if (check !== undefined) return check(request.headers.authorization).then((claims) => callerOfToken(claims, claimNames));
    if (header === undefined || !isTrustedProxy(request.address)) return anonymous;
    return named(request.headers[header], header);
  };
}

/** A header that arrives twice is joined by a comma: then the proxy has added its value to the client's, and neither can be believed. */
function named(name: string | undefined, header: string): Caller {
  if (name === undefined || name.trim() === "") return anonymous;
  if (name.includes(",") || name.length > nameLengthMax)
    throw new RelayError("unauthenticated", `The caller is unknown: the header ${header} must be one name without commas.`);
  return { kind: "jwt", name: name.trim(), scopes: [], groups: [] };
}

/** An IPv4 client of a socket that also listens on IPv6. */
const withoutMapping = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, "");
