/** An issuer that changes its keys, is down, or is slow, on a real socket: which tokens count meanwhile, and how often its keys are read. The clock is the test's. */
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTokenCheck } from "../../lib/http/hosts/bearer-token.js";

type Check = ReturnType<typeof createTokenCheck>;
type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;

const minuteMs = 60_000;
const pairs = new Map<string, KeyPair>();
let issuer: Server;
let port: number;
let published: readonly object[];
let reads: number;
let answer: ((response: ServerResponse) => void) | undefined;
let nowMs: number;
let check: Check;

async function listen(on = 0): Promise<void> {
  issuer = createServer((_, response) => {
    reads++;
    if (answer !== undefined) return answer(response);
    response.setHeader("content-type", "application/json").end(JSON.stringify({ keys: published }));
  });
  issuer.listen(on, "127.0.0.1");
  await once(issuer, "listening");
  port = (issuer.address() as AddressInfo).port;
}
async function goDown(): Promise<void> {
  issuer.close();
  issuer.closeAllConnections();
}

beforeEach(async () => {
  [reads, answer, nowMs] = [0, undefined, 1_800_000_000_000];
  await listen();
  check = createTokenCheck(
    { keys: { jwksUrl: `http://127.0.0.1:${port}/keys` }, issuer: "https://issuer.example", audience: "kafka" },
    () => nowMs,
  );
  await publish("one");
});
afterEach(goDown);

async function pairOf(kid: string): Promise<KeyPair> {
  if (!pairs.has(kid)) pairs.set(kid, await generateKeyPair("ES256"));
  return pairs.get(kid) as KeyPair;
}
async function publish(...kids: readonly string[]): Promise<void> {
  published = await Promise.all(kids.map(async (kid) => ({ ...(await exportJWK((await pairOf(kid)).publicKey)), kid, alg: "ES256" })));
}
/** "accepted", or why not. */
async function use(kid: string): Promise<string> {
  const token = await new SignJWT({})
    .setProtectedHeader({ alg: "ES256", kid })
    .setSubject("alice")
    .setIssuer("https://issuer.example")
    .setAudience("kafka")
    .setExpirationTime(Math.floor(nowMs / 1_000) + 300)
    .sign((await pairOf(kid)).privateKey);
  return check(`Bearer ${token}`).then(
    () => "accepted",
    ({ code, message }) => `${code}: ${message}`,
  );
}
const unpublished = "unauthenticated: The caller is unknown: the token is signed with a key that its issuer does not publish.";
const unreadable = "target-failed: The keys of the token issuer could not be read.";

test("a rotated key is accepted without a restart, and the old one until the issuer's keys are read again after ten minutes", async () => {
  expect(await use("one")).toBe("accepted");
  await publish("two");
  nowMs += minuteMs;

  expect(await use("two")).toBe("accepted");
  expect(reads).toBe(2);
  // The set that has the new key does not have the old one any more.
  expect(await use("one")).toBe(unpublished);

  await publish("three", "two");
  nowMs += 9 * minuteMs;
  expect(await use("two")).toBe("accepted");
  await publish("three");
  expect(await use("two")).toBe("accepted");
  nowMs += 2 * minuteMs;
  expect(await use("two")).toBe(unpublished);
  expect(await use("three")).toBe("accepted");
});

test("tokens with unknown keys have the issuer asked once in 30 seconds, however many there are", async () => {
  expect(await use("one")).toBe("accepted");
  nowMs += minuteMs;
  for (let round = 0; round < 3; round++) {
    const strangers = await Promise.all(Array.from({ length: 50 }, (_, index) => use(`stranger-${index % 5}`)));
    expect(new Set(strangers)).toEqual(new Set([unpublished]));
    nowMs += 9_000;
  }
  expect(reads).toBe(2);
  nowMs += 10_000;
  await use("stranger-0");
  expect(reads).toBe(3);
});

test("while the issuer is down, known keys count for an hour, and it is asked once in 30 seconds", async () => {
  expect(await use("one")).toBe("accepted");
  answer = (response) => response.writeHead(503).end();
  nowMs += 11 * minuteMs;

  const during = await Promise.all(Array.from({ length: 50 }, () => use("one")));
  expect(new Set(during)).toEqual(new Set(["accepted"]));
  expect(await Promise.all(Array.from({ length: 50 }, () => use("stranger-0")))).not.toContain("accepted");
  expect(reads).toBe(2);
  nowMs += 48 * minuteMs;
  expect(await use("one")).toBe("accepted");
  nowMs += 2 * minuteMs;
  expect(await use("one")).toBe(unreadable);
  nowMs += minuteMs;
  answer = undefined;
  expect(await use("one")).toBe("accepted");
});

test("a token with a new key during an outage says that the keys cannot be read, so its caller tries again", async () => {
  expect(await use("one")).toBe("accepted");
  await goDown();
  nowMs += minuteMs;
  expect(await use("two")).toBe(unreadable);

  await publish("one", "two");
  await listen(port);
  nowMs += minuteMs;
  expect(await use("two")).toBe("accepted");
});

test.each([
  ["answers with an error", (response: ServerResponse) => response.writeHead(500).end("no")],
  ["answers with something that is not a key set", (response: ServerResponse) => response.end('{"keys":7}')],
  ["answers with text", (response: ServerResponse) => response.end("<html>")],
  ["answers without an end", (response: ServerResponse) => void endless(response)],
  ["leads elsewhere", (response: ServerResponse) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end()],
  ["hangs up", (response: ServerResponse) => response.destroy()],
])("an issuer that %s at first makes no token count, and is asked again a second later", async (_, given) => {
  answer = given;
  expect(await use("one")).toBe(unreadable);
  expect(await use("one")).toBe(unreadable);
  expect(reads).toBe(1);

  answer = undefined;
  nowMs += 1_100;
  expect(await use("one")).toBe("accepted");
});

/** Until the reader has enough. */
function endless(response: ServerResponse): void {
  response.write('{"keys":[');
  const more = (): void => {
    while (!response.destroyed && response.write("{},".repeat(50_000)));
    if (!response.destroyed) response.once("drain", more);
  };
  more();
}
