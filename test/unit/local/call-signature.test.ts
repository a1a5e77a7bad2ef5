/** Signed calls, compared with the official signer of the AWS SDK. */
import { createHash, createHmac } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";
import { expect, test } from "vitest";
import { signCall } from "../../../local/console/call-signature.js";

/** The hash that the signer expects. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | Uint8Array) {
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", secret);
  }
  update(data: string | Uint8Array): void {
    this.#hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}

const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", sessionToken: "token" };
const nowMs = Date.UTC(2026, 10, 28, 12, 0, 0);

test.each([
  ["GET", "https://abc.execute-api.eu-central-1.amazonaws.com/v3/clusters", ""],
  [
    "GET",
    "https://abc.execute-api.eu-central-1.amazonaws.com/prod/topics/a%20b/records?limit=5&from=beginning&filter=%7B%22a%22%3A%5B1%5D%7D",
    "",
  ],
  ["POST", "https://abc.execute-api.eu-central-1.amazonaws.com/topics/orders", '{"records":[]}'],
  ["POST", "https://ec2.eu-central-1.amazonaws.com/", "Action=DescribeSubnets&Version=2016-11-15", "ec2"],
])("%s %s is signed as the SDK does", async (method, address, text, service = "execute-api") => {
  const url = new URL(address);
  const body = Buffer.from(text);
  const signer = new SignatureV4({
    credentials,
    region: "eu-central-1",
    service,
    sha256: Sha256 as never,
    uriEscapePath: true,
  });
  const query = Object.fromEntries(url.searchParams);
  const official = (await signer.sign(
    { method, protocol: "https:", hostname: url.hostname, path: url.pathname, query, headers: { host: url.host }, body } as never,
    { signingDate: new Date(nowMs) },
  )) as unknown as { readonly headers: Readonly<Record<string, string>> };

  expect(signCall({ method, url, body, region: "eu-central-1", service }, credentials, nowMs).authorization).toBe(
    official.headers.authorization,
  );
});
