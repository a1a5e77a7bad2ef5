/** What senders ask before they send, and the answers that their documents expect. */
import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { dropbox, meta, microsoftGraph, okta, twitter, zoom } from "../../../lib/sources/webhook/challenge-schemes.js";
import { slack } from "../../../lib/sources/webhook/schemes.js";
import type { Verification, WebhookRequest } from "../../../lib/sources/webhook/verification.js";

const secret = "the secret of the app";
const nowMs = 1_739_923_528_000;
const hmac = (text: string, encoding: "hex" | "base64", by = secret) => createHmac("sha256", by).update(text).digest(encoding);

const request = ({
  body = "",
  query = "",
  headers = {},
}: {
  body?: string;
  query?: string;
  headers?: Record<string, string>;
}): WebhookRequest => ({
  headers,
  body: Buffer.from(body),
  query: new URLSearchParams(query),
  nowMs,
});

interface Documented {
  readonly sender: string;
  readonly scheme: Verification;
  readonly method: "GET" | "POST";
  readonly asked: Parameters<typeof request>[0];
  readonly answer: string;
  readonly contentType?: string;
  /** The same question from somebody else. */
  readonly forged?: Parameters<typeof request>[0];
}

const slackBody =
  '{"token":"Jhj5dZrVaK7ZwHHjRyZWjbDl","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P","type":"url_verification"}';
const slackHeaders = {
  "x-slack-request-timestamp": String(nowMs / 1_000),
  "x-slack-signature": `v0=${hmac(`v0:${nowMs / 1_000}:${slackBody}`, "hex")}`,
};
const zoomBody = '{"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event_ts":1654503849680,"event":"endpoint.url_validation"}';
const zoomHeaders = {
  "x-zm-request-timestamp": String(nowMs / 1_000),
  "x-zm-signature": `v0=${hmac(`v0:${nowMs / 1_000}:${zoomBody}`, "hex")}`,
};

const documented: readonly Documented[] = [
  {
    sender: "Meta and WhatsApp",
    scheme: meta({ secrets: [secret], verifyToken: "meatyhamhock" }),
    method: "GET",
    asked: { query: "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=meatyhamhock" },
    answer: "1158201444",
    forged: { query: "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=meaty" },
  },
  {
    sender: "Dropbox",
    scheme: dropbox({ secrets: [secret] }),
    method: "GET",
    asked: { query: "challenge=abc123" },
    answer: "abc123",
    forged: { query: "" },
  },
  {
    sender: "Okta",
    scheme: okta({ secrets: [secret] }),
    method: "GET",
    asked: { headers: { authorization: secret, "x-okta-verification-challenge": "my verification challenge" } },
    answer: '{"verification":"my verification challenge"}',
    contentType: "application/json",
    forged: { headers: { authorization: "another", "x-okta-verification-challenge": "my verification challenge" } },
  },
  {
    sender: "X",
    scheme: twitter({ secrets: [secret] }),
    method: "GET",
    asked: { query: "crc_token=challenge_string&nonce=abc" },
    answer: `{"response_token":"sha256=${hmac("challenge_string", "base64")}"}`,
    contentType: "application/json",
    forged: { query: "" },
  },
  {
    sender: "Microsoft Graph",
    scheme: microsoftGraph({ secrets: [secret] }),
    method: "POST",
    asked: { query: "validationToken=Validation%3a+Testing+client+application+reachability+for+subscription+Request-Id%3a+1" },
    answer: "Validation: Testing client application reachability for subscription Request-Id: 1",
  },
  {
    sender: "Zoom",
    scheme: zoom({ secrets: [secret] }),
    method: "POST",
    asked: { body: zoomBody, headers: zoomHeaders },
    answer: `{"plainToken":"qgg8vlvZRS6UYooatFL8Aw","encryptedToken":"${hmac("qgg8vlvZRS6UYooatFL8Aw", "hex")}"}`,
    contentType: "application/json",
    forged: { body: zoomBody, headers: { ...zoomHeaders, "x-zm-signature": "v0=00" } },
  },
  {
    sender: "Slack",
    scheme: slack({ secrets: [secret] }),
    method: "POST",
    asked: { body: slackBody, headers: slackHeaders },
    answer: "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P",
    forged: { body: slackBody, headers: { ...slackHeaders, "x-slack-signature": "v0=00" } },
  },
];

function ask({ scheme, method }: Documented, given: Parameters<typeof request>[0]) {
  if (method === "GET") return scheme.answerGet?.(request(given), scheme.secrets);
  return scheme.verify(request(given), scheme.secrets).challenge;
}

test.each(documented)("the question of $sender is answered as it documents, and nobody else's is", (one) => {
  expect(ask(one, one.asked)).toEqual({ text: one.answer, contentType: one.contentType ?? "text/plain" });
  if (one.forged !== undefined) expect(() => ask(one, one.forged ?? {})).toThrow("The webhook was refused");
});

const signed: readonly (readonly [string, Verification, Parameters<typeof request>[0], string | undefined])[] = [
  [
    "Meta",
    meta({ secrets: ["old", secret], verifyToken: "t" }),
    { body: "{}", headers: { "x-hub-signature-256": `sha256=${hmac("{}", "hex")}` } },
    undefined,
  ],
  ["Dropbox", dropbox({ secrets: [secret] }), { body: "{}", headers: { "x-dropbox-signature": hmac("{}", "hex") } }, undefined],
  ["Okta", okta({ secrets: [secret] }), { body: '{"eventId":"9b2ac9eb"}', headers: { authorization: secret } }, "9b2ac9eb"],
  [
    "X",
    twitter({ secrets: [secret] }),
    { body: "{}", headers: { "x-twitter-webhooks-signature": `sha256=${hmac("{}", "base64")}` } },
    undefined,
  ],
  ["Microsoft Graph", microsoftGraph({ secrets: [secret] }), { body: JSON.stringify({ value: [{ clientState: secret }] }) }, undefined],
];

test.each(signed)(
  "a delivery of %s is accepted by its signature or secret, and with none or another one it is not",
  (_, scheme, given, id) => {
    expect(scheme.verify(request(given), scheme.secrets)).toEqual({ id });
    expect(() => scheme.verify(request(given), ["another"])).toThrow("The webhook was refused");
    expect(() => scheme.verify(request({ ...given, headers: {}, body: "{}" }), scheme.secrets)).toThrow("The webhook was refused");
  },
);

test("one notification of Microsoft Graph with another clientState spoils its delivery, and so does a body without notifications", () => {
  const scheme = microsoftGraph({ secrets: [secret] });
  const bodies = ['{"value":[{"clientState":"the secret of the app"},{"clientState":"x"}]}', '{"value":[]}', "[]", "null", "no JSON"];

  for (const body of bodies) expect(() => scheme.verify(request({ body }), scheme.secrets)).toThrow("clientState");
});

test("a question of more than 2,048 characters is not answered", () => {
  const { answerGet } = dropbox({ secrets: [secret] });

  expect(() => answerGet?.(request({ query: `challenge=${"x".repeat(2_049)}` }), [secret])).toThrow("more than 2048 characters");
});
