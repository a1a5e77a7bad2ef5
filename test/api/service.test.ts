/** The service itself: health, its description, and the answers to calls without an operation. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { clientTypesPath, toClientTypes } from "../../local/build/client-types.js";
import { describeApi, descriptionPath } from "../../local/build/openapi.js";
import { type Api, createApi } from "../support/api/api.js";

let api: Api;

beforeAll(async () => {
  api = await createApi();
});

afterAll(() => api.close());

test("the root answers an empty object, to GET and to POST", async () => {
  for (const method of ["GET", "POST"]) expect(await api.call(`${method} /`)).toMatchObject({ status: 200, json: {} });
});

test("health says that a broker answers", async () => {
  const answer = await api.call("GET /health");

  expect(answer).toMatchObject({
    status: 200,
    json: { status: "up", kafka: { status: "up", brokers: 1, cluster_id: expect.any(String) } },
  });
});

/** How late a machine may be that does other things too. */
const lateMs = 2_000;

test("health says so within two seconds where no broker answers", async () => {
  const alone = await createApi({ env: { KAFKA_BROKERS: "127.0.0.1:9" } });
  const started = Date.now();

  const answer = await alone.call("GET /health");

  expect(answer).toMatchObject({ status: 503, json: { status: "down", kafka: { status: "down", message: expect.any(String) } } });
  expect(Date.now() - started).toBeLessThan(2_000 + lateMs);
  await alone.close();
});

test("the description served is the one the operations give today", async () => {
  const answer = await api.call("GET /openapi.json");

  expect(answer.json.openapi).toBe("3.1.0");
  const isCurrent = readFileSync(descriptionPath, "utf8") === (await describeApi());
  expect(isCurrent, "lib/http/openapi.generated.json is not what the operations say: run `npm run openapi`").toBe(true);
  for (const key of Object.keys(api.operations)) {
    const [method = "", path] = key.split(" ");
    if (path !== undefined) expect(answer.json.paths[path]?.[method.toLowerCase()], key).toBeDefined();
  }
});

test("the types of the client are those of the description", async () => {
  const isCurrent = readFileSync(clientTypesPath, "utf8") === toClientTypes(await describeApi());

  expect(isCurrent, "lib/client/operations.generated.ts is not what the operations say: run `npm run openapi`").toBe(true);
});

test("operation ids are names of their own", async () => {
  const { json } = await api.call("GET /openapi.json");

  // biome-ignore lint/suspicious/noExplicitAny: a document.
  const ids = Object.values(json.paths).flatMap((path: any) => Object.values(path).map((one: any) => one.operationId));
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toContain("postV3ClustersClusterIdTopicsTopicRecordsBatch");
});

test("an unknown path gets 404 and a hint where to look", async () => {
  for (const path of ["/nothing", "/topics/a/b/c", "/v3", "/%2e%2e", `/${"x".repeat(5_000)}`]) {
    const answer = await api.call(`GET ${path}`, { accept: "text/html" });
    expect([path.slice(0, 20), answer.status, answer.json.error_code]).toEqual([path.slice(0, 20), 404, 404]);
    expect(answer.json.message).toContain("/openapi.json");
  }
});

test("a method that a path does not have is 405, with those it has", async () => {
  const answer = await api.call("DELETE /topics/a");

  expect(answer).toMatchObject({ status: 405, json: { error_code: 405 } });
  expect(answer.headers.allow).toBe("GET, HEAD, OPTIONS, POST");
});

test("OPTIONS tells what a path takes", async () => {
  const answer = await api.call("OPTIONS /topics/a");

  expect(answer).toMatchObject({ status: 204, text: "", headers: { allow: "GET, HEAD, OPTIONS, POST" } });
});

test("consumer instances are refused with what to use instead, and why", async () => {
  for (const call of ["POST /consumers/g", "GET /consumers/g/instances/i/records", "DELETE /consumers/g/instances/i"]) {
    const answer = await api.call(call, {
      body: "{}",
      contentType: "application/vnd.kafka.v2+json",
      accept: "application/vnd.kafka.json.v2+json",
    });
    expect(answer.status).toBe(501);
    expect(answer.json.message).toMatch(/GET \/topics\/\{topic\}\/records.*cursor.*kafka-relay serve/);
  }
});
