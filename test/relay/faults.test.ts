/** A route with a webhook whose receiver goes down, flaps, is slow, or answers half: nothing lost, nothing out of order, nothing dead-lettered for it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, expect, test } from "vitest";
import type { KafkaRecord } from "../../lib/kafka/records.js";
import { defineRoute, type RouteDefinition } from "../../lib/relay/route.js";
import { webhook } from "../../lib/targets/webhook.js";
import { createTestTopic, testKafka } from "../support/broker/kafka.js";
import { outgoing, readAll, runRoute, write } from "../support/relay/relay-on-broker.js";

const kafka = testKafka();
afterAll(() => kafka.close());

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.closeAllConnections();
});

interface Receiver {
  readonly url: string;
  /** The numbers that were answered well, in order. */
  readonly taken: number[];
  /** When each request came, in milliseconds since the first. */
  readonly requests: { readonly n: number; readonly ms: number; readonly attempt: string | undefined }[];
  readonly stop: () => Promise<void>;
  readonly start: () => Promise<void>;
}

type Answer = (n: number, request: number, response: ServerResponse) => number | undefined | Promise<number | undefined>;

/** Answers with the status that `answer` gives; undefined: `answer` did it itself. */
async function receiver(answer: Answer): Promise<Receiver> {
  const taken: number[] = [];
  const requests: { n: number; ms: number; attempt: string | undefined }[] = [];
  let firstMs: number | undefined;
  let port = 0;
  let server: Server | undefined;
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { n } = JSON.parse(Buffer.concat(chunks).toString()) as { n: number };
    firstMs ??= Date.now();
    requests.push({ n, ms: Date.now() - firstMs, attempt: request.headers["webhook-attempt"]?.toString() });
    const status = await answer(n, requests.length - 1, response);
    if (status === undefined) return;
    if (status === 200) taken.push(n);
    response.writeHead(status).end();
  };
  const start = async (): Promise<void> => {
    server = createServer((request, response) => void handle(request, response));
    servers.push(server);
    await new Promise<void>((resolve) => server?.listen(port, "127.0.0.1", resolve));
    port = (server.address() as AddressInfo).port;
  };
  await start();
  return {
    url: `http://127.0.0.1:${port}/`,
    taken,
    requests,
    start,
    stop: async () => {
      server?.closeAllConnections();
      await new Promise((resolve) => server?.close(resolve));
    },
  };
}

async function numbered(count: number, partitions = 1): Promise<readonly KafkaRecord[]> {
  const source = await createTestTopic(kafka, { partitions });
  await write(
    kafka,
    source,
    Array.from({ length: count }, (_, n) => outgoing({ key: Buffer.from(`k${n % 8}`), json: { n }, partition: n % partitions })),
  );
  return readAll(kafka, source);
}

function route(url: string, own: Partial<RouteDefinition> = {}, timeoutMs = 2_000) {
  return runRoute(
    kafka,
    defineRoute({
      name: "fragile",
      target: webhook({ url, allowPrivate: true, timeoutMs }),
      retry: { firstDelayMs: 20, delayMaxMs: 100 },
      breaker: { openMs: 100 },
      ...own,
    }),
  );
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

test("a receiver that goes down in the middle and comes back gets everything, in order", async () => {
  const records = await numbered(60);
  const there = await receiver((n) => {
    if (n === 30 && there.taken.length === 30) setImmediate(() => void there.stop().then(() => setTimeout(() => void there.start(), 700)));
    return 200;
  });

  const answer = await route(there.url).invoke(records);

  expect(answer).toEqual({ batchItemFailures: [] });
  expect(there.taken.filter((n, index) => there.taken.indexOf(n) === index)).toEqual(numbers(60));
  await expect(readAll(kafka, `${records[0]?.topic}.dead-letters`)).rejects.toMatchObject({ code: "topic-not-found" });
});

test("a receiver that fails every other request gets everything in the order of each partition", async () => {
  const records = await numbered(80, 4);
  const flapping = await receiver((_, request) => (request % 2 === 0 ? 503 : 200));

  const answer = await route(flapping.url).invoke(records);

  expect(answer).toEqual({ batchItemFailures: [] });
  for (const partition of numbers(4)) {
    expect(flapping.taken.filter((n) => n % 4 === partition)).toEqual(numbers(80).filter((n) => n % 4 === partition));
  }
});

test("each request says which attempt it is, and the next invocation starts again at 1", async () => {
  const records = await numbered(3);
  const picky = await receiver((_, request) => (request >= 1 && request <= 4 ? 503 : 200));
  const fragile = route(picky.url, {
    retry: { attemptsMax: 3, firstDelayMs: 1, delayMaxMs: 1 },
    breaker: { failuresInRowMax: 50, openMs: 1 },
  });

  const first = await fragile.invoke(records);
  const second = await fragile.invoke(records.slice(1));

  expect(first.batchItemFailures).toHaveLength(2);
  expect(second.batchItemFailures).toEqual([]);
  expect(picky.requests.map(({ n, attempt }) => `${n}: ${attempt}`)).toEqual(["0: 1", "1: 1", "1: 2", "1: 3", "1: 1", "1: 2", "2: 1"]);
});

test("half an answer counts as none: the record is delivered again, and the next one waits for it", async () => {
  const records = await numbered(5);
  let halves = 0;
  const halving = await receiver((n, _, response) => {
    if (n !== 2 || halves++ > 0) return 200;
    response.writeHead(200, { "content-length": "100" }).write("half");
    setTimeout(() => response.destroy(), 20);
    return undefined;
  });

  const answer = await route(halving.url).invoke(records);

  expect(answer).toEqual({ batchItemFailures: [] });
  expect(halving.requests.map(({ n }) => n)).toEqual([0, 1, 2, 2, 3, 4]);
});

test("a receiver that never answers one record holds that record's key, and no other, for its timeout", async () => {
  const records = await numbered(40);
  const hanging = await receiver((n) => (n === 3 ? new Promise(() => {}) : 200));

  const answer = await route(
    hanging.url,
    { order: "key", retry: { attemptsMax: 2, firstDelayMs: 10 }, breaker: { failuresInRowMax: 50 } },
    300,
  ).invoke(records);

  const held = numbers(40).filter((n) => n % 8 === 3);
  expect(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier.offset)).toEqual(held);
  expect([...hanging.taken].sort((left, right) => left - right)).toEqual(numbers(40).filter((n) => n % 8 !== 3));
});

test("Retry-After is respected: no request comes before its time, and nothing is dead-lettered for it", async () => {
  const records = await numbered(6);
  let refusals = 0;
  const busy = await receiver((n, _, response) => {
    if (n !== 2 || refusals++ > 0) return 200;
    response.writeHead(429, { "retry-after": "1" }).end();
    return undefined;
  });

  const answer = await route(busy.url, { afterRetries: "dead-letter", retry: { attemptsMax: 1 } }).invoke(records);

  const [refused, next] = busy.requests.filter(({ n }) => n === 2);
  expect(answer).toEqual({ batchItemFailures: [] });
  expect(busy.taken).toEqual(numbers(6));
  expect((next?.ms ?? 0) - (refused?.ms ?? 0)).toBeGreaterThanOrEqual(1_000);
});

test("a rotated token empties no topic: everything is given back, after a few requests and without a dead letter", async () => {
  const records = await numbered(50);
  const locked = await receiver(() => 401);

  const answer = await route(locked.url, { retry: { attemptsMax: 3, firstDelayMs: 5 } }).invoke(records);

  expect(answer.batchItemFailures).toHaveLength(50);
  expect(locked.requests.length).toBeLessThanOrEqual(3);
  await expect(readAll(kafka, `${records[0]?.topic}.dead-letters`)).rejects.toMatchObject({ code: "topic-not-found" });
});

test("a redirect is a failure and is not followed", async () => {
  const records = await numbered(2);
  const elsewhere = await receiver(() => 200);
  const moved = await receiver((_, __, response) => {
    response.writeHead(307, { location: elsewhere.url }).end();
    return undefined;
  });

  const answer = await route(moved.url, { retry: { attemptsMax: 2, firstDelayMs: 5 } }).invoke(records);

  expect(answer.batchItemFailures).toHaveLength(2);
  expect(elsewhere.requests).toEqual([]);
});
