/** A schema registry that is killed, frozen, slow or refuses in the middle of a route: nothing is lost, and nothing is dead-lettered that is not the record's own fault. */
import type { ServerResponse } from "node:http";
import { afterAll, describe, expect, test } from "vitest";
import { toRelayError } from "../../lib/errors.js";
import { defineRoute, type RouteDefinition } from "../../lib/relay/route.js";
import { schema } from "../../lib/relay/schema.js";
import { confluentPrefix } from "../../lib/schemas/framing.js";
import { topic } from "../../lib/targets/topic.js";
import { freePorts } from "../../local/processes/ports.js";
import { createTestTopic, keepsEveryDate, testKafka } from "../support/broker/kafka.js";
import { startTcpProxy } from "../support/broker/tcp-proxy.js";
import { answering, outgoing, readAll, runRoute, write } from "../support/relay/relay-on-broker.js";
import { framed } from "../support/schemas/framed.js";
import { closers, receiver } from "../support/targets/http-receivers.js";

const url = process.env.TEST_SCHEMA_REGISTRY_URL ?? "";
const kafka = testKafka();
afterAll(() => kafka.close());

const long = (id: number, value: number) => Buffer.concat([confluentPrefix(id), Buffer.of(value * 2)]);

async function source(values: readonly Buffer[]) {
  const name = await createTestTopic(kafka, { configs: keepsEveryDate });
  await write(
    kafka,
    name,
    values.map((value) => outgoing({ value })),
  );
  return readAll(kafka, name);
}

async function lettersOf(name: string | undefined) {
  try {
    return await readAll(kafka, `${name}.dead-letters`);
  } catch (thrown) {
    if (toRelayError(thrown).code !== "topic-not-found") throw thrown;
    return [];
  }
}

/** Delivers numbers, in order. */
function numbers(env: Readonly<Record<string, string>>, definition: Partial<RouteDefinition> = {}) {
  const delivered: (string | undefined)[] = [];
  const target = answering((delivery) => {
    delivered.push(delivery.textAt("value"));
    return { verdict: "delivered" };
  }, 10);
  const retry = { firstDelayMs: 50, delayMaxMs: 200 };
  const route = defineRoute({
    name: `r-${Math.random().toString(36).slice(2)}`,
    target,
    retry,
    afterRetries: "dead-letter",
    ...definition,
  });
  return { delivered, run: runRoute(kafka, route, env) };
}

type Status = readonly [status: number, body: string];
const good: Status = [200, '{"schema":"\\"long\\""}'];

/** A registry that answers each question in turn; the last answer stays. */
async function registryOf(...answers: readonly Status[]) {
  let asked = 0;
  return receiver((response: ServerResponse) => {
    const [status, body] = answers[Math.min(asked++, answers.length - 1)] ?? good;
    response.writeHead(status, { "content-type": "application/json" }).end(body);
  });
}

test.each<[string, Status]>([
  ["401", [401, '{"error_code":40101,"message":"no"}']],
  ["403", [403, '{"error_code":40301,"message":"no"}']],
  ["429", [429, "{}"]],
  ["500", [500, '{"error_code":50001,"message":"store"}']],
  ["a proxy's 404", [404, "<html>"]],
  ["a redirect", [302, ""]],
  ["what is not a schema", [200, "[]"]],
])("a registry that answers %s holds the records, and they go on once it answers", async (_, refusal) => {
  const records = await source([long(7, 1), long(7, 2)]);
  const registry = await registryOf(refusal);
  const failing = numbers({ SCHEMA_REGISTRY_URL: registry.url }, { retry: { attemptsMax: 2, firstDelayMs: 1 } });

  expect((await failing.run.invoke(records)).batchItemFailures).toHaveLength(2);
  expect(failing.delivered).toEqual([]);
  expect(await lettersOf(records[0]?.topic)).toEqual([]);

  const sound = numbers({ SCHEMA_REGISTRY_URL: (await registryOf(good)).url });
  expect(await sound.run.invoke(records)).toEqual({ batchItemFailures: [] });
  expect(sound.delivered).toEqual(["1", "2"]);
});

test("a registry that comes back within the function's time is asked again, and everything is delivered in order", async () => {
  const records = await source([long(7, 1), long(7, 2), long(7, 3)]);
  const registry = await registryOf([503, "{}"], [503, "{}"], [503, "{}"], good);
  const { delivered, run } = numbers({ SCHEMA_REGISTRY_URL: registry.url });

  expect(await run.invoke(records)).toEqual({ batchItemFailures: [] });
  expect(delivered).toEqual(["1", "2", "3"]);
  expect(registry.seen.length).toBeGreaterThan(3);
});

test("records whose schema is known, and records without one, go on before the one that is held, and none after it", async () => {
  const records = await source([Buffer.from("1"), long(7, 2), long(8, 3), long(7, 4)]);
  let isUp = true;
  const registry = await receiver((response: ServerResponse) => {
    const [status, body] = isUp ? good : [503, "{}"];
    response.writeHead(Number(status)).end(String(body));
  });
  const { delivered, run } = numbers({ SCHEMA_REGISTRY_URL: registry.url });
  await run.invoke(records.slice(1, 2));
  isUp = false;

  expect((await run.invoke(records, 3_000)).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier.offset)).toEqual([2, 3]);

  isUp = true;
  expect((await run.invoke(records.slice(2))).batchItemFailures).toEqual([]);
  expect(delivered).toEqual(["2", "1", "2", "3", "4"]);
  expect(await lettersOf(records[0]?.topic)).toEqual([]);
});

describe.runIf(url !== "")("a real registry behind a network", () => {
  async function proxied() {
    const { hostname: host, port, pathname } = new URL(url);
    const [listenPort = 0] = await freePorts(1);
    const proxy = await startTcpProxy(listenPort, { host, port: Number(port) });
    closers.push(proxy.close);
    return { proxy, env: { SCHEMA_REGISTRY_URL: `http://127.0.0.1:${listenPort}${pathname}` } };
  }

  test.each(["frozen", "killed"] as const)(
    "that is %s holds what it is needed for, within the function's time, also for encoding",
    async (how) => {
      const { proxy, env } = await proxied();
      const values = await framed(url, "AVRO", '"long"', ["1", "2"]);
      const records = await source(values);
      const to = await createTestTopic(kafka, { configs: keepsEveryDate });
      const copy = { target: topic({ topic: to, encode: schema({ schema: '"long"' }) }) };
      if (how === "frozen") proxy.swallow();
      else proxy.hangUp();
      const startedMs = Date.now();

      const decoding = numbers(env);
      expect((await decoding.run.invoke(records, 6_000)).batchItemFailures).toHaveLength(2);
      const plain = await source([Buffer.from("1")]);
      const encoding = numbers(env, copy);
      expect((await encoding.run.invoke(plain, 6_000)).batchItemFailures).toHaveLength(1);
      // Two functions of six seconds; the rest is for a busy machine.
      expect(Date.now() - startedMs).toBeLessThan(40_000);
      expect([await lettersOf(records[0]?.topic), await lettersOf(plain[0]?.topic)]).toEqual([[], []]);

      proxy.heal();
      expect(await decoding.run.invoke(records)).toEqual({ batchItemFailures: [] });
      expect(await encoding.run.invoke(plain)).toEqual({ batchItemFailures: [] });
      expect(decoding.delivered).toEqual(["1", "2"]);
      expect(await readAll(kafka, to)).toHaveLength(1);
    },
  );

  test("that is slow delays the records and loses none", async () => {
    const { proxy, env } = await proxied();
    const records = await source(await framed(url, "AVRO", '"long"', ["1", "2"]));
    proxy.holdAnswers(1_000);
    const { delivered, run } = numbers(env);

    expect(await run.invoke(records)).toEqual({ batchItemFailures: [] });
    expect(delivered).toEqual(["1", "2"]);
  });
});
