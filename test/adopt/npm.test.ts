/** The npm package, packed and installed into an empty folder: what projects import, with types, from ES modules and CommonJS. */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, expect, test } from "vitest";
import { apiReportFile, toApiReport } from "../../local/package/api-report.js";
import { buildNpmPackage } from "../../local/package/build.js";
import { buildCreatePackage } from "../../local/package/create.js";
import { packageEntries } from "../../local/package/entries.js";
import { createTestTopic, testKafka } from "../support/broker/kafka.js";

const typescript = join(import.meta.dirname, "../../node_modules/typescript/bin/tsc");
const installLimitMs = 120_000;
/** A build of everything, and an installation. */
const setUpLimitMs = 300_000;
let root: string;
let built: string;
let tarball: string;
let project: string;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "kafka-relay-npm-"));
  built = await buildNpmPackage(join(root, "built"));
  tarball = pack(built, root);
  project = join(root, "project");
  write("package.json", '{ "name": "stranger", "private": true, "type": "module" }\n');
  npm(["install", "--prefer-offline", "--no-audit", "--no-fund", tarball], project);
}, setUpLimitMs);

afterAll(() => {
  forgetExecutions();
  rmSync(root, { recursive: true, force: true });
});

/** npm keeps what `npm exec` installed, and never removes it. */
function forgetExecutions(): void {
  const executions = join(npm(["config", "get", "cache"], root).trim(), "_npx");
  for (const name of existsSync(executions) ? readdirSync(executions) : []) {
    const manifest = join(executions, name, "package.json");
    if (existsSync(manifest) && readFileSync(manifest, "utf8").includes(basename(root)))
      rmSync(join(executions, name), { recursive: true, force: true });
  }
}

function npm(args: readonly string[], cwd: string): string {
  return execFileSync("npm", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], timeout: installLimitMs });
}

function pack(folder: string, destination: string): string {
  return join(destination, npm(["pack", "--silent", "--pack-destination", destination], folder).trim());
}

function write(name: string, text: string): string {
  const path = join(project, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** What the program prints, or its error. */
function run(name: string, code: string, env: NodeJS.ProcessEnv = {}): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, [write(name, code)], {
    cwd: project,
    encoding: "utf8",
    timeout: 30_000,
    env: { PATH: process.env.PATH, ...env },
  });
  return status === 0 ? stdout.trim() : stderr;
}

test("publint and Are The Types Wrong find nothing to say about it", async () => {
  const { messages, pkg } = await publint({ pkgDir: built });
  expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);

  const data = createPackageFromTarballData(new Uint8Array(readFileSync(tarball)));
  const analysis = await checkPackage(data, { entrypoints: [...Object.keys(packageEntries()), "trigger"] });
  const problems = analysis.types === false ? ["it has no types"] : analysis.problems;
  // `moduleResolution: node10` knows no exports; its users are on TypeScript's way out of it.
  const counted = problems.filter((one) => typeof one === "string" || !("resolutionKind" in one) || one.resolutionKind !== "node10");
  expect(counted).toEqual([]);
});

test("the same sources give the same bytes", { timeout: setUpLimitMs }, async () => {
  const again = pack(await buildNpmPackage(join(root, "again")), join(root, "again"));
  const sum = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");
  expect(sum(again)).toBe(sum(tarball));
});

test("its public types are those of the API report: after a wanted change, run npm run build:npm and commit the report", () => {
  expect(toApiReport(built)).toBe(readFileSync(apiReportFile, "utf8"));
});

const routeCode = (more = "") => `defineRoute({
  name: "big-orders",
  filter: { value: { amount: [{ numeric: [">=", 100] }] } },
  transform: ({ value }) => ({ key: value.id, value }),
  target: topic({ topic: "big-orders" }),
  ${more}
})`;
const tryRoute = `const run = await runRoute(${routeCode()}, records({ value: { id: "a", amount: 150 } }, { value: { id: "b", amount: 5 } }));
console.log(run.delivered.map(({ key }) => key).join(), run.filtered.length);`;

test("a route is written and tried without Kafka, in an ES module and in CommonJS", () => {
  const esm = `import { defineRoute } from "kafka-relay/relay";
import { topic } from "kafka-relay/targets/topic";
import { records, runRoute } from "kafka-relay/testing";
${tryRoute}`;
  const cjs = `const { defineRoute } = require("kafka-relay/relay");
const { topic } = require("kafka-relay/targets/topic");
const { records, runRoute } = require("kafka-relay/testing");
(async () => { ${tryRoute} })();`;

  expect([run("try.mjs", esm), run("try.cjs", cjs)]).toEqual(["a 1", "a 1"]);
});

const consumer = `import { defineRoute, relay, jsonata, RelayError } from "kafka-relay/relay";
import type { Delivery, KafkaRecord, Route, RouteDefinition } from "kafka-relay/relay";
import { compilePattern } from "kafka-relay/patterns";
import { defineTarget, refuse } from "kafka-relay/targets/custom";
import { sql, type SqlOptions } from "kafka-relay/targets/sql";
import { kafkaEvent, record, runRoute, type RouteRun } from "kafka-relay/testing";
import { createNodeServer, httpApi, produceV3Operations } from "kafka-relay/http";
import { handler as produce } from "kafka-relay/functions/produce";
import { createKafkaTrigger } from "kafka-relay/trigger";
interface Order { readonly id: string; readonly amount: number }
const own = defineTarget({ name: "ledger", deliver: (delivery: Delivery) => { if (delivery.textAt("key") === undefined) throw refuse("it has no key"); } });
const options: SqlOptions = { connection: "env:DATABASE", table: "orders", key: ["id"], columns: { id: "value.id" } };
const definition: RouteDefinition<Order> = { name: "orders", target: own, transform: ({ value }) => ({ key: value.id, value: { amount: value.amount } }) };
export const route: Route = defineRoute(definition);
export const handler = relay(defineRoute({ name: "rows", target: sql(options), transform: jsonata("value") }));
export const isBig: (event: unknown) => boolean = compilePattern({ value: { amount: [{ numeric: [">", 1] }] } });
export const given: KafkaRecord = record({ value: { id: "a" } });
export const ran: Promise<RouteRun> = runRoute(handler, [given]);
export const api = httpApi(produceV3Operations);
export const server = createNodeServer(produceV3Operations);
export const start = () => createKafkaTrigger({ brokers: ["localhost:9092"], topic: "orders", consumerGroupId: "orders" }, (event) => handler(event));
export const event = kafkaEvent([given]);
export const codeOf = (thrown: unknown): string => (thrown instanceof RelayError ? thrown.code : "unknown");
export { produce };
`;

test.each([
  ["ES modules and CommonJS modules", ["consumer.mts", "consumer.cts"], ["--module", "nodenext"]],
  ["modules that are bundled", ["consumer.ts"], ["--module", "esnext", "--moduleResolution", "bundler"]],
])("its types compile in %s of a strict project", (_what, names, moduleFlags) => {
  const flags = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--types", "node", "--target", "es2023", ...moduleFlags];
  const { stdout } = spawnSync(process.execPath, [typescript, ...flags, ...names.map((name) => write(name, consumer))], {
    cwd: project,
    encoding: "utf8",
  });
  expect(stdout.trim()).toBe("");
});

test("a package that only some targets need is asked for by its install command", () => {
  const code = `import { defineRoute, relay } from "kafka-relay/relay";
import { sql } from "kafka-relay/targets/sql";
import { sqs } from "kafka-relay/targets/sqs";
import { kafkaEvent, record } from "kafka-relay/testing";
const table = sql({ connection: "postgres://localhost/x", table: "t", key: ["id"], columns: { id: "value.id" } });
const queue = sqs({ queueUrl: "https://sqs.eu-central-1.amazonaws.com/123456789012/q", region: "eu-central-1" });
for (const [name, target] of Object.entries({ table, queue })) {
  const handler = relay(defineRoute({ name, target }));
  await handler(kafkaEvent([record({ value: { id: 1 } })])).catch((error) => console.log(error.message));
  await handler.close();
}`;
  const output = run("missing.mjs", code, { KAFKA_BROKERS: "127.0.0.1:1", RELAY_ACCESS: "everything" });

  expect(output).toContain("The package pg is not installed. Install it with: npm install pg");
  expect(output).toContain("The package @aws-sdk/client-sqs is not installed. Install it with: npm install @aws-sdk/client-sqs");
});

test("the API's functions answer as they do in the project itself", async () => {
  const kafka = testKafka();
  const topic = await createTestTopic(kafka);
  await kafka.close();
  const code = `import { handler } from "kafka-relay/functions/produce";
const requestContext = { routeKey: "POST /topics/{topic}", http: { method: "POST", path: "/topics/${topic}", sourceIp: "127.0.0.1" } };
const headers = { "content-type": "application/vnd.kafka.json.v2+json" };
const body = JSON.stringify({ records: [{ value: { a: 1 } }] });
const event = { version: "2.0", routeKey: "POST /topics/{topic}", rawPath: "/topics/${topic}", rawQueryString: "", headers, requestContext, pathParameters: { topic: "${topic}" }, body, isBase64Encoded: false };
const { statusCode, body: answer } = await handler(event, { getRemainingTimeInMillis: () => 20_000 });
console.log(statusCode, answer);
process.exit();`;
  const output = run("produce.mjs", code, { KAFKA_BROKERS: process.env.KAFKA_BROKERS, RELAY_ACCESS: "everything" });

  expect(output).toMatch(/^200 .*"offset":0/m);
});

const consoleCode = `for (const [path, parameters] of [["/console", {}], ["/console/assets/{file}", { file: "<script>" }]]) {
  const http = { method: "GET", path, sourceIp: "127.0.0.1" };
  const event = { version: "2.0", routeKey: "GET " + path, rawPath: path, rawQueryString: "", headers: {}, requestContext: { routeKey: "GET " + path, http }, pathParameters: parameters, isBase64Encoded: false };
  handler(event, { getRemainingTimeInMillis: () => 20_000 }).then(({ statusCode, headers }) => console.log(statusCode, headers["content-type"]));
}`;

test.each([
  ["an ES module", "console.mjs", 'import { handler } from "kafka-relay/functions/console";'],
  ["CommonJS", "console.cjs", 'const { handler } = require("kafka-relay/functions/console");'],
])("the console's page comes from the package, in %s", (_what, name, load) => {
  const [script = ""] = readdirSync(join(built, ".build/console-page/assets")).filter((file) => file.endsWith(".js"));
  const env = { KAFKA_BROKERS: "127.0.0.1:1", RELAY_ACCESS: "everything", RELAY_CONSOLE: "on" };
  const output = run(name, `${load}\n${consoleCode.replace("<script>", script)}`, env);

  expect(output.split("\n").sort()).toEqual(["200 text/html; charset=utf-8", "200 text/javascript; charset=utf-8"]);
});

test("its command line runs, and finds the routes of the project", () => {
  write(
    "functions/routes/big-orders.js",
    `import { defineRoute, relay } from "kafka-relay/relay";
import { topic } from "kafka-relay/targets/topic";
export const handler = relay(${routeCode('examples: [{ name: "a small order is filtered", input: { value: { id: "b", amount: 5 } }, expected: "filtered" }],')});`,
  );
  const relay = (...args: readonly string[]) => npm(["exec", "--offline", "kafka-relay", "--", ...args], project).trim();

  expect(relay("--version")).toBe(JSON.parse(readFileSync(join(built, "package.json"), "utf8")).version);
  expect(relay("routes", "test")).toMatch(/a small order is filtered/);
});

test("npm create kafka-relay writes a project for the same version, and passes its options on", { timeout: setUpLimitMs }, async () => {
  const folder = buildCreatePackage(built, join(root, "create"));
  const { messages, pkg } = await publint({ pkgDir: folder });
  expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  const create = pack(folder, root);
  const empty = join(root, "empty");
  mkdirSync(empty);
  // As `npm create kafka-relay <arguments>` does. The registry has no kafka-relay yet, so its tarball is named too.
  const execute = (...args: readonly string[]) =>
    npm(["exec", "--yes", "--prefer-offline", `--package=${tarball}`, `--package=${create}`, "--", "create-kafka-relay", ...args], empty);

  expect(execute("my-relay")).toContain("cd my-relay");
  execute("my-script", "--javascript");

  const { version } = JSON.parse(readFileSync(join(built, "package.json"), "utf8"));
  expect(JSON.parse(readFileSync(join(empty, "my-relay/package.json"), "utf8")).dependencies).toEqual({ "kafka-relay": `^${version}` });
  expect(existsSync(join(empty, "my-relay/functions/routes/big-orders.ts"))).toBe(true);
  expect(existsSync(join(empty, "my-script/functions/routes/big-orders.js"))).toBe(true);
});
