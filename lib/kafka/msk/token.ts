/**
 * The token with which IAM authenticates to Amazon MSK (SASL/OAUTHBEARER): a presigned URL, made here because the official signer and the SDK behind it would
 * triple what a cold function loads. A test holds it equal to the official signer's.
 */
import { createHash, createHmac } from "node:crypto";
import { RelayError } from "../../errors.js";

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Milliseconds since the epoch; absent for credentials that do not expire by themselves. */
  readonly expiresAtMs?: number;
}

interface MskToken {
  readonly value: string;
  /** Milliseconds since the epoch. A token has to be valid when a connection authenticates, and at no other time. */
  readonly expiresAtMs: number;
}

/** The longest that MSK accepts. */
const tokenSecondsMax = 900;
/** A token that would expire sooner than this is not handed out any more: the connection needs time, and clocks differ. */
const tokenMarginMs = 60_000;

/** Signs (SigV4, https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html) a connect to the clusters of one region. */
export function signMskToken(region: string, credentials: AwsCredentials, nowMs: number): MskToken {
  const host = `kafka.${region}.amazonaws.com`;
  const at = new Date(nowMs).toISOString().replace(/[:-]|\.\d{3}/g, "");
  const scope = `${at.slice(0, 8)}/${region}/kafka-cluster/aws4_request`;
  const leftSeconds = credentials.expiresAtMs === undefined ? tokenSecondsMax : Math.floor((credentials.expiresAtMs - nowMs) / 1000);
  const seconds = Math.min(leftSeconds, tokenSecondsMax);
  if (seconds <= 0) throw new RelayError("kafka-unauthenticated", "The AWS credentials for Amazon MSK have expired.");
  const query = [
    ["Action", "kafka-cluster:Connect"],
    ["X-Amz-Algorithm", "AWS4-HMAC-SHA256"],
    ["X-Amz-Credential", `${credentials.accessKeyId}/${scope}`],
    ["X-Amz-Date", at],
    ["X-Amz-Expires", String(seconds)],
    ...(credentials.sessionToken === undefined ? [] : [["X-Amz-Security-Token", credentials.sessionToken]]),
    ["X-Amz-SignedHeaders", "host"],
  ]
    .map(([name = "", value = ""]) => `${name}=${percentEncode(value)}`)
    .join("&");
  const request = `GET\n/\n${query}\nhost:${host}\n\nhost\n${sha256("")}`;
  const key = [region, "kafka-cluster", "aws4_request"].reduce<Buffer>(
    (secret, part) => hmac(secret, part),
    hmac(`AWS4${credentials.secretAccessKey}`, at.slice(0, 8)),
  );
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${at}\n${scope}\n${sha256(request)}`).toString("hex");
  const url = `https://${host}/?${query}&X-Amz-Signature=${signature}&User-Agent=kafka-relay`;
  return { value: Buffer.from(url).toString("base64url"), expiresAtMs: Math.trunc(nowMs / 1000) * 1000 + seconds * 1000 };
}

/**
 * Hands out tokens for one region: the same one until shortly before it expires, then a new one. Credentials are asked for with every new token, so rotated ones are
 * taken up.
 */
export function createMskTokens(
  region: string,
  credentials: () => Promise<AwsCredentials>,
  now: () => number = Date.now,
): () => Promise<string> {
  let token: MskToken | undefined;
  return async () => {
    if (token === undefined || token.expiresAtMs - now() < tokenMarginMs) token = signMskToken(region, await credentials(), now());
    return token.value;
  };
}

function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
