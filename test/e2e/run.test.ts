/** `kafka-relay run` as a process: a route without Lambda in between, and so without its limits. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import type { TopicName } from "../../lib/kafka/records.js";
import { createTestTopic, testKafka, until } from "../support/broker/kafka.js";
import { uniqueName } from "../support/broker/unique-names.js";
import { readAll, write } from "../support/relay/relay-on-broker.js";

const program = fileURLToPath(new URL("../../local/cli/bin.js", import.meta.url));
const kafka = testKafka();
afterAll(() => kafka.close());

const countIn = async (topic: TopicName) =>
  (await kafka.reader.offsets(topic, "all", createDeadline(10_000))).reduce((sum, { end }) => sum + Number(end), 0);

test("a record that no Lambda invocation can hold, and a header whose value is null, arrive as they are", async () => {
  const configs = { "max.message.bytes": "8000000" };
  const [source, copy] = [await createTestTopic(kafka, { configs }), await createTestTopic(kafka, { configs })];
  const large = Buffer.alloc(5_000_000, "x");
  const headers = [
    { name: "none", value: null },
    { name: "empty", value: Buffer.alloc(0) },
  ];
  await write(kafka, source, [
    { key: Buffer.from("large"), value: large, headers },
    { key: Buffer.from("behind it"), value: Buffer.from("small"), headers: [] },
  ]);

  const words = ["run", uniqueName("copy"), "--topic", source, "--target", `topic:${copy}`, "--group", uniqueName("group")];
  const child = spawn(process.execPath, [program, ...words], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (text: Buffer) => (said += text.toString()));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  try {
    await until(async () => (await countIn(copy)) === 2);
  } finally {
    child.kill("SIGINT");
  }

  expect(await ended, said).toBe(0);
  const [first, second] = await readAll(kafka, copy);
  expect(first?.value?.equals(large)).toBe(true);
  expect(first?.headers).toEqual(headers);
  expect(second?.value?.toString()).toBe("small");
  expect(said).not.toContain("dropped");
});
