/** Signs calls to API Gateway and other services of AWS with AWS credentials (SigV4, https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html). A test compares it with the official signer. */
import { createHash, createHmac } from "node:crypto";
import type { AwsCredentials } from "../../lib/kafka/msk/token.js";

interface SignedCall {
  readonly method: string;
  readonly url: URL;
  readonly body: Buffer;
  readonly region: string;
  /** The name that AWS signs for; API Gateway's if it is missing. */
  readonly service?: string;
}

/** The headers that prove who calls; the host is signed, too, and set by the client that sends the call. */
export function signCall(
  { method, url, body, region, service = "execute-api" }: SignedCall,
  credentials: AwsCredentials,
  nowMs: number,
): Record<string, string> {
  const at = new Date(nowMs).toISOString().replace(/[:-]|\.\d{3}/g, "");
  const scope = `${at.slice(0, 8)}/${region}/${service}/aws4_request`;
  const signed: Record<string, string> = {
    host: url.host,
    "x-amz-content-sha256": sha256(body),
    "x-amz-date": at,
    ...(credentials.sessionToken === undefined ? {} : { "x-amz-security-token": credentials.sessionToken }),
  };
  const names = Object.keys(signed).sort();
  const request = [
    method,
    // Of every service but S3, the path is escaped once more than it is sent.
    url.pathname.split("/").map(escaped).join("/"),
    canonicalQuery(url),
    ...names.map((name) => `${name}:${signed[name]}`),
    "",
    names.join(";"),
    sha256(body),
  ].join("\n");
  const key = [region, service, "aws4_request"].reduce<Buffer>(
    (secret, part) => hmac(secret, part),
    hmac(`AWS4${credentials.secretAccessKey}`, at.slice(0, 8)),
  );
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${at}\n${scope}\n${sha256(request)}`).toString("hex");
  const { host: _, ...headers } = signed;
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`,
  };
}

function canonicalQuery(url: URL): string {
  return [...url.searchParams]
    .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
    .sort()
    .join("&");
}

const escaped = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
const sha256 = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex");
const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
