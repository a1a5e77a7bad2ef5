/** A route in a process of its own, killed at random moments: every record is delivered, in the order of its partition, and repeats stay within a batch a partition and kill. */
import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { createTestTopic, testKafka, until } from "../support/broker/kafka.js";

const kafka = testKafka();
const partitions = 4;
const perPartition = Number(process.env.RELAY_KILLS_RECORDS ?? "5000");
const kills = Number(process.env.RELAY_KILLS ?? "20");
const batchSize = 100;
const processes: ChildProcess[] = [];
afterAll(async () => {
  for (const child of processes) child.kill("SIGKILL");
  await kafka.close();
});

function startRoute(topic: string, url: string): ChildProcess {
  const cli = fileURLToPath(new URL("../../local/cli/main.ts", import.meta.url));
  const words = [
    "run",
    "bare",
    "--topic",
    topic,
    "--group",
    `kills-${topic}`,
    "--target",
    url,
    "--allow-private",
    "--batch-size",
    String(batchSize),
  ];
  const child = spawn(process.execPath, ["--import", "tsx", cli, ...words], { stdio: "ignore" });
  processes.push(child);
  return child;
}

test(`${kills} kills in ${perPartition * partitions} deliveries lose nothing and reorder nothing`, async () => {
  const topic = await createTestTopic(kafka, { partitions });
  for (let from = 0; from < perPartition; from += 1_000) {
    const records = Array.from({ length: Math.min(1_000, perPartition - from) * partitions }, (_, index) => ({
      key: null,
      value: Buffer.from(String(from + Math.floor(index / partitions))),
      headers: [],
      partition: index % partitions,
    }));
    await kafka.producer.produce(topic, records, createDeadline(30_000));
  }
  const got: number[][] = Array.from({ length: partitions }, () => []);
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    got[Number(request.headers["kafka-partition"])]?.push(Number(Buffer.concat(chunks)));
    response.writeHead(200).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const count = () => got.reduce((sum, numbers) => sum + numbers.length, 0);

  let child = startRoute(topic, url);
  const stepMax = (perPartition * partitions) / (kills + 2);
  for (let kill = 0; kill < kills; kill++) {
    const next = count() + 1 + Math.floor(Math.random() * stepMax);
    await until(() => count() >= next, 120_000);
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("exit", resolve));
    child = startRoute(topic, url);
  }
  await until(() => got.every((numbers) => new Set(numbers).size === perPartition), 300_000);
  child.kill("SIGTERM");
  await new Promise((resolve) => child.once("exit", resolve));
  server.closeAllConnections();
  server.close();

  for (const numbers of got) expect([...new Set(numbers)]).toEqual(Array.from({ length: perPartition }, (_, n) => n));
  expect(count() - perPartition * partitions).toBeLessThanOrEqual((batchSize + 1) * partitions * kills);
});
