/** The MSK token: equal to the official signer's, and renewed in time. */
import { generateAuthTokenFromCredentialsProvider } from "aws-msk-iam-sasl-signer-js";
import { afterEach, expect, test, vi } from "vitest";
import { type AwsCredentials, createMskTokens, signMskToken } from "../../../../lib/kafka/msk/token.js";

const nowMs = Date.UTC(2026, 10, 24, 12, 30, 15, 250);
const plain: AwsCredentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
const session: AwsCredentials = { ...plain, sessionToken: "IQoJb3JpZ2luX2VjEA//+==*'()!~ token" };

afterEach(() => vi.useRealTimers());

test.each([
  ["long-lived credentials", plain],
  ["a session token", session],
])("the token for %s is signed as the official signer signs it", async (_name, credentials) => {
  vi.useFakeTimers({ now: nowMs, toFake: ["Date"] });
  const official = await generateAuthTokenFromCredentialsProvider({
    region: "eu-west-1",
    awsCredentialsProvider: async () => credentials,
  });

  const token = signMskToken("eu-west-1", credentials, nowMs);

  expect(queryOf(token.value)).toEqual(queryOf(official.token));
  expect(token.expiresAtMs).toBe(official.expiryTime);
});

test("a token ends with the credentials that signed it", () => {
  const token = signMskToken("eu-west-1", { ...plain, expiresAtMs: nowMs + 300_500 }, nowMs);

  expect(queryOf(token.value).get("X-Amz-Expires")).toBe("300");
  expect(token.expiresAtMs).toBe(Math.trunc(nowMs / 1000) * 1000 + 300_000);
});

test("expired credentials sign nothing", () => {
  expect(() => signMskToken("eu-west-1", { ...plain, expiresAtMs: nowMs - 1 }, nowMs)).toThrow(/expired/);
});

test("the same token is handed out until shortly before it expires, and then one from the credentials of that moment", async () => {
  let clockMs = nowMs;
  let credentials = plain;
  const tokens = createMskTokens(
    "eu-west-1",
    async () => credentials,
    () => clockMs,
  );

  const first = await tokens();
  clockMs += 14 * 60_000 - 1000;
  const second = await tokens();
  credentials = session;
  clockMs += 2000;
  const third = await tokens();

  expect(second).toBe(first);
  expect(queryOf(third).get("X-Amz-Security-Token")).toBe(session.sessionToken);
});

/** The signed URL's query without the user agent, which is not signed and names each signer. */
function queryOf(token: string): Map<string, string> {
  const url = new URL(Buffer.from(token, "base64url").toString());
  url.searchParams.delete("User-Agent");
  return new Map([["host", url.host], ...url.searchParams]);
}
