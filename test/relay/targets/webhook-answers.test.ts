/** What answers mean to the target "webhook", of one record and of batches, and what a bad receiver cannot do. */
import { createServer as createHttpServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { describe, expect, test } from "vitest";
import { webhook } from "../../../lib/targets/webhook.js";
import { delivery, soon, verdictOf } from "../../support/relay/deliveries.js";
import { closers, listen, receiver } from "../../support/targets/http-receivers.js";
import { deliverOne, openTarget } from "../../support/targets/opened-target.js";

describe("what answers mean", () => {
  test.each([
    [200, "delivered"],
    [201, "delivered"],
    [202, "delivered"],
    [204, "delivered"],
    [400, "record: record-refused"],
    [409, "record: record-refused"],
    [413, "record: record-refused"],
    [415, "record: record-refused"],
    [422, "record: record-refused"],
    [414, "record: record-refused"],
    [431, "record: record-refused"],
    [401, "target: target-refused"],
    [403, "target: target-refused"],
    [404, "target: target-refused"],
    [405, "target: target-refused"],
    [410, "target: target-refused"],
    [301, "target: target-refused"],
    [302, "target: target-refused"],
    [304, "target: target-refused"],
    [307, "target: target-refused"],
    [308, "target: target-refused"],
    [408, "target: target-timeout"],
    [425, "target: target-failed"],
    [429, "target: target-busy"],
    [500, "target: target-failed"],
    [501, "target: target-failed"],
    [502, "target: target-failed"],
    [503, "target: target-busy"],
    [504, "target: target-timeout"],
    [599, "target: target-failed"],
  ])("%i is %s", async (status, verdict) => {
    const { url } = await receiver((response) => response.writeHead(status, { location: "/elsewhere" }).end("why"));
    const outcome = await deliverOne(webhook({ url }));
    expect(verdictOf(outcome)).toBe(verdict);
    if (outcome?.verdict === "failed")
      expect(outcome.error.details).toMatchObject({ targetStatus: status, targetAnswer: status === 304 ? "" : "why" });
  });

  test("a route may read a status otherwise", async () => {
    const { url } = await receiver((response) => response.writeHead(409).end());
    expect(verdictOf(await deliverOne(webhook({ url, statuses: { 409: "delivered" } })))).toBe("delivered");
  });

  test("a redirect is not followed", async () => {
    const { url, seen } = await receiver((response) => response.writeHead(302, { location: "/elsewhere" }).end());
    await deliverOne(webhook({ url: `${url}/here` }));
    expect(seen.map(({ path }) => path)).toEqual(["/here"]);
  });

  test("Retry-After in seconds and as a date sets the time of the next attempt", async () => {
    const dates = ["7", new Date(Date.now() + 60_000).toUTCString(), "soon", "99999999"];
    const { url } = await receiver((response) => response.writeHead(429, { "retry-after": dates.shift() }).end());
    const target = await openTarget(webhook({ url }));
    const retryAfter = async () => {
      const [outcome] = await target.deliver([delivery()], soon());
      return outcome?.verdict === "failed" ? outcome.error.details.retryAfterMs : 0;
    };
    expect(await retryAfter()).toBe(7_000);
    const byDate = await retryAfter();
    expect(byDate).toBeGreaterThan(55_000);
    expect(byDate).toBeLessThanOrEqual(60_000);
    expect(await retryAfter()).toBeUndefined();
    expect(await retryAfter()).toBe(86_400_000);
  });

  test("nobody there, nobody who speaks HTTP, and half an answer are the target's failure", async () => {
    const nobody = await listen(createTcpServer());
    await closers.pop()?.();
    expect(verdictOf(await deliverOne(webhook({ url: nobody })))).toBe("target: target-failed");
    const garbage = await listen(createTcpServer((socket) => socket.end("not HTTP at all\r\n\r\n")));
    expect(verdictOf(await deliverOne(webhook({ url: garbage })))).toBe("target: target-failed");
    const closing = await listen(createTcpServer((socket) => socket.end()));
    expect(verdictOf(await deliverOne(webhook({ url: closing })))).toBe("target: target-failed");
    const half = await listen(
      createTcpServer((socket) => socket.on("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"))),
    );
    expect(verdictOf(await deliverOne(webhook({ url: half })))).toBe("target: target-failed");
    const upgrade = await listen(
      createTcpServer((socket) =>
        socket.on("data", () => socket.end("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n")),
      ),
    );
    expect(verdictOf(await deliverOne(webhook({ url: upgrade })))).toBe("target: target-failed");
    const manyHeaders = await listen(
      createTcpServer((socket) => socket.on("data", () => socket.end(`HTTP/1.1 200 OK\r\nbig: ${"x".repeat(100_000)}\r\n\r\n`))),
    );
    expect(verdictOf(await deliverOne(webhook({ url: manyHeaders })))).toBe("target: target-failed");
  });

  test("a receiver that never answers, or never ends its answer, costs its timeout and no more", async () => {
    const silent = await listen(createTcpServer((socket) => socket.resume()));
    const dripping = await listen(
      createTcpServer((socket) => socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nx"))),
    );
    for (const url of [silent, dripping]) {
      const startedAtMs = performance.now();
      expect(verdictOf(await deliverOne(webhook({ url, timeoutMs: 150 })))).toBe("target: target-timeout");
      expect(performance.now() - startedAtMs).toBeLessThan(5_000);
    }
  });

  test("no attempt outlives the deadline it was given", async () => {
    const silent = await listen(createTcpServer((socket) => socket.resume()));
    const target = await openTarget(webhook({ url: silent }));
    const [outcome] = await target.deliver([delivery()], soon(100));
    expect(verdictOf(outcome)).toBe("target: target-timeout");
  });

  test("an answer of 20 MB is not read to its end, and its status stands", async () => {
    let sentBytes = 0;
    const server = createHttpServer((request, response) => {
      request.resume();
      response.writeHead(200, { "content-length": String(20_000_000) });
      const chunk = Buffer.alloc(10_000);
      const write = () => {
        while (sentBytes < 20_000_000 && !response.destroyed) {
          sentBytes += chunk.length;
          if (!response.write(chunk)) return response.once("drain", write);
        }
        return response.end();
      };
      write();
    });
    const url = await listen(server);
    expect(verdictOf(await deliverOne(webhook({ url })))).toBe("delivered");
    expect(sentBytes).toBeLessThan(15_000_000);
  });
});

describe("batches", () => {
  test("several records are one JSON array, or one line each, with their digits kept", async () => {
    const { url, seen } = await receiver();
    const records = [delivery({ offset: 1, value: '{\n "n": 9007199254740993 }' }), delivery({ offset: 2, value: null })];

    const array = await openTarget(webhook({ url, batch: { format: "json-array" } }));
    await array.deliver(records, soon());
    const lines = await openTarget(webhook({ url, batch: { format: "ndjson", element: "record" } }));
    await lines.deliver(records, soon());

    expect(seen[0]?.headers["content-type"]).toBe("application/json");
    expect(seen[0]?.body.toString()).toBe('[{  "n": 9007199254740993 },null]');
    expect(seen[1]?.headers["content-type"]).toBe("application/x-ndjson");
    expect(
      seen[1]?.body
        .toString()
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toMatchObject([
      { topic: "orders", offset: 1, key: null },
      { topic: "orders", offset: 2, key: null, value: null },
    ]);
  });

  test("one record that the receiver refuses does not fail its batch, and neither does one that is not JSON", async () => {
    const taken: number[] = [];
    const { url } = await receiver((response, { body }) => {
      const batch = JSON.parse(body.toString()) as { n: number }[];
      if (batch.some(({ n }) => n === 5)) return void response.writeHead(400).end("5 is bad");
      taken.push(...batch.map(({ n }) => n));
      response.end();
    });
    const target = await openTarget(webhook({ url, batch: { format: "json-array" } }));
    const records = Array.from({ length: 10 }, (_, n) => delivery({ offset: n, value: n === 7 ? "no JSON" : { n } }));

    const outcomes = await target.deliver(records, soon());

    expect(outcomes.map(verdictOf)).toEqual([
      "delivered",
      "delivered",
      "delivered",
      "delivered",
      "delivered",
      "record: record-refused",
      "delivered",
      "record: record-not-for-target",
      "delivered",
      "delivered",
    ]);
    expect(taken).toEqual([0, 1, 2, 3, 4, 6, 8, 9]);
  });

  test("a batch that meets an outage holds all that follows", async () => {
    let requests = 0;
    const { url } = await receiver((response) => response.writeHead(++requests === 1 ? 200 : 503).end());
    const target = await openTarget(webhook({ url, batch: { format: "json-array", bytesMax: 20 } }));
    const outcomes = await target.deliver(
      Array.from({ length: 6 }, (_, n) => delivery({ offset: n, value: { n: n + 10 } })),
      soon(),
    );
    expect(outcomes.map(verdictOf)).toEqual(["delivered", "delivered", ...Array(4).fill("target: target-busy")]);
    expect(requests).toBe(2);
  });
});
