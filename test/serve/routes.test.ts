/** `kafka-relay serve --routes`: the routes of a project in the server's own processes, as a container image holds them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import type { TopicName } from "../../lib/kafka/records.js";
import { bundleCli } from "../../local/build/cli.js";
import { buildServe } from "../../local/build/serve.js";
import { projectFolder } from "../../local/build/service-map.js";
import { createTestTopic, testKafka, until } from "../support/broker/kafka.js";
import { readAll } from "../support/broker/topic-contents.js";
import { uniqueName } from "../support/broker/unique-names.js";
import { type ServeProcess, spawnServe, startServe } from "../support/serve/process.js";

const kafka = testKafka();
const started: ServeProcess[] = [];
let built: string;

beforeAll(async () => {
  built = mkdtempSync(join(tmpdir(), "kafka-relay-serve-routes-"));
  await buildServe({ folder: join(projectFolder, "test/support/serve/projects/routes"), outFolder: built });
}, 60_000);
afterAll(async () => {
  for (const one of started) one.child.kill("SIGKILL");
  await kafka.close();
  rmSync(built, { recursive: true, force: true });
});

interface Place {
  readonly env: Readonly<Record<string, string>>;
  readonly source: TopicName;
  readonly target: TopicName;
}
const partitionsCount = 6;

async function createPlace(): Promise<Place> {
  const source = await createTestTopic(kafka, { partitions: partitionsCount });
  const target = await createTestTopic(kafka);
  return { source, target, env: { TEST_SOURCE: source, TEST_TARGET: target, TEST_GROUP: uniqueName("copiers") } };
}
async function start({ env }: Place, args: readonly string[] = []): Promise<ServeProcess> {
  const one = await startServe(["--access", "everything", "--routes", ...args], env, built, join(built, "serve.js"));
  started.push(one);
  return one;
}
const produce = (topic: TopicName, values: readonly string[]) =>
  kafka.producer.produce(
    topic,
    values.map((value, index) => ({ key: null, value: Buffer.from(value), headers: [], partition: index % partitionsCount })),
    createDeadline(20_000),
  );
// biome-ignore lint/suspicious/noExplicitAny: tests look into it by path, and say what they expect to find.
const get = async (server: ServeProcess, path: string): Promise<any> =>
  (await fetch(`${server.url}${path}`, { headers: { connection: "close" } })).json();
const numbers = (from: number, to: number): readonly string[] => Array.from({ length: to - from }, (_, index) => String(from + index));

/** How often each record of the source was copied: by its coordinates there. */
async function copiesOf({ target }: Place): Promise<ReadonlyMap<string, number>> {
  const copies = new Map<string, number>();
  for (const { headers } of await readAll(kafka, target)) {
    const from = headers.find(({ name }) => name === "from")?.value?.toString() ?? "";
    copies.set(from, (copies.get(from) ?? 0) + 1);
  }
  return copies;
}

test("the routes that serverless.yml enables run, and GET /routes shows how they fare", async () => {
  const place = await createPlace();
  await produce(place.source, ["a", "skip", "b", "broken", "c", "d"]);

  const server = await start(place);
  await until(async () => (await get(server, "/routes/copy")).activity.counts.records === 6);
  const { routes } = await get(server, "/routes");

  expect(server.output()).toContain(`copy: ${place.source} (group ${place.env.TEST_GROUP}) -> topic ${place.target}`);
  expect(routes.map(({ name, state }: { name: string; state: string }) => [name, state])).toEqual([
    ["copy", "running"],
    ["failing", "disabled"],
  ]);
  expect(routes[0]).toMatchObject({
    sources: [{ topic: place.source, group: place.env.TEST_GROUP, enabled: true, batch: { records_max: 50, window_ms: 0 } }],
    activity: { counts: { records: 6, delivered: 4, filtered: 1, dead_lettered: 1, given_back: 0 } },
    failures: [
      {
        verdict: "dead-lettered",
        code: "transform-failed",
        message: "The transform threw Error: The value is broken.",
        partition: 3,
        offset: "0",
      },
    ],
    definition: { target: { kind: "topic", name: place.target }, dead_letters: { topics: [`${place.source}.dead-letters`] } },
  });
  await until(async () => (await get(server, "/routes/copy")).lag === 0);
  const [copied] = await readAll(kafka, place.target);
  expect(copied?.headers.find(({ name }) => name === "by")?.value?.toString()).toBe(place.env.TEST_GROUP);
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  expect(metrics).toContain('KafkaRelay_Delivered{Route="copy"} 4');
  expect(metrics).toContain('KafkaRelay_DeadLettered{Route="copy"} 1');
  expect(await server.end()).toBe(0);
});

test("a route whose target fails is held, since when and why; the server still ends in time", async () => {
  const place = await createPlace();
  await produce(place.source, ["a", "b"]);

  const server = await start({ ...place, env: { ...place.env, TEST_FAILING: "on" } });
  await until(async () => (await get(server, "/routes/failing")).state === "held");
  const route = await get(server, "/routes/failing");

  expect(route.held).toContainEqual(
    expect.objectContaining({ topic: place.source, partition: 0, offset: "0", code: expect.stringMatching(/^target-/) }),
  );
  expect(Date.parse(route.held[0].since)).toBeLessThanOrEqual(Date.now());
  expect(route.lag).toBe(2);
  expect((await get(server, "/routes/copy")).state).toBe("running");
  expect(await server.end()).toBe(0);
});

test("a record can be tried on a route, and nothing is sent", async () => {
  const place = await createPlace();
  const server = await start(place);
  const body = JSON.stringify({ record: { value: { text: "x" }, partition: 2, offset: 5 } });

  const answer = await fetch(`${server.url}/routes/copy/try`, { method: "POST", headers: { "content-type": "application/json" }, body });

  expect(await answer.json()).toMatchObject({
    outcome: "delivered",
    messages: [{ value: { text: "x" }, headers: [{ name: "from", value: { text: "2/5" } }, { name: "by" }] }],
  });
  expect(await readAll(kafka, place.target)).toEqual([]);
  await server.end();
});

test("two hosts in one group: a host that joins or ends repeats nothing, one that is killed at most one batch per partition, and nothing is lost", async () => {
  const place = await createPlace();
  const batchSize = 50;
  let sent = 0;
  let isProducing = true;
  const load = (async () => {
    while (isProducing) {
      await produce(place.source, numbers(sent, sent + 300));
      sent += 300;
      await sleep(100);
    }
  })();
  onTestFinished(() => {
    isProducing = false;
    return load;
  });
  const readsOf = async (one: ServeProcess): Promise<number> => (await get(one, "/routes/copy")).sources[0].partitions.length;
  const repeatsOf = async () => [...(await copiesOf(place))].filter(([, times]) => times > 1);
  const first = await start(place);
  await until(async () => (await get(first, "/routes/copy")).activity.counts.delivered > 0);

  // It joins under load, and the partitions are shared.
  const second = await start(place);
  await until(async () => (await readsOf(first)) === 3 && (await readsOf(second)) === 3, 40_000);
  expect(await repeatsOf()).toEqual([]);
  // It ends in good order, and the other one takes over.
  expect(await first.end()).toBe(0);
  await until(async () => (await readsOf(second)) === partitionsCount, 40_000);
  expect(await repeatsOf()).toEqual([]);
  // The only one is killed in the middle of its batches, and another one goes on.
  second.child.kill("SIGKILL");
  const third = await start(place);
  await until(async () => (await readsOf(third)) === partitionsCount, 40_000);
  isProducing = false;
  await load;
  await until(async () => (await get(third, "/routes/copy")).lag === 0, 60_000);

  const repeats = await repeatsOf();
  expect((await copiesOf(place)).size).toBe(sent);
  expect(repeats.every(([, times]) => times === 2)).toBe(true);
  for (let partition = 0; partition < partitionsCount; partition++)
    expect(repeats.filter(([from]) => from.startsWith(`${partition}/`)).length).toBeLessThanOrEqual(batchSize);
  expect(await third.end()).toBe(0);
}, 180_000);

test("with several workers, each is a member of the group, and GET /routes shows all of them as one", async () => {
  const place = await createPlace();
  await produce(place.source, numbers(0, 60));

  const server = await start(place, ["--workers", "2"]);
  await until(async () => (await get(server, "/routes/copy")).sources[0].partitions.length === 6, 40_000);
  await until(async () => (await get(server, "/routes/copy")).activity.counts.delivered >= 60, 40_000);

  const { sources, lag } = await get(server, "/routes/copy");
  expect(sources[0].partitions.map(({ partition }: { partition: number }) => partition)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(lag).toBe(0);
  expect(await server.end()).toBe(0);
});

test.each([
  [["--routes", "copi"], {}, /serverless.yml has no function for the route "copi". Its routes are copy, failing./],
  [["--routes", "copy,COPY"], {}, /RELAY_SERVE_ROUTES: must be all, or the names of routes/],
  [["--routes"], { TEST_GROUP: undefined }, /function copy: \$\{env:TEST_GROUP\} has no value here/],
  [["--routes"], { TEST_SOURCE: "a b" }, /function copy: msk\.topic is "a b"; it must be the name of a topic/],
] as const)("%s with %o ends with 1 and says what is wrong", async (args, env, message) => {
  const given = { TEST_SOURCE: "s", TEST_TARGET: "t", TEST_GROUP: "g", ...env };

  const one = await spawnServe(["--access", "everything", ...args], given, built, join(built, "serve.js"));

  expect(await one.ended).toBe(1);
  expect(one.output()).toMatch(message);
});

test("without --routes, GET /routes says how to run them", async () => {
  const server = await startServe();
  started.push(server);

  const answer = await fetch(`${server.url}/routes`);

  expect(answer.status).toBe(501);
  expect(((await answer.json()) as { readonly message: string }).message).toContain("--routes");
});

test("the command line as it is installed reads serverless.yml of the folder where it is called", async () => {
  const { promisify } = await import("node:util");
  const { execFile } = await import("node:child_process");
  const [program = ""] = await bundleCli(join(built, "cli"));
  const env = { PATH: process.env.PATH, KAFKA_BROKERS: process.env.KAFKA_BROKERS, TEST_SOURCE: "orders", TEST_GROUP: "copiers" };

  const { stdout } = await promisify(execFile)(process.execPath, [program, "routes", "check"], { cwd: built, env });

  expect(stdout).toBe("functions/routes/copy.js  ok\nfunctions/routes/failing.js  ok\n");
});
