/** `kafka-relay sources`, and `serve --sources`, as people use them. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePorts } from "../../local/processes/ports.js";
import { createTestTopic, testKafka, until } from "../support/broker/kafka.js";
import { recordsOf, textsOf } from "../support/relay/source-run.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const kafka = testKafka();
let folder: string;
let topic: string;

beforeAll(async () => {
  topic = await createTestTopic(kafka);
  folder = mkdtempSync(join(tmpdir(), "kafka-relay-sources-"));
  mkdirSync(join(folder, "functions/sources"), { recursive: true });
  const source = (name: string, imports: string, from: string, rules = "") =>
    writeFileSync(
      join(folder, `functions/sources/${name}.ts`),
      `import { source } from "${root}lib/sources/source.ts";\nimport { defineSource } from "${root}lib/sources/define-source.ts";\n${imports}\nexport const handler = source(defineSource({ name: "${name}", from: ${from}, to: { topic: "${topic}" }, ${rules} } as never));\n`,
    );
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  source("from-queue", `import { sqsQueue } from "${root}lib/sources/sqs.ts";`, "sqsQueue()");
  source(
    "from-caller",
    `import { webhooks } from "${root}lib/sources/webhook.ts";\nimport { sharedSecret } from "${root}lib/sources/webhook/plain-schemes.ts";`,
    'webhooks({ verify: sharedSecret({ secrets: ["open sesame"] }) })',
    'examples: [{ name: "never so", input: { value: 1 }, expected: "filtered" }]',
  );
  writeFileSync(
    join(folder, "serverless.yml"),
    "service: s\nprovider: { name: aws }\nfunctions:\n  fromQueue: { handler: functions/sources/from-queue.handler, events: [{ sqs: arn:aws:sqs:eu-central-1:123456789012:q }] }\n",
  );
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await kafka.close();
});

function cli(...words: readonly string[]): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, "local/cli/bin.js"), ...words], { cwd: folder });
    let [out, err] = ["", ""];
    child.stdout.on("data", (text: Buffer) => (out += text.toString()));
    child.stderr.on("data", (text: Buffer) => (err += text.toString()));
    child.on("close", (code) => resolve({ code, out, err }));
  });
}

const event = (name: string, content: unknown): string => {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
};

test("sources are listed, checked against their events, and tested by their examples", async () => {
  const [list, check, examples, unknown] = await Promise.all([
    cli("sources", "list", "--json"),
    cli("sources", "check"),
    cli("sources", "test"),
    cli("sources", "explain", "from-nowhere"),
  ]);

  expect(JSON.parse(list.out)).toMatchObject([
    { name: "from-caller", from: "webhook shared-secret", to: topic },
    { name: "from-queue", from: "sqs queue", to: topic },
  ]);
  expect(check.code).toBe(1);
  expect(check.err).toContain("from-queue.ts: function fromQueue: sqs: add functionResponseType: ReportBatchItemFailures.");
  expect(check.err).toContain("from-caller.ts: no function of serverless.yml has the handler functions/sources/from-caller.handler.");
  expect([examples.code, examples.out]).toEqual([1, "0 passed, 1 failed\n"]);
  expect(unknown.err).toContain('There is no source "from-nowhere". The sources are from-caller, from-queue.');
});

test("an event that is sent to a source is written, and one that is refused says so", async () => {
  const message = {
    messageId: "1",
    body: "by the command",
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:eu-central-1:123456789012:q",
  };
  const queue = await cli("sources", "send", "from-queue", "--event", event("queue.json", { Records: [message] }));
  const call = { headers: { authorization: "Bearer open sesame" }, body: { by: "a call" } };
  const webhook = await cli("sources", "send", "from-caller", "--event", event("call.json", call));
  const forged = await cli("sources", "send", "from-caller", "--event", event("forged.json", { ...call, headers: { authorization: "x" } }));

  expect([queue.code, queue.out]).toEqual([0, '{"batchItemFailures":[]}\n']);
  expect([webhook.code, JSON.parse(webhook.out).statusCode]).toEqual([0, 200]);
  expect([forged.code, JSON.parse(forged.out).statusCode]).toEqual([1, 401]);
  expect(textsOf(await recordsOf(kafka, topic)).toSorted()).toEqual(["by the command", '{"by":"a call"}']);
});

test("serve --sources answers webhooks, and no caller of the API gains anything by it", async () => {
  const [port = 0] = await freePorts(1);
  const child = spawn(process.execPath, [join(root, "local/cli/bin.js"), "serve", "--sources", "--port", String(port), "--log", "quiet"], {
    cwd: folder,
    env: { ...process.env, RELAY_ACCESS_GRANTS: "[]" },
    stdio: "ignore",
  });
  try {
    const send = (authorization: string) =>
      fetch(`http://127.0.0.1:${port}/sources/from-caller`, { method: "POST", headers: { authorization }, body: "by serve" }).catch(
        () => undefined,
      );
    await until(async () => (await send("Bearer open sesame"))?.status === 200);
    const statuses = [(await send("Bearer wrong"))?.status, (await fetch(`http://127.0.0.1:${port}/topics`)).status];

    expect(statuses).toEqual([401, 403]);
    expect(textsOf(await recordsOf(kafka, topic))).toContain("by serve");
  } finally {
    child.kill();
  }
});
