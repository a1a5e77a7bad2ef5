/** A trigger in a process of its own, whose function is behind Lambda's Invoke API. */
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { KafkaEvent } from "../../lib/kafka-event/shape.js";
import { createTestTopic, testKafka, until } from "../support/broker/kafka.js";
import { uniqueName } from "../support/broker/unique-names.js";
import { write } from "../support/relay/relay-on-broker.js";
import { valuesOf } from "../support/trigger/trigger-on-broker.js";

const program = join(import.meta.dirname, "../../local/kafka-trigger/bin.cjs");

test("a function error behind the API (200 with X-Amz-Function-Error) sends the batch again", async () => {
  const kafka = testKafka();
  const topic = await createTestTopic(kafka);
  await write(kafka, topic, [{ key: null, value: Buffer.from("a"), headers: [] }]);
  const calls: { readonly url: string | undefined; readonly values: readonly string[] }[] = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    calls.push({ url: request.url, values: valuesOf(JSON.parse(text) as KafkaEvent) });
    if (calls.length === 1) response.setHeader("x-amz-function-error", "Unhandled");
    response.end(calls.length === 1 ? '{"errorType":"TypeError","errorMessage":"not yet"}' : "");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const brokers = process.env.KAFKA_BROKERS ?? "";
  const args = [
    "--brokers",
    brokers,
    "--topic",
    topic,
    "--group",
    uniqueName("group"),
    "--function",
    "shop-dev-orders",
    "--endpoint",
    endpoint,
  ];
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  const closed = new Promise((resolve) => child.once("close", resolve));

  await until(() => output.includes("succeeded"));
  child.kill("SIGINT");
  const code = await closed;
  server.close();
  await kafka.close();

  const call = { url: "/2015-03-31/functions/shop-dev-orders/invocations", values: ["a"] };
  expect(calls).toEqual([call, call]);
  expect(output).toContain("TypeError: not yet");
  expect(code).toBe(0);
});
