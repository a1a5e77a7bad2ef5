/** The signatures of inbound webhooks, held to the examples of those who send them. */
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { plainHmac, sharedSecret } from "../../../lib/sources/webhook/plain-schemes.js";
import { github, shopify, slack, standardWebhooks, stripe } from "../../../lib/sources/webhook/schemes.js";
import type { Verification } from "../../../lib/sources/webhook/verification.js";

const secretText = (text: string) => `whsec_${Buffer.from(text.padEnd(24, "-")).toString("base64")}`;

function verify(scheme: Verification, headers: Record<string, string>, body: string, nowMs = 0, secrets = scheme.secrets) {
  return scheme.verify({ headers, body: Buffer.from(body), query: new URLSearchParams(), nowMs }, secrets);
}

describe("Standard Webhooks", () => {
  const secret = secretText("one");
  const signed = (body: string, at: Date, by = secret) => ({
    "webhook-id": "msg_1",
    "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
    "webhook-signature": new Webhook(by).sign("msg_1", at, body),
  });
  const at = new Date(1_700_000_000_000);

  test("what the reference library signs is accepted, and its id is the delivery's", () => {
    expect(verify(standardWebhooks({ secrets: [secret] }), signed('{"é":1}', at), '{"é":1}', at.getTime())).toEqual({ id: "msg_1" });
  });

  test("either of two secrets will do", () => {
    const both = standardWebhooks({ secrets: [secretText("new"), secret] });

    expect(verify(both, signed("{}", at), "{}", at.getTime())).toEqual({ id: "msg_1" });
  });

  test("one of several signatures will do", () => {
    const other = signed("{}", at, secretText("other"))["webhook-signature"];
    const headers = signed("{}", at);

    const id = verify(
      standardWebhooks({ secrets: [secret] }),
      { ...headers, "webhook-signature": `v1a,abc ${other} ${headers["webhook-signature"]}` },
      "{}",
      at.getTime(),
    );

    expect(id).toEqual({ id: "msg_1" });
  });

  test.each([-301_000, 301_000])("a request %i ms away from now is refused, because it may be a replay", (awayMs) => {
    expect(() => verify(standardWebhooks({ secrets: [secret] }), signed("{}", at), "{}", at.getTime() + awayMs)).toThrow(
      "at most 300 s are allowed",
    );
  });

  test("another body, id or time than the signed one is refused", () => {
    const scheme = standardWebhooks({ secrets: [secret] });
    const headers = signed("{}", at);

    for (const [change, body] of [
      [{}, "{ }"],
      [{ "webhook-id": "msg_2" }, "{}"],
      [{ "webhook-timestamp": "1700000001" }, "{}"],
      [{ "webhook-signature": "v1,AAAA" }, "{}"],
      [{ "webhook-signature": "" }, "{}"],
    ] as const) {
      expect(() => verify(scheme, { ...headers, ...change }, body, at.getTime())).toThrow("The webhook was refused");
    }
  });
});

describe("GitHub", () => {
  // https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
  const signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
  const scheme = github({ secrets: [["It's", "a Secret to Everybody"].join(" ")] });

  test("the documented example is accepted", () => {
    expect(verify(scheme, { "x-hub-signature-256": signature, "x-github-delivery": "72d3162e" }, "Hello, World!")).toEqual({
      id: "72d3162e",
    });
  });

  test("another body, or the older SHA-1 signature alone, is refused", () => {
    expect(() => verify(scheme, { "x-hub-signature-256": signature, "x-github-delivery": "1" }, "Hello, World?")).toThrow("does not match");
    expect(() => verify(scheme, { "x-hub-signature": "sha1=aa", "x-github-delivery": "1" }, "Hello, World!")).toThrow(
      "the header x-hub-signature-256 is missing",
    );
  });
});

describe("Stripe", () => {
  // Made by stripe 23.1.0: webhooks.generateTestHeaderString({ payload, secret: "whsec_test_secret", timestamp: 1700000000 }).
  const payload = '{"id":"evt_1","object":"event","type":"charge.succeeded"}';
  const header = "t=1700000000,v1=ac1ab887a13a43f7e22e9eb21eab375b1f40446fa99ade9b6a94fca7f66acd38";
  const scheme = stripe({ secrets: ["whsec_test_secret"] });

  test("what Stripe's own library signs is accepted, and the event's id is the delivery's", () => {
    expect(verify(scheme, { "stripe-signature": header }, payload, 1_700_000_100_000)).toEqual({ id: "evt_1" });
  });

  test("signatures of other versions beside it are ignored", () => {
    expect(verify(scheme, { "stripe-signature": `${header},v0=00` }, payload, 1_700_000_000_000)).toEqual({ id: "evt_1" });
    expect(() => verify(scheme, { "stripe-signature": header.replace("v1=", "v0=") }, payload, 1_700_000_000_000)).toThrow(
      "does not match",
    );
  });

  test("a signature that is older than the window is refused", () => {
    expect(() => verify(scheme, { "stripe-signature": header }, payload, 1_700_000_301_000)).toThrow("at most 300 s");
    expect(() =>
      verify(stripe({ secrets: ["whsec_test_secret"], toleranceMs: 600_000 }), { "stripe-signature": header }, payload, 1_700_000_301_000),
    ).not.toThrow();
  });
});

describe("Slack", () => {
  // https://docs.slack.dev/authentication/verifying-requests-from-slack#validating-a-request
  const body =
    "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
  const headers = {
    "x-slack-request-timestamp": "1531420618",
    "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
  };
  const scheme = slack({ secrets: ["8f742231b10e8888abcd99yyyzzz85a5"] });

  test("the documented example is accepted", () => {
    expect(verify(scheme, headers, body, 1_531_420_618_000)).toEqual({ id: undefined });
  });

  test("it is refused five minutes later, and with another body", () => {
    expect(() => verify(scheme, headers, body, 1_531_420_919_000)).toThrow("at most 300 s");
    expect(() => verify(scheme, headers, `${body}&`, 1_531_420_618_000)).toThrow("does not match");
  });
});

describe("Shopify", () => {
  test("the HMAC of the body in base64 is accepted, and its webhook id is the delivery's", async () => {
    const { createHmac } = await import("node:crypto");
    const signature = createHmac("sha256", "hush").update('{"id":1}').digest("base64");
    const scheme = shopify({ secrets: ["hush"] });
    const headers = { "x-shopify-hmac-sha256": signature, "x-shopify-webhook-id": "b54557e4" };

    expect(verify(scheme, headers, '{"id":1}')).toEqual({ id: "b54557e4" });
    expect(() => verify(scheme, headers, '{"id":2}')).toThrow("does not match");
    expect(() => verify(scheme, { ...headers, "x-shopify-hmac-sha256": "%%%" }, '{"id":1}')).toThrow("does not match");
  });
});

describe("senders without a scheme of their own", () => {
  // RFC 4231, test case 2.
  const body = "what do ya want for nothing?";
  const hex = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

  test("a plain HMAC is accepted in hex or base64, with a prefix or without", () => {
    expect(verify(plainHmac({ secrets: ["Jefe"], header: "X-Signature" }), { "x-signature": hex }, body)).toEqual({ id: undefined });
    const base64 = Buffer.from(hex, "hex").toString("base64");
    const options = { secrets: ["Jefe"], header: "x-sig", encoding: "base64", prefix: "v=", id: "X-Id" } as const;
    expect(verify(plainHmac(options), { "x-sig": `v=${base64}`, "x-id": "7" }, body)).toEqual({ id: "7" });
    expect(() => verify(plainHmac(options), { "x-sig": base64, "x-id": "7" }, body)).toThrow("does not match");
  });

  test("a shared secret is compared whole", () => {
    const scheme = sharedSecret({ secrets: ["open sesame"] });

    expect(verify(scheme, { authorization: "Bearer open sesame" }, "x")).toEqual({ id: undefined });
    for (const wrong of ["Bearer open", "Bearer open sesame!", "open sesame\0", "Bearer "]) {
      expect(() => verify(scheme, { authorization: wrong }, "x")).toThrow("The webhook was refused");
    }
  });

  test("a secret that is written in a source is not shown", () => {
    expect(JSON.stringify(sharedSecret({ secrets: ["open sesame", "env:OTHER"] }).options)).toBe(
      '{"secrets":["(given in the source)","env:OTHER"]}',
    );
  });

  test("options that do not exist or cannot be are named", () => {
    expect(() => github({ secrets: [] })).toThrow("The webhook scheme github:\n  secrets: must name at least one secret.");
    expect(() => plainHmac({ secrets: ["a"], header: "x y" })).toThrow("header: must be the name of a header.");
    expect(() => standardWebhooks({ secrets: ["short"] })).toThrow('must be "whsec_" and the base64 of 24 to 64 bytes');
    expect(() => slack({ secrets: ["a"], tolerance: 1 } as never)).toThrow("tolerance: this option does not exist.");
  });
});
