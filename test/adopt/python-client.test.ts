/** docs/adopt.md, tried: a Python client that is generated from the description that a server gives, used against that server and a real broker. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pythonEnvironment } from "../../local/processes/python.js";
import { uniqueName } from "../support/broker/unique-names.js";
import { didNotRun } from "../support/run/did-not-run.js";
import { type ServeProcess, startServe } from "../support/serve/process.js";

const page = readFileSync(join(import.meta.dirname, "../../docs/adopt.md"), "utf8");
const [, version = ""] = /pip install openapi-python-client==(\S+)/.exec(page) ?? [];
const programWithinMs = 120_000;
const run = promisify(execFile);
const program = join(import.meta.dirname, "clients/generated_client.py");

let folder: string;
let server: ServeProcess;
let python: string | undefined;
let generated = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kafka-relay-python-client-"));
  const environment = await pythonEnvironment("openapi-python-client", version);
  if ("missing" in environment) return didNotRun("the Python client", environment.missing);
  server = await startServe();
  python = join(environment.folder, "bin");
  const commands =
    [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = ""]) => block).find((block) => block.includes("generate --url")) ?? "";
  const { stdout, stderr } = await run(
    "bash",
    ["-euo", "pipefail", "-c", commands.replace(/^pip install .*/m, "").replace("http://localhost:8082", server.url)],
    { cwd: folder, timeout: programWithinMs, maxBuffer: 100_000_000, env: { PATH: `${python}:${process.env.PATH}` } },
  );
  generated = `${stdout}${stderr}`;
}, 300_000);

afterAll(async () => {
  await server?.end();
  rmSync(folder, { recursive: true, force: true });
});

/** "post_v3_clusters" of "postV3Clusters", as the generator names its modules. */
const toModuleName = (operationId: string): string => operationId.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

async function operationIds(): Promise<readonly string[]> {
  const description = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>;
  };
  return Object.values(description.paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId));
}

test("the generator warns of one media type only: any type, which is the binary mode of CloudEvents", ({ skip }) => {
  if (python === undefined) return skip();

  const faults = generated.split("\n").filter((line) => /^(WARNING|ERROR|Unable|Unsupported|Invalid|Attempted|Cannot|Missing)/.test(line));
  expect(faults).toEqual(["WARNING parsing POST /topics/{topic}/events within default.", "Unsupported content type */*"]);
  expect(generated).not.toContain("Failure to process");
});

test("the client makes topics, writes and reads records, is a member of a group, and decodes errors", async ({ skip }) => {
  if (python === undefined) return skip();
  const topic = uniqueName("python-client");

  const { stdout } = await run(join(python, "python"), [program, folder, server.url, topic, uniqueName("python-client-group")], {
    timeout: programWithinMs,
  });

  const { operations, ...answers } = JSON.parse(stdout);
  expect(operations).toEqual((await operationIds()).map(toModuleName).sort());
  expect(answers).toEqual({
    created: ["KafkaTopic", topic, 1],
    isListed: true,
    v3: [200, 0, 0, "STRING", 14],
    v2Json: [[0, 1]],
    v2Binary: [[0, 2]],
    read: [
      [0, "a", { total: 12.5 }, ["from"]],
      [1, "b", { total: 3 }, []],
      [2, null, "/wA=", []],
    ],
    behindCursor: 0,
    received: [0, 1, 2],
    group: ["KafkaConsumerGroup", true, false, "STABLE"],
    lags: [[true, 3, 3, 0]],
    events: { single: [0, 3], batch: [2, 4, 5], binaryMode: 200 },
    problems: {
      exists: [400, 40002, false, false],
      unknownTopic: [404, 40403, false, false],
      unknownCluster: [404, 404, false, false],
      unknownTopicV2: [404, 40401, false, false],
      notBase64: [400, 400, false, false],
    },
    deleted: 204,
  });
});
