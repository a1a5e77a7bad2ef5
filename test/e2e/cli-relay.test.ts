/** `kafka-relay routes` and `kafka-relay dead-letters` as people use them, wrongly too. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { createTestTopic, testKafka } from "../support/broker/kafka.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const kafka = testKafka();
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kafka-relay-routes-"));
  mkdirSync(join(folder, "functions/routes"), { recursive: true });
  const route = (options: string) =>
    `import { relay } from "${root}lib/relay/relay.ts";\nimport { defineRoute } from "${root}lib/relay/route.ts";\nimport { topic } from "${root}lib/targets/topic.ts";\nexport const handler = relay(defineRoute({ target: topic({ topic: "t" }), ${options} } as never));\n`;
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "functions/routes/misspelt.ts"), route('name: "misspelt", ordre: "key"'));
  writeFileSync(
    join(folder, "functions/routes/pasted-secret.ts"),
    `import { webhook } from "${root}lib/targets/webhook.ts";\n${route('name: "pasted-secret", target: webhook({ url: "https://a.example", secrets: "v1,whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH" })')}`,
  );
  writeFileSync(join(folder, "functions/routes/unread.ts"), "export const handler = ;");
  writeFileSync(
    join(folder, "functions/routes/wrong-example.ts"),
    route('name: "wrong-example", examples: [{ name: "never so", input: { value: 1 }, expected: "filtered" }]'),
  );
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await kafka.close();
});

function cli(words: readonly string[], cwd = root): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, "local/cli/bin.js"), ...words], { cwd });
    let [out, err] = ["", ""];
    child.stdout.on("data", (text: Buffer) => (out += text.toString()));
    child.stderr.on("data", (text: Buffer) => (err += text.toString()));
    child.on("close", (code) => resolve({ code, out, err }));
  });
}

test("the routes of this project are sound, and their examples hold", async () => {
  const [check, examples, explained] = await Promise.all([
    cli(["routes", "check"]),
    cli(["routes", "test"]),
    cli(["routes", "explain", "strong-quakes"]),
  ]);

  expect([check.code, check.err]).toEqual([0, ""]);
  expect(examples.code).toBe(0);
  expect(examples.out).toMatch(/^\d+ passed, 0 failed$/m);
  expect(explained.out).toContain("strong-earthquakes");
});

test("a route that is wrong is named with what is wrong, beside others that are not", async () => {
  const check = await cli(["routes", "check"], folder);

  expect(check.code).toBe(1);
  expect(check.err).toContain('functions/routes/misspelt.ts: The route "misspelt"');
  expect(check.err).toContain('ordre: this option does not exist. Did you mean "order"?');
  expect(check.err).toContain("functions/routes/unread.ts: It cannot be loaded");
  expect(check.err).toContain("functions/routes/pasted-secret.ts: The target webhook:");
  expect(check.err).toContain('The one given starts with "v1,", which belongs to signatures: remove it.');
  expect(check.err).not.toContain("BwcHBw");
  expect(check.err).toContain("functions/routes/wrong-example.ts: It has no function in serverless.yml");
});

test("an example that does not hold fails the run and says what is different", async () => {
  const run = await cli(["routes", "test", "wrong-example"], folder);

  expect(run.code).toBe(1);
  expect(run.err).toContain("never so: It is not filtered");
  expect(run.out).toContain("0 passed, 1 failed");
});

test("a missing route, and a folder without routes, are reported", async () => {
  const [unknown, nowhere] = await Promise.all([cli(["routes", "explain", "nowhere"]), cli(["routes", "list"], tmpdir())]);

  expect([unknown.code, nowhere.code]).toEqual([1, 1]);
  expect(unknown.err).toContain("The routes are quakes-to-sql");
  expect(nowhere.err).toContain("functions/routes");
});

test("dead letters are listed, shown, redriven to their topic and listed as such", async () => {
  const [source, letters] = await Promise.all([createTestTopic(kafka), createTestTopic(kafka)]);
  const headers = Object.entries({ route: "billing", code: "record-refused", message: "no", topic: source, partition: 0, offset: 0 }).map(
    ([name, value]) => ({
      name: `relay.error.${name}`,
      value: Buffer.from(String(value)),
    }),
  );
  await kafka.producer.produce(letters, [{ key: Buffer.from("k"), value: Buffer.from("v"), headers }], createDeadline(10_000));

  const listed = await cli(["dead-letters", "list", letters, "--json"]);
  const shown = await cli(["dead-letters", "show", letters, "0/0"]);
  const unchosen = await cli(["dead-letters", "redrive", letters]);
  const redriven = await cli(["dead-letters", "redrive", letters, "--all", "--to-topic"]);
  const after = await cli(["dead-letters", "list", letters, "--state", "redriven", "--json"]);

  expect(JSON.parse(listed.out)).toMatchObject([
    { letter: "0/0", state: "open", route: "billing", code: "record-refused", origin: `${source} 0/0` },
  ]);
  expect(shown.out).toMatch(/^value\s+v$/m);
  expect([unchosen.code, unchosen.err]).toEqual([2, expect.stringContaining("--all")]);
  expect([redriven.code, redriven.out]).toEqual([0, expect.stringContaining(`0/0 redriven to topic ${source}`)]);
  expect(JSON.parse(after.out)).toHaveLength(1);
  expect((await kafka.reader.offsets(source, "all", createDeadline(10_000)))[0]?.end).toBe(1n);
});

test("a dead letter of a topic that the route does not read is not redriven to it", async () => {
  const letters = await createTestTopic(kafka);
  const headers = Object.entries({ route: "strong-quakes", topic: "accounts", partition: 0, offset: 7 }).map(([name, value]) => ({
    name: `relay.error.${name}`,
    value: Buffer.from(String(value)),
  }));
  await kafka.producer.produce(letters, [{ key: null, value: Buffer.from("{}"), headers }], createDeadline(10_000));

  const redriven = await cli(["dead-letters", "redrive", letters, "--all"]);

  expect(redriven.err).toContain('comes from the topic "accounts", but the route strong-quakes reads earthquakes');
  expect(redriven.out).toMatch(/^redriven\s+0$/m);
  expect(redriven.out).toMatch(/^failed\s+1$/m);
});
