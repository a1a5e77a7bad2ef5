/** Tokens by an issuer's published key set: kept, read again for a new key, and refused where the issuer does not publish the key. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createTokenCheck } from "../../../lib/http/hosts/bearer-token.js";

let issuer: Server;
let jwksUrl: string;
let published: JWK[] = [];
let status = 200;
let readings = 0;

beforeAll(async () => {
  issuer = createServer((_, response) => {
    readings++;
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ keys: published }));
  });
  await new Promise<void>((resolve) => issuer.listen(0, "127.0.0.1", resolve));
  jwksUrl = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/jwks`;
});
afterAll(() => new Promise((resolve) => issuer.close(resolve)));
beforeEach(() => {
  [published, status, readings] = [[], 200, 0];
});

async function newKey(kid: string, alg = "ES256") {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" } };
}

function tokenBy({ kid, alg, privateKey }: { readonly kid: string; readonly alg: string; readonly privateKey: CryptoKey }, claims = {}) {
  return new SignJWT({ sub: "shop", ...claims })
    .setProtectedHeader({ alg, kid })
    .setIssuer("https://issuer.example")
    .setAudience("kafka-relay")
    .setExpirationTime("10m")
    .sign(privateKey);
}

const rules = () => ({ keys: { jwksUrl }, issuer: "https://issuer.example", audience: "kafka-relay" });

test("a token signed by a published key is accepted, and the key set is read once for many tokens", async () => {
  const [one, other] = [await newKey("one"), await newKey("other", "RS256")];
  published = [one.jwk, other.jwk];
  const check = createTokenCheck(rules());

  for (const key of [one, other, one]) expect(await check(`Bearer ${await tokenBy(key)}`)).toMatchObject({ sub: "shop" });

  expect(readings).toBe(1);
});

test("a token signed by a key that is not published is refused", async () => {
  const [one, stranger] = [await newKey("one"), await newKey("stranger")];
  published = [one.jwk];
  const check = createTokenCheck(rules());

  await expect(check(`Bearer ${await tokenBy(stranger)}`)).rejects.toMatchObject({ code: "unauthenticated" });
  await expect(check(`Bearer ${await tokenBy({ ...stranger, kid: "one" })}`)).rejects.toThrow("signature is not valid");
});

test("a token without an expiry is refused, and so is one that is not valid yet", async () => {
  const one = await newKey("one");
  published = [one.jwk];
  const check = createTokenCheck(rules());
  const later = Math.floor(Date.now() / 1_000) + 600;
  const endless = await new SignJWT({ sub: "shop", iss: "https://issuer.example", aud: "kafka-relay" })
    .setProtectedHeader({ alg: "ES256", kid: "one" })
    .sign(one.privateKey);

  await expect(check(`Bearer ${endless}`)).rejects.toThrow("no valid exp");
  await expect(check(`Bearer ${await tokenBy(one, { nbf: later })}`)).rejects.toThrow("not valid yet (nbf)");
});

test("a key set that cannot be read is the service's trouble, and not the caller's", async () => {
  const one = await newKey("one");
  status = 503;
  const check = createTokenCheck(rules());

  await expect(check(`Bearer ${await tokenBy(one)}`)).rejects.toMatchObject({ code: "target-failed" });
});
