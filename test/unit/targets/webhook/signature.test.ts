/** Standard Webhooks: the published vector, the reference library as oracle, key rotation, and invalid secrets. */
import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { parseSigningSecret, sign, webhookId } from "../../../../lib/targets/webhook/signature.js";

test("the published vector is signed as published", () => {
  const key = parseSigningSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  const signature = sign([key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, Buffer.from('{"test": 2432232314}'));
  expect(signature).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
});

test("the reference library verifies what we sign, with the old secret and with the new one", () => {
  const secrets = [`whsec_${Buffer.alloc(24, 1).toString("base64")}`, `whsec_${Buffer.alloc(64, 2).toString("base64")}`];
  const body = Buffer.from('{"grüße": "ja"}');
  const id = webhookId("orders/0/1");
  const timestamp = Math.floor(Date.now() / 1_000);
  const headers = {
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": sign(secrets.map(parseSigningSecret), id, timestamp, body),
  };
  for (const secret of secrets) expect(new Webhook(secret).verify(body.toString(), headers)).toEqual({ grüße: "ja" });
  expect(() => new Webhook(Buffer.alloc(24, 3).toString("base64")).verify(body.toString(), headers)).toThrow();
});

test("a secret may come without its prefix, and an invalid one is refused without being shown", () => {
  const plain = Buffer.alloc(32, 7).toString("base64");
  expect(parseSigningSecret(plain)).toEqual(Buffer.alloc(32, 7));
  for (const bad of [
    "",
    "whsec_",
    "whsec_short",
    `whsec_${Buffer.alloc(65).toString("base64")}`,
    "correct horse battery staple!!!!!!!!!!!!",
  ]) {
    expect(() => parseSigningSecret(bad)).toThrow(/24 to 64 bytes/);
  }
  expect(() => parseSigningSecret("whsec_shown?")).not.toThrow(/shown/);
});

test("a webhook-id is stable, has no full stop, and differs by delivery", () => {
  expect(webhookId("a.b/c")).toBe(webhookId("a.b/c"));
  expect(webhookId("a.b/c")).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(webhookId("a")).not.toBe(webhookId("b"));
});
