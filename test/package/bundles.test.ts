/** What is deployed: one small file per function, the same bytes for the same code, loaded and invoked as Lambda does, on this Node and on the deployed one. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { askBroker } from "../../local/broker/probe.js";
import { type Bundle, bundleFunctions } from "../../local/build/bundle.js";
import { createTestTopic, testKafka } from "../support/broker/kafka.js";
import { startAcceptingRegistry } from "../support/schemas/accepting-registry.js";

/** An exact version, fetched for this run alone: as a dependency, its `node` would replace the one of every script. */
const deployedNode = "24.21.0";
const fetchTimeoutMs = 180_000;
const produceBytesMax = 330_000;

let outFolder: string;
let bundles: readonly Bundle[];
let receiver: Server;
let received: string[] = [];
let clusterId: string;

beforeAll(async () => {
  outFolder = mkdtempSync(join(tmpdir(), "kafka-relay-bundles-"));
  bundles = await bundleFunctions(outFolder);
  receiver = createServer((request, response) => {
    received.push(`${request.method} ${request.url}`);
    request.resume().on("end", () => response.writeHead(204).end());
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const [host = "127.0.0.1", port] = (process.env.KAFKA_BROKERS ?? "").split(",")[0]?.split(":") ?? [];
  clusterId = (await askBroker(host, Number(port), 5_000)).clusterId ?? "";
});
afterAll(async () => {
  rmSync(outFolder, { recursive: true, force: true });
  await new Promise((resolve) => receiver.close(resolve));
});

const bundleOf = (key: string): Bundle => {
  const found = bundles.find((bundle) => bundle.key === key);
  if (found === undefined) throw new Error(`there is no bundle ${key}`);
  return found;
};

test("a second build gives the same bytes", async () => {
  const again = mkdtempSync(join(tmpdir(), "kafka-relay-bundles-"));
  try {
    const second = await bundleFunctions(again);

    for (const { key, zipPath } of second) expect(readFileSync(zipPath).equals(readFileSync(bundleOf(key).zipPath)), key).toBe(true);
  } finally {
    rmSync(again, { recursive: true, force: true });
  }
});

test("the function that produces is small enough to start fast", () => {
  expect(bundleOf("produce").bytes).toBeLessThanOrEqual(produceBytesMax);
});

test("schemas are a file of their own in the zips of the functions that handle values, which load it for a value with a schema", () => {
  for (const key of ["produce", "records"])
    expect(
      bundleOf(key)
        .packages.map(({ name }) => name)
        .filter((name) => ["protobufjs", "@cfworker/json-schema"].includes(name)),
    ).toEqual([]);
  const ofApi = bundles.filter(({ name }) => !/^functions\/(routes|sources)\//.test(name));
  const withSchemas = ofApi.filter((one) => readFileSync(one.zipPath).includes("functions/schemas.js"));
  expect(withSchemas.map(({ key }) => key).sort()).toEqual(["produce", "records"]);
});

test("a value of each format is written and read by the bundles, which load the code for it from its own file", async () => {
  const kafka = testKafka();
  const topic = await createTestTopic(kafka).finally(() => kafka.close());
  const registry = await startAcceptingRegistry();
  const avro = '{"value_schema":"\\"string\\"","records":[{"value":"a"}]}';
  const v2 = httpEvent("POST /topics/{topic}", { topic }, avro, "application/vnd.kafka.avro.v2+json");
  const v3Records = [
    { key: { type: "AVRO", schema: '"long"', data: 5 }, value: { type: "JSONSCHEMA", schema: '{"type":"object"}', data: {} } },
    { value: { type: "PROTOBUF", schema: 'syntax = "proto3"; message A { int32 n = 1; }', subject: "messages", data: { n: 5 } } },
  ];
  const v3Body = v3Records.map((record) => JSON.stringify(record)).join("");
  const v3 = httpEvent(
    "POST /v3/clusters/{cluster_id}/topics/{topic}/records",
    { cluster_id: clusterId, topic },
    v3Body,
    "application/json",
  );
  const produce = { key: "produce", path: bundleOf("produce").path };
  const calls = [
    { ...produce, event: v2 },
    { ...produce, event: v3 },
    { key: "records", path: bundleOf("records").path, event: httpEvent("GET /topics/{topic}/records", { topic }) },
  ];

  const { results } = await invokeBundles(process.execPath, [], calls, registry.url);

  expect(results.map(({ answer, thrown }) => [answer?.statusCode, thrown])).toEqual([1, 2, 3].map(() => [200, undefined]));
  expect(JSON.parse(results[2]?.answer?.body ?? "").records).toMatchObject([
    { value: "a", value_format: "avro" },
    { key: 5, key_format: "avro", value: {}, value_format: "jsonschema" },
    { value: { n: 5 }, value_format: "protobuf" },
  ]);
  await registry.close();

  // No registry is at that address, and its error is understood although it comes from the other file.
  expect((await invokeBundles(process.execPath, [], calls.slice(0, 1))).results).toMatchObject([{ answer: { statusCode: 503 } }]);
});

test("no bundle holds the AWS SDK: the runtime brings it", () => {
  for (const { key, packages } of bundles) {
    const heavy = packages.filter(({ name }) => name.startsWith("@aws-sdk/") || name.startsWith("@smithy/"));
    expect(heavy, key).toEqual([]);
  }
});

test("what only one target needs is in no function of the API", () => {
  const apiBundles = bundles.filter(({ name }) => !/^functions\/(routes|sources)\//.test(name));
  for (const { key, packages } of apiBundles) {
    expect(
      packages.map(({ name }) => name).filter((name) => ["pg", "kysely", "jsonata"].includes(name)),
      key,
    ).toEqual([]);
  }
});

describe.each([
  { runtime: `Node ${process.version.slice(1)}`, command: process.execPath, args: [] },
  { runtime: `Node ${deployedNode}`, command: "npx", args: ["--yes", `--package=node@${deployedNode}`, "node"] },
])("on $runtime", ({ runtime, command, args }) => {
  test("every bundle answers the event of its trigger, and loads no AWS SDK for it", { timeout: fetchTimeoutMs }, async () => {
    received = [];

    const { node, results, sdk } = await invokeBundles(command, args, calls());

    expect(`Node ${node.slice(1)}`).toBe(runtime);
    expect(results.map(({ key }) => key).sort()).toEqual(bundles.map(({ key }) => key).sort());
    for (const { key, answer, thrown } of results) {
      const { expected } = expectations[key] ?? {};
      expect({ key, status: answer?.statusCode, thrown: thrown?.slice(0, 300) }).toEqual({ key, ...expected });
    }
    expect(received).toEqual(["POST /quakes"]);
    expect(sdk).toEqual([]);
  });
});

/** A call or record for each function, and what it answers. */
const expectations: Readonly<
  Record<
    string,
    {
      readonly event: () => unknown;
      readonly timeLeftMs?: number;
      readonly expected: { readonly status?: number | undefined; readonly thrown?: unknown };
    }
  >
> = {
  produce: {
    event: () =>
      httpEvent("POST /topics/{topic}", { topic: "no-such-topic" }, '{"records":[{"value":1}]}', "application/vnd.kafka.json.v2+json"),
    expected: { status: 404, thrown: undefined },
  },
  records: {
    event: () => httpEvent("GET /topics/{topic}/records", { topic: "no-such-topic" }),
    expected: { status: 404, thrown: undefined },
  },
  topics: { event: () => httpEvent("GET /topics"), expected: { status: 200, thrown: undefined } },
  groups: { event: () => inCluster("consumer-groups"), expected: { status: 200, thrown: undefined } },
  acls: { event: () => inCluster("acls"), expected: { status: 200, thrown: undefined } },
  cluster: { event: () => inCluster("brokers"), expected: { status: 200, thrown: undefined } },
  service: { event: () => httpEvent("GET /health"), expected: { status: 200, thrown: undefined } },
  deadLetters: {
    event: () => httpEvent("GET /dead-letters/{topic}", { topic: "no-such-topic" }),
    expected: { status: 404, thrown: undefined },
  },
  // RELAY_CONSOLE is not set here.
  console: { event: () => httpEvent("GET /console"), expected: { status: 404, thrown: undefined } },
  // Without a signature.
  quakesFromWebhook: {
    event: () => httpEvent("POST /sources/quakes-from-webhook", {}, '{"id":"d"}', "application/json"),
    expected: { status: 401, thrown: undefined },
  },
  // There is no database at that address. With less time left, it would not begin.
  quakesFromOutbox: {
    event: () => ({ time: new Date().toISOString() }),
    timeLeftMs: 10_000,
    expected: { status: undefined, thrown: expect.stringContaining("ECONNREFUSED") },
  },
  // RELAY_ROUTES is not set here.
  routeStatus: { event: () => httpEvent("GET /routes"), expected: { status: 501, thrown: undefined } },
  strongQuakes: { event: () => kafkaEvent("earthquakes", quake("a", 2)), expected: { status: undefined, thrown: undefined } },
  // There is no database at that address: the batch has to be delivered again, and the code for databases has been loaded.
  quakesToSql: {
    event: () => kafkaEvent("earthquakes", quake("b", 5)),
    expected: { status: undefined, thrown: expect.stringContaining("ECONNREFUSED") },
  },
  quakesToWebhook: { event: () => kafkaEvent("strong-earthquakes", { id: "c" }), expected: { status: undefined, thrown: undefined } },
};

function calls() {
  return bundles.map(({ key, path }) => {
    const expectation = expectations[key];
    if (expectation === undefined) throw new Error(`say in this test what the function ${key} is to be invoked with`);
    return { key, path, event: expectation.event(), timeLeftMs: expectation.timeLeftMs };
  });
}

const inCluster = (what: string) => httpEvent(`GET /v3/clusters/{cluster_id}/${what}`, { cluster_id: clusterId });

/** Payload 2.0, as API Gateway sends it (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html). */
function httpEvent(routeKey: string, pathParameters: Readonly<Record<string, string>> = {}, body?: string, contentType?: string) {
  const [method = "", template = ""] = routeKey.split(" ");
  const rawPath = template.replace(/\{(\w+)\}/g, (_, name: string) => pathParameters[name] ?? "");
  return {
    version: "2.0",
    routeKey,
    rawPath,
    rawQueryString: "",
    headers: { host: "localhost", ...(contentType === undefined ? {} : { "content-type": contentType }) },
    requestContext: {
      http: { method, path: rawPath, sourceIp: "127.0.0.1" },
      domainName: "localhost",
      requestId: "1",
      stage: "$default",
      routeKey,
    },
    pathParameters,
    ...(body === undefined ? { isBase64Encoded: false } : { body: Buffer.from(body).toString("base64"), isBase64Encoded: true }),
  };
}

const quake = (id: string, mag: number) => ({
  id,
  properties: { mag, place: "", time: 0, type: "earthquake", dmin: 1 },
  geometry: { coordinates: [0, 0, 0] },
});

function kafkaEvent(topic: string, value: unknown) {
  const record = {
    topic,
    partition: 0,
    offset: 0,
    timestamp: 0,
    timestampType: "CREATE_TIME",
    value: Buffer.from(JSON.stringify(value)).toString("base64"),
    headers: [],
  };
  return {
    eventSource: "aws:kafka",
    eventSourceArn: "arn:aws:kafka:local:0:cluster/x",
    bootstrapServers: "",
    records: { [`${topic}-0`]: [record] },
  };
}

interface Invoked {
  readonly node: string;
  readonly results: readonly {
    readonly key: string;
    readonly answer?: { readonly statusCode?: number; readonly body?: string } | null;
    readonly thrown?: string;
  }[];
  readonly sdk: readonly string[];
}

function invokeBundles(command: string, args: readonly string[], input: unknown, registryUrl = "http://127.0.0.1:1"): Promise<Invoked> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args, join(import.meta.dirname, "../support/package/invoke-bundles.cjs")], {
      stdio: ["pipe", "pipe", "pipe"],
      timeout: fetchTimeoutMs,
      killSignal: "SIGKILL",
      env: {
        ...process.env,
        RELAY_ACCESS: "everything",
        RELAY_METRICS: "off",
        SCHEMA_REGISTRY_URL: registryUrl,
        RELAY_ALLOW_PRIVATE_ADDRESSES: "true",
        QUAKES_DATABASE_URL: "postgres://nobody@127.0.0.1:1/none?sslmode=disable",
        QUAKES_WEBHOOK_URL: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/quakes`,
        QUAKES_WEBHOOK_SECRET: `whsec_${Buffer.alloc(24, 1).toString("base64")}`,
      },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
    child.once("error", reject);
    child.once("close", () => {
      const line = output.split("\n").find((text) => text.startsWith("RESULT "));
      if (line === undefined) reject(new Error(`the bundles were not invoked: ${output.slice(-3_000)}`));
      else resolve(JSON.parse(line.slice("RESULT ".length)) as Invoked);
    });
    child.stdin.end(JSON.stringify(input));
  });
}
