/** docs/migrate-from-rest-proxy.md, tried: its curl commands as they stand there, and the same calls from Python and from Java. */
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestTopic, testKafka } from "../support/broker/kafka.js";
import { uniqueName } from "../support/broker/unique-names.js";
import { didNotRun } from "../support/run/did-not-run.js";
import { type ServeProcess, startServe } from "../support/serve/process.js";

const page = join(import.meta.dirname, "../../docs/migrate-from-rest-proxy.md");
const timeout = 100_000;
const kafka = testKafka();
const folder = mkdtempSync(join(tmpdir(), "kafka-relay-migration-"));
let server: ServeProcess;
beforeAll(async () => {
  server = await startServe();
});
afterAll(async () => {
  await server.end();
  await kafka.close();
  rmSync(folder, { recursive: true, force: true });
});

const runs = (program: string, ...words: readonly string[]) => spawnSync(program, words, { stdio: "ignore", timeout: 20_000 }).status === 0;

/** Notes a test that this machine cannot run. */
function without(program: string, ...words: readonly string[]): boolean {
  if (runs(program, ...words)) return false;
  didNotRun(`the migration page with ${program}`, `there is no ${program}`);
  return true;
}

const clientOutput = {
  v2_json: [null],
  v2_binary: [0],
  partitions: 1,
  one: 200,
  batch: [1, 0],
  streamed: [200, 200, 200],
  events: [{ total: 12.5 }, "/wA=", "one", { n: 1 }, { n: 0 }, { n: 1 }, { n: 2 }],
};

test.skipIf(without("curl", "--version"))("every curl command of the page succeeds as it stands, one after the other", async () => {
  const [topic, another] = [await createTestTopic(kafka, { partitions: 2 }), uniqueName("migration")];
  const commands = [...readFileSync(page, "utf8").matchAll(/```sh\n([\s\S]*?)```/g)]
    .map(([, block = ""]) => block)
    .filter((block) => block.includes("curl"))
    .join("\n")
    .replaceAll("http://localhost:8082", server.url)
    .replaceAll(/\borders\b/g, topic)
    .replaceAll(/\bpayments\b/g, another)
    .replaceAll("readers", uniqueName("readers"));
  // A status of 400 or more is a failure, which ends the script.
  writeFileSync(join(folder, ".curlrc"), "fail-with-body\nshow-error\n");

  const { stdout } = await promisify(execFile)("bash", ["-euo", "pipefail", "-c", commands], {
    env: { PATH: process.env.PATH, HOME: folder },
    timeout,
    maxBuffer: 10_000_000,
  });

  expect(commands.match(/\bcurl\b/g)?.length ?? 0).toBeGreaterThan(18);
  // The three records of the stream, the one before and the two of the batch; then the events.
  expect(stdout.match(/"error_code":200/g)).toHaveLength(4);
  expect(stdout.match(/^data: /gm)).toHaveLength(2);
  expect(stdout).toContain('"instance_id":"me"');
});

test.skipIf(without("python3", "--version"))("a client in Python gets what a REST proxy's client gets, and streams both ways", async () => {
  const topic = await createTestTopic(kafka);
  const { stdout } = await promisify(execFile)("python3", [join(import.meta.dirname, "clients/migration.py"), server.url, topic], {
    timeout,
  });

  expect(JSON.parse(stdout)).toEqual(clientOutput);
});

test.skipIf(without("java", "-version"))("a client in Java gets the same", async () => {
  const topic = await createTestTopic(kafka);
  const { stdout } = await promisify(execFile)("java", [join(import.meta.dirname, "clients/Migration.java"), server.url, topic], {
    timeout,
  });

  expect(JSON.parse(stdout)).toEqual(clientOutput);
});

test.skipIf(without("java", "-version"))(
  "a client in Java creates consumer instances, reads, commits and deletes, and the next member goes on",
  async () => {
    const topic = await createTestTopic(kafka);
    const { stdout } = await promisify(execFile)("java", [join(import.meta.dirname, "clients/Consumers.java"), server.url, topic], {
      timeout,
    });

    expect(JSON.parse(stdout)).toEqual({
      statuses: [409, 204, 406, 200, 204, 404, 204, 204],
      topics: 1,
      read: [{ n: 1 }, { n: 2 }],
      wentOn: [{ n: 3 }],
      fromBeginning: [{ n: 1 }, { n: 2 }, { n: 3 }],
    });
  },
);
