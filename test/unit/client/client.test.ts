/** The typed client against a server on a socket: what it sends, what it repeats, and what it throws. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { ApiError } from "../../../lib/client/api-error.js";
import { type ClientOptions, createClient, toUrl } from "../../../lib/client/client.js";

interface Planned {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** The connection is cut instead. */
  readonly isCut?: boolean;
  /** No answer comes. */
  readonly isSilent?: boolean;
}

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

let server: Server | undefined;

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
});

const quick = { firstPauseMs: 1, pauseMaxMs: 1_000 };

/** Answers each request by the next of `answers`; the last one stays. */
async function clientOf(answers: readonly Planned[], options: Partial<ClientOptions> = {}) {
  const received: Received[] = [];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method, url, headers } = request;
    received.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
    const { status = 200, body = {}, headers: more = {}, isCut, isSilent } = answers[Math.min(received.length, answers.length) - 1] ?? {};
    if (isSilent === true) return;
    if (isCut === true) {
      request.socket.destroy();
      return;
    }
    response.writeHead(status, { "content-type": "application/json", ...more }).end(typeof body === "string" ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { received, client: createClient({ baseUrl: `http://127.0.0.1:${port}`, retry: quick, ...options }) };
}

const problem = (status: number, retriable: boolean, maybe_written: boolean) => ({
  status,
  body: { error_code: status, message: "Why.", type: "urn:kafka-relay:error:overloaded", title: "", status, retriable, maybe_written },
});

test("a call fills its path, writes its query and body, and carries the token", async () => {
  const { client, received } = await clientOf([{ status: 204, body: "" }], { token: async () => "secret" });

  await client.call("PUT /v3/clusters/{cluster_id}/topics/{topic}/configs/{name}", {
    path: { cluster_id: "c", topic: "a/b c", name: "retention.ms" },
    body: { value: "1" },
  });

  expect(received[0]).toMatchObject({ method: "PUT", url: "/v3/clusters/c/topics/a%2Fb%20c/configs/retention.ms", body: '{"value":"1"}' });
  expect(received[0]?.headers).toMatchObject({ authorization: "Bearer secret", "content-type": "application/json" });
});

test("parameters that are undefined are left out of the address", () => {
  expect(toUrl("http://x/prod/", "GET /topics/{topic}/records", { path: { topic: "t" }, query: { limit: 5, offset: undefined } })).toBe(
    "http://x/prod/topics/t/records?limit=5",
  );
});

test("a retriable failure is tried again, and the answer of the later attempt is returned", async () => {
  const { client, received } = await clientOf([problem(503, true, false), problem(503, true, false), { body: { status: "up" } }]);

  expect(await client.call("GET /health")).toEqual({ status: "up" });
  expect(received).toHaveLength(3);
});

test("a call that may have taken effect is never sent again", async () => {
  const { client, received } = await clientOf([problem(503, true, true)]);

  const call = client.call("POST /v3/clusters/{cluster_id}/topics", { path: { cluster_id: "c" }, body: { topic_name: "t" } });

  await expect(call).rejects.toMatchObject({ status: 503, maybeWritten: true, retriable: true, message: "Why." });
  expect(received).toHaveLength(1);
});

test.each([
  ["GET", true],
  ["POST", false],
] as const)("a connection that is cut during a %s is tried again only if the call cannot have taken effect", async (method, isRepeated) => {
  const { client, received } = await clientOf([{ isCut: true }]);

  const call = method === "GET" ? client.call("GET /health") : client.call("POST /");

  await expect(call).rejects.toMatchObject({ status: 0, kind: "no-answer", maybeWritten: !isRepeated });
  expect(received.length > 1).toBe(isRepeated);
});

test("attempts end after the number that the rules allow", async () => {
  const { client, received } = await clientOf([problem(503, true, false)], { retry: { ...quick, attemptsMax: 2 } });

  await expect(client.call("GET /health")).rejects.toBeInstanceOf(ApiError);
  expect(received).toHaveLength(2);
});

test("an API that asks for a longer pause than the rules allow is not asked again", async () => {
  const { client, received } = await clientOf([{ ...problem(429, true, false), headers: { "retry-after": "60" } }]);

  await expect(client.call("GET /health")).rejects.toMatchObject({ status: 429, retryAfterMs: 60_000 });
  expect(received).toHaveLength(1);
});

test("an answer of a proxy that is not JSON becomes a failure with its status", async () => {
  const { client } = await clientOf([{ status: 404, body: "<html>" }]);

  await expect(client.call("GET /health")).rejects.toMatchObject({ status: 404, kind: "status-404", maybeWritten: false });
});

test("a call ends when its time is over, and when its signal is aborted", async () => {
  const { client } = await clientOf([{ isSilent: true }], { timeoutMs: 50, retry: { attemptsMax: 1 } });
  const controller = new AbortController();
  controller.abort(new Error("The view was closed."));

  await expect(client.call("GET /health")).rejects.toMatchObject({ kind: "no-answer", message: "The API did not answer within 0.05 s." });
  await expect(client.call("GET /health", { signal: controller.signal })).rejects.toThrow("The view was closed.");
});

test("a topic is read page by page with the cursor of the page before, until its end", async () => {
  const page = (offset: number, cursor: string) => ({
    body: { topic: "t", records: [{ offset }], partitions: [{ partition: 0, next_offset: offset + 1, high_watermark: 2 }], cursor },
  });
  const { client, received } = await clientOf([page(0, "one"), page(1, "two")]);
  const offsets: number[] = [];

  for await (const { offset } of client.records("t", { from: "beginning", partition: 0, limit: 1 })) offsets.push(offset);

  expect(offsets).toEqual([0, 1]);
  expect(received.map(({ url }) => url)).toEqual([
    "/topics/t/records?from=beginning&partition=0&limit=1",
    "/topics/t/records?limit=1&cursor=one",
  ]);
});

test("a read that follows its topic waits for new records until it is stopped", async () => {
  const empty = { body: { topic: "t", records: [], partitions: [{ partition: 0, next_offset: 2, high_watermark: 2 }], cursor: "c" } };
  const { client, received } = await clientOf([empty]);
  const stop = new AbortController();
  let pages = 0;

  const reading = (async () => {
    for await (const _ of client.pages("t", { from: "end", follow: true, signal: stop.signal }))
      if (++pages === 3) stop.abort(new Error("Enough."));
  })();

  await expect(reading).rejects.toThrow("Enough.");
  expect(received[1]?.url).toBe("/topics/t/records?wait_ms=20000&cursor=c");
});
