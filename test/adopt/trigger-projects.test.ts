/** The local trigger, installed from its packed tarball into other people's kinds of projects: frameworks, Node versions, module kinds, package managers, test runners. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import type { Kafka } from "../../lib/kafka/kafka.js";
import { freePorts } from "../../local/processes/ports.js";
import { createTestTopic, testKafka } from "../support/broker/kafka.js";
import { write as writeRecords } from "../support/relay/relay-on-broker.js";
import { endsWithRun } from "../support/run/run-folder.js";
import { until } from "../support/run/started.js";

const source = join(import.meta.dirname, "../../local/kafka-trigger");
const stepLimitMs = 6 * 60_000;
const osls = { serverless: "npm:osls@4.3.1", "serverless-offline": "14.8.2" };
const framework3 = { serverless: "3.40.0", "serverless-offline": "13.9.0" };
/** The packages that npm runs a Node version from. */
const nodes = { "20": undefined, "22": "node@22.23.3", "24": "node@24.21.0" } as const;
/** Pinned, because each is run without being installed. */
const managers = { npm: "npm", pnpm: "pnpm@10.34.8", yarn: "yarn@1.22.22" } as const;

let folder: string;
let tarball: string;
let kafka: Kafka;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kafka-trigger-projects-"));
  tarball = join(folder, run("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder], source).trim());
  kafka = testKafka();
});
afterAll(async () => {
  await kafka.close();
  rmSync(folder, { recursive: true, force: true });
});

function run(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): string {
  const { status, stdout, stderr, error } = spawnSync(command, [...args], {
    cwd,
    encoding: "utf8",
    timeout: stepLimitMs,
    env: { ...process.env, ...env },
  });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed: ${error?.message ?? ""}\n${stdout}${stderr}`.slice(-3_000));
  return stdout;
}

function createProject(name: string, manifest: object, files: Readonly<Record<string, string>>): string {
  const project = join(folder, name.replace(/\W+/g, "-"));
  const all = { "package.json": JSON.stringify({ name: "stranger", private: true, ...manifest }), "notes.jsonl": "", ...files };
  for (const [file, text] of Object.entries(all)) {
    mkdirSync(dirname(join(project, file)), { recursive: true });
    writeFileSync(join(project, file), text);
  }
  return project;
}

function install(project: string, manager: keyof typeof managers): void {
  if (manager === "npm") run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund"], project);
  else run("npx", ["--yes", managers[manager], "install", "--ignore-scripts"], project);
  expect(existsSync(join(project, "node_modules/serverless-offline-kafka-trigger/dist/main.cjs"))).toBe(true);
}

const note = 'appendFileSync("notes.jsonl", JSON.stringify(Object.keys(event.records)) + "\\n");';
const handlers = {
  cjs: { "handler.js": `const { appendFileSync } = require("node:fs");\nmodule.exports.run = async (event) => { ${note} };\n` },
  esm: { "handler.js": `import { appendFileSync } from "node:fs";\nexport const run = async (event) => { ${note} };\n` },
  ts: {
    "handler.ts": `import { appendFileSync } from "node:fs";\nimport type { KafkaEvent } from "serverless-offline-kafka-trigger";\nexport const run = async (event: KafkaEvent): Promise<void> => { ${note} };\n`,
  },
} as const;

interface Kind {
  readonly framework: Readonly<Record<string, string>>;
  readonly node: keyof typeof nodes;
  readonly handler: keyof typeof handlers;
  readonly manager: keyof typeof managers;
}

test.each<readonly [string, Kind]>([
  ["osls 4, Node 20, CommonJS, npm", { framework: osls, node: "20", handler: "cjs", manager: "npm" }],
  ["osls 4, Node 22, ES modules, pnpm", { framework: osls, node: "22", handler: "esm", manager: "pnpm" }],
  ["osls 4, Node 24, TypeScript, yarn", { framework: osls, node: "24", handler: "ts", manager: "yarn" }],
  ["Serverless Framework 3, Node 20, CommonJS, npm", { framework: framework3, node: "20", handler: "cjs", manager: "npm" }],
])("a handler gets a record: %s", { timeout: stepLimitMs }, async (name, { framework, node, handler, manager }) => {
  const topic = await createTestTopic(kafka);
  const [http = 0, lambda = 0, websocket = 0, status = 0] = await freePorts(4);
  const tsx = handler === "ts" ? { tsx: "4.23.14" } : {};
  const project = createProject(
    name,
    {
      type: handler === "cjs" ? "commonjs" : "module",
      devDependencies: { ...framework, ...tsx, "serverless-offline-kafka-trigger": `file:${tarball}` },
    },
    {
      ...handlers[handler],
      "serverless.yml": stringify({
        service: "stranger",
        plugins: ["serverless-offline-kafka-trigger", "serverless-offline"],
        provider: { name: "aws", region: "eu-west-1", runtime: "nodejs20.x" },
        custom: {
          kafkaTrigger: { statusPort: status, brokers: process.env.KAFKA_BROKERS?.split(",") },
          "serverless-offline": { httpPort: http, lambdaPort: lambda, websocketPort: websocket },
        },
        functions: {
          orders: {
            handler: "handler.run",
            events: [{ msk: { arn: "arn:aws:kafka:eu-west-1:1:cluster/c/1", topic, startingPosition: "TRIM_HORIZON" } }],
          },
        },
      }),
    },
  );
  install(project, manager);
  await writeRecords(kafka, topic, [{ key: null, value: Buffer.from("a"), headers: [] }]);

  const version = nodes[node];
  const program = ["node_modules/serverless/bin/serverless.js", "offline", "start"];
  const [command, args] =
    version === undefined ? [process.execPath, program] : ["npx", ["--yes", `--package=${version}`, "node", ...program]];
  const child = spawn(command as string, args as string[], {
    cwd: project,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, SLS_NOTIFICATIONS_MODE: "off", SLS_TELEMETRY_DISABLED: "1", AWS_ACCESS_KEY_ID: "x", AWS_SECRET_ACCESS_KEY: "x" },
  });
  if (child.pid !== undefined) endsWithRun("stranger", child.pid);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const closed = new Promise((resolve) => child.once("close", resolve));
  await until(
    "the handler has noted the record",
    () => {
      if (child.exitCode !== null) throw new Error(`it has ended:\n${output}`);
      return readFileSync(join(project, "notes.jsonl"), "utf8").includes(`"${topic}-0"`);
    },
    150_000,
  ).catch((error: Error) => {
    throw new Error(`${error.message}\n${output}`);
  });
  process.kill(-(child.pid ?? 0), "SIGINT");
  await closed;
});

const asLibrary = (runner: string, topic: string): string => `${runner}
test("an event arrives", async () => {
  const event = await new Promise((resolve) => {
    const trigger = createKafkaTrigger({ brokers: ["${process.env.KAFKA_BROKERS}"], topic: "${topic}", consumerGroupId: "${topic}" }, async (given) => {
      setImmediate(() => trigger.stop().then(() => resolve(given)));
    });
  });
  expect(Object.keys(event.records)).toEqual(["${topic}-0"]);
}, 60000);
`;

test.each([
  [
    "vitest 4",
    "vitest",
    "4.1.12",
    "trigger.test.js",
    ["vitest", "run"],
    'import { createKafkaTrigger } from "serverless-offline-kafka-trigger";\nimport { expect, test } from "vitest";',
    "module",
  ],
  [
    "Jest 30",
    "jest",
    "30.5.2",
    "trigger.test.js",
    ["jest"],
    'const { createKafkaTrigger } = require("serverless-offline-kafka-trigger");',
    "commonjs",
  ],
])("as a library in %s", { timeout: stepLimitMs }, async (name, runner, version, file, command, head, type) => {
  const topic = await createTestTopic(kafka);
  await writeRecords(kafka, topic, [{ key: null, value: Buffer.from("a"), headers: [] }]);
  const devDependencies = { [runner]: version, "serverless-offline-kafka-trigger": `file:${tarball}` };
  const project = createProject(name, { type, devDependencies }, { [file]: asLibrary(head, topic) });
  install(project, "npm");

  run("npx", command, project);
});
