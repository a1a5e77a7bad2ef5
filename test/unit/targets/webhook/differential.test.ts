/**
 * The webhook's HTTP/1.1 client beside Node's own, on the same bytes of a raw socket server: what it reads as a response, Node reads as the same response, and
 * nothing after a response is taken for the response to the next request.
 */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { generatedResponses } from "../../../support/targets/generated-responses.js";
import {
  createSender,
  nextBody,
  type RawServer,
  readByNode,
  readByWebhook,
  startRawServer,
} from "../../../support/targets/http-exchanges.js";
import recorded from "./recorded-responses.json" with { type: "json" };

let server: RawServer;
beforeAll(async () => {
  server = await startRawServer();
});
afterAll(() => server.close());

/** More of them: DIFFERENTIAL_RUNS=20000. */
const numRuns = Number(process.env.DIFFERENTIAL_RUNS ?? 500);

/**
 * What Node refuses and the webhook reads, each without harm, because the connection is closed: bytes after the response, a Content-Length beside chunks or given
 * twice with one value (RFC 9112, 6.3 and RFC 9110, 8.6 allow both), a tab after it (RFC 9110, 5.5 allows it), spaces after a chunk's size, as some old servers write them, and
 * chunk extensions, which nobody reads.
 */
const readAllTheSame =
  /Data after `Connection: close`|Expected HTTP\/|Expected space after version|Invalid status code|Invalid (?:major|minor) version|Content-Length can't be present|Transfer-Encoding can't be present|Duplicate Content-Length|Invalid character in Content-Length|Invalid character in chunk (size|extensions)/;

const tabAfterLength = /content-length:[ \t]*\d+[ \t]*\t[ \t]*\r\n/i;
const spaceAfterSize = /[0-9a-f][ \t]+\r\n/i;

async function readings(text: string, cuts: readonly number[]) {
  const answering = { bytes: Buffer.from(text, "latin1"), cuts, ends: true };
  server.answerWith(answering);
  const node = await readByNode(server.port);
  server.answerWith(answering);
  const sender = createSender();
  const webhook = await readByWebhook(sender, server.port);
  sender.close();
  return { node, webhook };
}

test.each(recorded.map(({ server: name, bytes }) => [name, bytes] as const))(
  "a recorded response is read as Node reads it: %s",
  async (_, text) => {
    const cuts = Array.from({ length: text.length }, (__, at) => at);
    for (const places of [[], cuts]) {
      const { node, webhook } = await readings(text, places);

      expect(webhook.outcome).toBe("answer");
      expect(webhook).toEqual(node);
    }
  },
);

test("a response that the webhook reads has the status, the body and the Retry-After that Node reads", async () => {
  const counts = { same: 0, refusedByBoth: 0, refusedByNode: 0, refusedByWebhook: 0 };
  await fc.assert(
    fc.asyncProperty(generatedResponses, fc.array(fc.nat({ max: 400 }), { maxLength: 4 }), async (text, cuts) => {
      const { node, webhook } = await readings(text, cuts);
      if (webhook.outcome === "refused") counts[node.outcome === "refused" ? "refusedByBoth" : "refusedByWebhook"]++;
      else if (node.outcome === "refused") {
        expect(node.reason).toMatch(readAllTheSame);
        // Of the bytes after the response, never of the response itself.
        if (/space after version|status code/.test(node.reason)) expect(text).toMatch(/^HTTP\/1\.[01] \d{3}[ \r\n]/);
        if (node.reason.includes("in Content-Length")) expect(text).toMatch(tabAfterLength);
        if (node.reason.includes("in chunk size")) expect(text).toMatch(spaceAfterSize);
        counts.refusedByNode++;
      } else {
        expect(webhook).toEqual(node);
        counts.same++;
      }
    }),
    { numRuns },
  );
  if (process.env.DIFFERENTIAL_RUNS !== undefined) console.log(counts);
  // Otherwise the generated responses would show nothing.
  expect(counts.same).toBeGreaterThan(numRuns / 5);
  expect(counts.refusedByBoth).toBeGreaterThan(numRuns / 20);
}, 600_000);

/** The reading of the request that follows a response of these bytes without an end, for which the webhook waits `patienceMs` at first. */
async function readNext(text: string, patienceMs: number) {
  const sender = createSender();
  server.answerWith({ bytes: Buffer.from(text, "latin1"), cuts: [], ends: false });
  // On a busy machine, the time may be up before the server reads the request. Then nobody has received these bytes, and the next request would rightly do so.
  for (let timeoutMs = patienceMs; !server.hasAnswered() && timeoutMs < 10_000; timeoutMs *= 2) {
    await readByWebhook({ ...sender, timeoutMs }, server.port);
  }
  const reading = await readByWebhook(sender, server.port);
  sender.close();
  return reading;
}

const nextAlone = { outcome: "answer", status: 200, body: nextBody, retryAfter: undefined };
const withoutEnd = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\nx: y\r\n\r\n(xHTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nbad";

test("no part of a response is taken for the response to the next request", async () => {
  await fc.assert(
    fc.asyncProperty(generatedResponses, async (text) => {
      expect(await readNext(text, 40)).toEqual(nextAlone);
    }),
    { numRuns: Math.ceil(numRuns / 4), examples: [[withoutEnd]] },
  );
}, 600_000);

test("a request whose time is up before the server reads it leaves nothing to the next one", async () => {
  for (let round = 0; round < 20; round++) expect(await readNext(withoutEnd, 1)).toEqual(nextAlone);
}, 60_000);
