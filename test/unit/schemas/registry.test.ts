/** The registry client against answers as Confluent's registry gives them, and against the ways a registry fails. */
import { createServer, type ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { parseConfig } from "../../../lib/config.js";
import { createDeadline } from "../../../lib/deadline.js";
import { closeSchemas, deserializerOf } from "../../../lib/schemas/on-demand.js";
import { openRegistry } from "../../../lib/schemas/registry/open.js";
import type { SchemaRegistry, SchemaText } from "../../../lib/schemas/registry/registry.js";
import { until } from "../../support/broker/kafka.js";
import { closers, listen, receiver } from "../../support/targets/http-receivers.js";
import { startTokenServer } from "../../support/targets/token-server.js";

const guid = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
const text: SchemaText = { type: "AVRO", text: '"string"', references: [] };
const deadline = () => createDeadline(20_000);

/** Answers of Confluent Platform 8 by method and path. */
const recorded: Readonly<Record<string, readonly [status: number, body: unknown]>> = {
  "GET /schemas/ids/1": [
    200,
    { subject: "t-value", version: 3, schema: '"string"', guid, schemaType: "AVRO", ts: 1_756_000_000_000, deleted: false },
  ],
  "GET /schemas/ids/2": [404, { error_code: 40403, message: "Schema 2 not found" }],
  [`GET /schemas/guids/${guid}`]: [200, { schema: '{"type":"object"}', schemaType: "JSON", guid }],
  "GET /subjects/t-value/versions/latest": [200, { subject: "t-value", version: 3, id: 1, guid, schemaType: "AVRO", schema: '"string"' }],
  "GET /subjects/t-value/versions/9": [404, { error_code: 40402, message: "Version 9 not found." }],
  "GET /subjects/none/versions/latest": [404, { error_code: 40401, message: "Subject 'none' not found." }],
  "POST /subjects/t-value": [200, { subject: "t-value", version: 3, id: 1, guid, schemaType: "AVRO", schema: '"string"' }],
  "POST /subjects/strict": [404, { error_code: 40403, message: "Schema not found" }],
  "POST /subjects/strict/versions": [
    409,
    { error_code: 40901, message: 'Schema being registered is incompatible with an earlier schema for subject "strict"' },
  ],
  "POST /subjects/bad": [422, { error_code: 42201, message: "Either the input schema or one its references is invalid" }],
  "POST /compatibility/subjects/strict/versions?verbose=true": [200, { is_compatible: false, messages: ["{errorType:'TYPE_MISMATCH'}"] }],
};

function answerRecorded(response: ServerResponse, { method, path }: { readonly method: string; readonly path: string }): void {
  const [status, body] = recorded[`${method} ${path}`] ?? [500, { error_code: 50001, message: "not recorded" }];
  response.writeHead(status, { "content-type": "application/vnd.schemaregistry.v1+json" }).end(JSON.stringify(body));
}

function open(url: string, more: Readonly<Record<string, string>> = {}): SchemaRegistry {
  const registry = openRegistry(parseConfig({ SCHEMA_REGISTRY_URL: url, ...more }));
  if (registry === undefined) throw new Error("no registry is configured");
  closers.push(async () => registry.close());
  return registry;
}

describe("answers of Confluent's registry", () => {
  test("a schema by id and by GUID is asked for once", async () => {
    const server = await receiver(answerRecorded);
    const registry = open(server.url);

    const [one, same] = await Promise.all([registry.byId(1, deadline()), registry.byId(1, deadline())]);
    await registry.byId(1, deadline());

    expect(one).toMatchObject({ type: "AVRO", text: '"string"', references: [], resolved: [] });
    expect(same).toBe(one);
    expect(await registry.byGuid(guid, deadline())).toMatchObject({ type: "JSON" });
    expect(server.seen.map(({ path }) => path)).toEqual(["/schemas/ids/1", `/schemas/guids/${guid}`]);
  });

  test("an unknown id is the record's fault, and is asked for again only after some seconds", async () => {
    const server = await receiver(answerRecorded);
    const registry = open(server.url);

    for (let count = 0; count < 3; count++) {
      await expect(registry.byId(2, deadline())).rejects.toMatchObject({ code: "schema-not-found", failure: { blame: "record" } });
    }
    expect(server.seen.length).toBe(1);
  });

  test("an unknown version and an unknown subject are named", async () => {
    const registry = open((await receiver(answerRecorded)).url);
    await expect(registry.byVersion("t-value", 9, deadline())).rejects.toThrow("Schema does not exist for subject: t-value, version: 9.");
    await expect(registry.byVersion("none", "latest", deadline())).rejects.toThrow(
      "Schema does not exist for subject: none, version: latest.",
    );
  });

  test("a schema that is registered already is not registered again", async () => {
    const server = await receiver(answerRecorded);
    const registered = await open(server.url).register("t-value", text, deadline());

    expect(registered).toMatchObject({ id: 1, version: 3, guid });
    expect(server.seen.map(({ method, path }) => `${method} ${path}`)).toEqual(["POST /subjects/t-value"]);
    expect(JSON.parse(server.seen[0]?.body.toString() ?? "")).toEqual({ schema: '"string"' });
  });

  test("an incompatible schema (40901) and an invalid one (42201) are refused in the registry's words", async () => {
    const registry = open((await receiver(answerRecorded)).url);
    await expect(registry.register("strict", text, deadline())).rejects.toMatchObject({
      code: "schema-refused",
      message: expect.stringContaining("incompatible with an earlier schema"),
    });
    await expect(registry.lookUp("bad", text, deadline())).rejects.toMatchObject({ code: "schema-refused" });
    expect(await registry.incompatibilities("strict", text, deadline())).toEqual(["{errorType:'TYPE_MISMATCH'}"]);
  });
});

describe("credentials", () => {
  const authorization = async (more: Readonly<Record<string, string>>) => {
    const server = await receiver(answerRecorded);
    await open(server.url, more).byId(1, deadline());
    return server.seen[0]?.headers;
  };

  test("are basic, a bearer token, or a token by OAuth with Confluent Cloud's headers", async () => {
    const tokens = await startTokenServer({ clientId: "relay", clientSecret: "s3cret" });
    closers.push(tokens.stop);
    const oauth = {
      SCHEMA_REGISTRY_OAUTH_TOKEN_URL: tokens.tokenUrl,
      SCHEMA_REGISTRY_OAUTH_CLIENT_ID: "relay",
      SCHEMA_REGISTRY_OAUTH_CLIENT_SECRET: "s3cret",
      SCHEMA_REGISTRY_LOGICAL_CLUSTER: "lsrc-1",
      SCHEMA_REGISTRY_IDENTITY_POOL: "pool-1",
    };

    expect(await authorization({ SCHEMA_REGISTRY_USERNAME: "u", SCHEMA_REGISTRY_PASSWORD: "p" })).toMatchObject({
      authorization: "Basic dTpw",
    });
    expect(await authorization({ SCHEMA_REGISTRY_TOKEN: "t" })).toMatchObject({ authorization: "Bearer t" });
    expect(await authorization(oauth)).toMatchObject({
      authorization: expect.stringMatching(/^Bearer ey/),
      "target-sr-cluster": "lsrc-1",
      "confluent-identity-pool-id": "pool-1",
    });
  });

  test.each([
    [401, "registry-unauthenticated"],
    [403, "registry-forbidden"],
  ])("that are refused with %i are our fault, and not the record's", async (status, code) => {
    const server = await receiver((response) => response.writeHead(status).end(`{"error_code":${status}01,"message":"no"}`));
    await expect(open(server.url).byId(1, deadline())).rejects.toMatchObject({ code, failure: { blame: "us", written: "no" } });
    expect(server.seen.length).toBe(1);
  });

  test.each([
    [{ SCHEMA_REGISTRY_USERNAME: "u" }, "needs SCHEMA_REGISTRY_PASSWORD"],
    [{ SCHEMA_REGISTRY_TOKEN: "t", SCHEMA_REGISTRY_USERNAME: "u", SCHEMA_REGISTRY_PASSWORD: "p" }, "exclude each other"],
    [{ SCHEMA_REGISTRY_OAUTH_TOKEN_URL: "https://x/t" }, "needs SCHEMA_REGISTRY_OAUTH_CLIENT_ID"],
    [{ SCHEMA_REGISTRY_CERT: "x" }, "need each other"],
    [{ SCHEMA_REGISTRY_URL: "ftp://x" }, "must be one or several addresses"],
    [{ SCHEMA_REGISTRY_URL: "https://u:p@x" }, "holds a user"],
  ])("that contradict each other are a fault of the configuration: %j", (more, message) => {
    expect(() => open("http://127.0.0.1:1", more)).toThrow(message);
  });
});

describe("a registry that is down", () => {
  const unavailable = { code: "registry-unavailable", failure: { status: 503, isRetriable: true, written: "no" } };

  test.each([
    ["answers 500", (response: ServerResponse) => response.writeHead(500).end('{"error_code":50001,"message":"store"}')],
    ["answers 429", (response: ServerResponse) => response.writeHead(429).end()],
    ["redirects", (response: ServerResponse) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end()],
    ["cuts the connection", (response: ServerResponse) => response.destroy()],
    ["answers 200 with something else", (response: ServerResponse) => response.end("<html>")],
    ["answers 404 as another server does", (response: ServerResponse) => response.writeHead(404).end("<html>")],
  ])("%s: retriable, and tried twice at most", async (_, answer) => {
    const server = await receiver(answer);
    await expect(open(server.url).byId(1, deadline())).rejects.toMatchObject(unavailable);
    expect(server.seen.length).toBeLessThanOrEqual(2);
  });

  test("makes the first who ask wait, and answers the others at once", async () => {
    const server = await receiver((response) => response.writeHead(503).end());
    const registry = open(server.url);
    for (let id = 1; id <= 50; id++) await expect(registry.byId(id, deadline())).rejects.toMatchObject(unavailable);
    expect(server.seen.length).toBeLessThan(10);
  });

  test("is given up below the deadline of the request", async () => {
    const server = await receiver(() => {});
    const startedMs = performance.now();
    await expect(open(server.url).byId(1, createDeadline(300))).rejects.toMatchObject({ failure: { isRetriable: true, written: "no" } });
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });

  test("is answered for by the next of its addresses", async () => {
    const server = await receiver(answerRecorded);
    expect(await open(`http://127.0.0.1:1,${server.url}/`).byId(1, deadline())).toMatchObject({ type: "AVRO" });
  });

  test("may recover between two attempts", async () => {
    let calls = 0;
    const server = await receiver((response, seen) => (calls++ === 0 ? response.writeHead(502).end() : answerRecorded(response, seen)));
    expect(await open(server.url).byId(1, deadline())).toMatchObject({ type: "AVRO" });
  });
});

test("what was opened for a configuration is closed with it", async () => {
  const server = createServer((_, response) => response.end('{"schema":"\\"long\\"","schemaType":"AVRO"}'));
  const config = parseConfig({ SCHEMA_REGISTRY_URL: await listen(server) });
  const connections = () => new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));
  const deserializer = await deserializerOf(config);
  expect(await deserializer.decode(Buffer.of(0, 0, 0, 0, 1, 10), [], "value", deadline())).toMatchObject({ json: "5" });
  expect(await connections()).toBe(1);

  await closeSchemas(config);

  await until(async () => (await connections()) === 0);
  expect(await deserializerOf(config)).not.toBe(deserializer);
});

test("references that go in circles, or are too many, are refused", async () => {
  const server = await receiver((response, { path }) => {
    const number = Number(/versions\/(\d+)$/.exec(path)?.[1] ?? 0);
    const references = [{ name: `r${number + 1}`, subject: "s", version: number + 1 }];
    response.end(JSON.stringify({ subject: "s", version: number, id: number, schema: '"string"', references }));
  });
  await expect(open(server.url).byId(0, deadline())).rejects.toMatchObject({
    code: "schema-invalid",
    message: expect.stringContaining("30 levels"),
  });
  const circle = await receiver((response) =>
    response.end(
      JSON.stringify({ subject: "s", version: 1, id: 1, schema: '"string"', references: [{ name: "s", subject: "s", version: 1 }] }),
    ),
  );
  expect((await open(circle.url).byId(1, deadline())).resolved).toHaveLength(1);
});
