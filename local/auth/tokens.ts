/** Tokens for the laptop (`npm start -- --auth jwt`), signed with a key pair in the data folder that is made on first use. They are accepted by this machine's API alone. */
import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SignJWT } from "jose";

export const localIssuer = "https://kafka-relay.localhost/";
export const localAudience = "kafka-relay";
/** What the scopes allow, unless RELAY_ACCESS_GRANTS says otherwise. */
const localGrants = [
  { scopes: ["admin"], may: ["*"] },
  { scopes: ["produce"], may: ["record:write", "topic:describe", "service:describe"] },
  {
    scopes: ["read"],
    may: ["record:read", "topic:list", "topic:describe", "group:*", "dead-letter:read", "cluster:describe", "service:describe"],
  },
];

interface TokenRequest {
  readonly subject: string;
  readonly scopes: readonly string[];
  readonly groups?: readonly string[];
  readonly expiresInSeconds: number;
}

/** The public key, as PEM. */
export function publicKeyIn(dataFolder: string): string {
  return createPublicKey(privateKeyIn(dataFolder)).export({ type: "spki", format: "pem" }).toString();
}

export function createToken(dataFolder: string, request: TokenRequest, nowMs: number): Promise<string> {
  const { subject, scopes, groups = [], expiresInSeconds } = request;
  const issuedAt = Math.floor(nowMs / 1_000);
  return new SignJWT({ scope: scopes.join(" "), ...(groups.length === 0 ? {} : { groups }) })
    .setProtectedHeader({ alg: "ES256", typ: "JWT" })
    .setIssuer(localIssuer)
    .setAudience(localAudience)
    .setSubject(subject)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + expiresInSeconds)
    .sign(createPrivateKey(privateKeyIn(dataFolder)));
}

/** The variables by which the API asks for such tokens, and knows what their scopes allow. */
export function tokenEnvironment(dataFolder: string): NodeJS.ProcessEnv {
  return {
    RELAY_ACCESS: "grants",
    RELAY_ACCESS_GRANTS: JSON.stringify(localGrants),
    // On one line, because not everything that hands variables on keeps line ends.
    RELAY_JWT_PUBLIC_KEY: publicKeyIn(dataFolder).trim().replaceAll("\n", "\\n"),
    RELAY_JWT_ISSUER: localIssuer,
    RELAY_JWT_AUDIENCE: localAudience,
    RELAY_JWT_GROUPS_CLAIM: "groups",
  };
}

/** Whether `npm start` was called with `--auth jwt`. Throws for any other value than `jwt` and `none`. */
export function asksForTokens(args: readonly string[]): boolean {
  const at = args.findIndex((argument) => argument === "--auth" || argument.startsWith("--auth="));
  if (at < 0) return false;
  const value = args[at]?.split("=")[1] ?? args[at + 1];
  if (value === "jwt" || value === "none") return value === "jwt";
  throw new Error(`--auth must be jwt or none, not ${JSON.stringify(value ?? "")}.`);
}

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
