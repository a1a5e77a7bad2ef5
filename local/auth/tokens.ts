/** Tokens for the laptop (`npm start -- --auth jwt`): a key pair under the data folder, made when it is first asked for, and tokens signed with it. They open nothing but this machine's API. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const localIssuer = "https://kafka-relay.localhost/";
export const localAudience = "kafka-relay";
/** What scopes mean here, unless RELAY_ACCESS_GRANTS says otherwise. */
export const localGrants = [
  { scopes: ["admin"], may: ["*"] },
  { scopes: ["produce"], may: ["record:write", "topic:describe", "service:describe"] },
  {
    scopes: ["read"],
    may: ["record:read", "topic:list", "topic:describe", "group:*", "dead-letter:read", "cluster:describe", "service:describe"],
  },
];

export interface TokenRequest {
  readonly subject: string;
  readonly scopes: readonly string[];
  readonly groups?: readonly string[];
  readonly expiresInSeconds: number;
}

/** PEM of the public key. */
export function publicKeyIn(dataFolder: string): string {
  return createPublicKey(privateKeyIn(dataFolder)).export({ type: "spki", format: "pem" }).toString();
}

export function createToken(dataFolder: string, { subject, scopes, groups = [], expiresInSeconds }: TokenRequest, nowMs: number): string {
  const issuedAt = Math.floor(nowMs / 1_000);
  const claims = {
    iss: localIssuer,
    aud: localAudience,
    sub: subject,
    scope: scopes.join(" "),
    ...(groups.length === 0 ? {} : { groups }),
    iat: issuedAt,
    exp: issuedAt + expiresInSeconds,
  };
  const signed = `${toPart({ alg: "ES256", typ: "JWT" })}.${toPart(claims)}`;
  const signature = sign("sha256", Buffer.from(signed), { key: createPrivateKey(privateKeyIn(dataFolder)), dsaEncoding: "ieee-p1363" });
  return `${signed}.${signature.toString("base64url")}`;
}

/** What the functions are told of it. */
export function tokenEnvironment(dataFolder: string): NodeJS.ProcessEnv {
  return {
    RELAY_ACCESS: "grants",
    RELAY_ACCESS_GRANTS: JSON.stringify(localGrants),
    // In one line: variables of several are not handed on everywhere.
    RELAY_JWT_PUBLIC_KEY: publicKeyIn(dataFolder).trim().replaceAll("\n", "\\n"),
    RELAY_JWT_ISSUER: localIssuer,
    RELAY_JWT_AUDIENCE: localAudience,
    RELAY_JWT_GROUPS_CLAIM: "groups",
  };
}

/** `--auth jwt` among the arguments of `npm start`; throws a sentence for anything else that begins so. */
export function asksForTokens(args: readonly string[]): boolean {
  const at = args.findIndex((argument) => argument === "--auth" || argument.startsWith("--auth="));
  if (at < 0) return false;
  const value = args[at]?.split("=")[1] ?? args[at + 1];
  if (value === "jwt" || value === "none") return value === "jwt";
  throw new Error(`--auth takes jwt or none, not ${JSON.stringify(value ?? "")}.`);
}

const toPart = (data: object): string => Buffer.from(JSON.stringify(data)).toString("base64url");

function privateKeyIn(dataFolder: string): string {
  const path = join(dataFolder, "auth", "private-key.pem");
  if (existsSync(path)) return readFileSync(path, "utf8");
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  mkdirSync(join(dataFolder, "auth"), { recursive: true });
  writeFileSync(path, pem, { mode: 0o600 });
  chmodSync(path, 0o600);
  return pem;
}
