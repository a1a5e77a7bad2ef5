/**
 * `kafka-relay serve --workers 2 --routes` through many faults in a row on three nodes, under load over HTTP: brokers that are killed, stopped, frozen and cut off,
 * workers that are killed, and SIGTERM at the end. Writes its table.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import type { Kafka } from "../../lib/kafka/kafka.js";
import type { TopicName } from "../../lib/kafka/records.js";
import { buildServe } from "../../local/build/serve.js";
import { projectFolder } from "../../local/build/service-map.js";
import { createTestTopic, until } from "../support/broker/kafka.js";
import { onThreeNodes, type ThreeNodes } from "../support/broker/three-nodes.js";
import { readAll } from "../support/broker/topic-contents.js";
import { uniqueName } from "../support/broker/unique-names.js";
import { Ledger, nothingLost } from "../support/relay/ledger.js";
import { createRandom, partitionsOf, reportSoak } from "../support/run/soak.js";
import { type ServeProcess, startServe } from "../support/serve/process.js";
import { createProduceCalls } from "../support/serve/produce-calls.js";
import { clusterIdOf } from "../support/serve/report-stream.js";

const faultsCount = Number(process.env.SOAK_FAULTS ?? 12);
const seed = Number(process.env.SOAK_SEED ?? 1);
const frozenMs = 5_000;
/** Of a call, by the server. */
const callTimeoutMs = 15_000;
const drainMs = 20_000;
/** Of the route in serverless.yml. */
const batchSize = 50;

let cluster: ThreeNodes;
let kafka: Kafka;
onThreeNodes((nodes, client) => {
  cluster = nodes;
  kafka = client;
});
const built = mkdtempSync(join(tmpdir(), "kafka-relay-serve-soak-"));
const started: ServeProcess[] = [];
afterAll(() => {
  for (const one of started) one.child.kill("SIGKILL");
  rmSync(built, { recursive: true, force: true });
});

test("nothing that was acknowledged over HTTP is lost or doubled, every call ends, routes lose nothing, and SIGTERM ends in time", async () => {
  await buildServe({ folder: join(projectFolder, "test/support/serve/projects/routes"), outFolder: built });
  const replicated = { replicas: 3, configs: { "min.insync.replicas": "2" } };
  const source = await createTestTopic(kafka, { partitions: 6, ...replicated });
  const target = await createTestTopic(kafka, { partitions: 3, ...replicated });
  const start = () => startServer({ TEST_SOURCE: source, TEST_TARGET: target, TEST_GROUP: group });
  const group = uniqueName("copiers");
  const server = await start();
  const calls = createProduceCalls(() => server.url, await clusterIdOf(server.url), 10);
  const ledger = new Ledger(kafka, source, calls.write);
  const done: Record<string, number> = {};
  let ended: Ending | undefined;

  await ledger.writeDuring({ writers: 6, recordsPerCall: 10, deadlineMs: callTimeoutMs }, async () => {
    const random = createRandom(seed);
    for (let fault = 0; fault < faultsCount; fault++) {
      const name = faultNames[fault % faultNames.length] ?? "kill";
      done[name] = (done[name] ?? 0) + 1;
      await faults[name](server, Math.floor(random() * 3));
      const soFar = ledger.acknowledged;
      await until(() => ledger.acknowledged > soFar + 300, 60_000);
      await cluster.heal();
      await until(async () => (await partitionsOf(kafka, source)).every(({ isr }) => isr.length === 3), 90_000);
    }
    ended = await endOf(server);
  });
  calls.close();
  const rest = await start();
  await until(async () => (await lagOf(rest)) === 0, 120_000);
  const restCode = await rest.end();

  const table = await ledger.table();
  const relayed = await relayedOf(source, target);
  reportSoak("serve", { seed, faults: done, ...table, calls: Object.fromEntries(calls.ends), hung: calls.hung(), ended, relayed });
  expect(table).toMatchObject(nothingLost);
  expect(calls.hung()).toBe(0);
  expect(ended?.code, server.output().slice(-3_000)).toBe(0);
  expect(ended?.tookMs).toBeLessThan(drainMs + 5_000);
  expect(restCode).toBe(0);
  expect(relayed).toMatchObject({ lost: 0 });
  // Each fault may cost a partition the batch that was under way.
  expect(relayed.repeatsOfAPartitionMax).toBeLessThanOrEqual(batchSize * (faultsCount + 1));
});

async function startServer(env: NodeJS.ProcessEnv): Promise<ServeProcess> {
  const one = await startServe(
    ["--access", "everything", "--workers", "2", "--routes", "--log", "json"],
    {
      KAFKA_BROKERS: cluster.brokers.join(","),
      KAFKA_REQUEST_TIMEOUT_MS: "4000",
      RELAY_SERVE_CALL_TIMEOUT_MS: String(callTimeoutMs),
      RELAY_SERVE_DRAIN_MS: String(drainMs),
      ...env,
    },
    built,
    join(built, "serve.js"),
  );
  started.push(one);
  return one;
}

type Fault = (server: ServeProcess, node: number) => Promise<void>;

const faults = {
  kill: async (_, node) => {
    await cluster.nodes[node]?.kill();
  },
  "kill a worker": async ({ pid }, node) => {
    const workers = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number);
    process.kill(workers[node % workers.length] ?? 0, "SIGKILL");
  },
  freeze: async (_, node) => {
    cluster.nodes[node]?.freeze();
    await sleep(frozenMs);
    cluster.nodes[node]?.thaw();
  },
  /** Ends every connection to the node, those of the other nodes included. */
  cut: async (_, node) => {
    const port = cluster.nodes[node]?.address.split(":")[1];
    for (let times = 0; times < 5; times++) {
      execFileSync("ss", ["-K", "dst", "127.0.0.1", "dport", "=", `:${port}`], { stdio: "ignore" });
      await sleep(300);
    }
  },
  stop: async (_, node) => {
    await cluster.nodes[node]?.stop();
  },
} as const satisfies Record<string, Fault>;
const faultNames = Object.keys(faults) as readonly (keyof typeof faults)[];

interface Ending {
  readonly code: number | null;
  readonly tookMs: number;
}

/** Under load: the writers go on until it has ended. */
async function endOf(server: ServeProcess): Promise<Ending> {
  const startedMs = performance.now();
  const code = await server.end();
  return { code, tookMs: Math.round(performance.now() - startedMs) };
}

async function lagOf({ url }: ServeProcess): Promise<number | null> {
  const response = await fetch(`${url}/routes/copy`, { headers: { connection: "close" } });
  return ((await response.json()) as { readonly lag: number | null }).lag;
}

/** Each record of the source is named by its copies. */
async function relayedOf(source: TopicName, target: TopicName) {
  const copies = new Map<string, number>();
  for (const { headers } of await readAll(kafka, target)) {
    const from = headers.find(({ name }) => name === "from")?.value?.toString() ?? "";
    copies.set(from, (copies.get(from) ?? 0) + 1);
  }
  const repeats = new Map<string, number>();
  for (const [from, times] of copies) {
    const partition = from.split("/")[0] ?? "";
    repeats.set(partition, (repeats.get(partition) ?? 0) + times - 1);
  }
  const records = await readAll(kafka, source);
  return {
    records: records.length,
    lost: records.filter(({ partition, offset }) => !copies.has(`${partition}/${offset}`)).length,
    repeats: [...repeats.values()].reduce((sum, count) => sum + count, 0),
    repeatsOfAPartitionMax: Math.max(...repeats.values()),
  };
}
