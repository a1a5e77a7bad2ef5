/** A record that is refused, and a dead letter topic that refuses it too: what is behind the record, on a real broker, try after try. */
import { afterAll, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { alterConfigs } from "../../lib/kafka/admin/config-changes.js";
import { defineRoute, type RouteDefinition } from "../../lib/relay/route.js";
import { topic } from "../../lib/targets/topic.js";
import { createTestTopic, testKafka, until } from "../support/broker/kafka.js";
import { outgoing, readAll, runRoute, write } from "../support/relay/relay-on-broker.js";

const kafka = testKafka();
afterAll(() => kafka.close());

/** Three records, the first of them larger than the target topic and the dead letter topic accept. */
async function held(own: Partial<RouteDefinition<{ readonly n: number }>>, targetBytesMax: number) {
  const tiny = { "max.message.bytes": "3000" };
  const [source, target] = await Promise.all([
    createTestTopic(kafka),
    createTestTopic(kafka, { configs: { "max.message.bytes": String(targetBytesMax) } }),
  ]);
  const letters = await createTestTopic(kafka, { name: `${source}.dead-letters`, configs: tiny });
  await write(
    kafka,
    source,
    [0, 1, 2].map((n) => outgoing({ json: { n, text: "x".repeat(n === 0 ? 20_000 : 1) } })),
  );
  const run = runRoute(kafka, defineRoute<{ readonly n: number }>({ name: "holding", target: topic({ topic: target }), ...own }));
  const batch = await readAll(kafka, source);
  const numbers = async () => (await readAll(kafka, target)).map(({ value }) => (JSON.parse(String(value)) as { n: number }).n);
  const repair = async () => {
    const changes = [{ name: "max.message.bytes", operation: "SET", value: "1000000" } as const];
    await alterConfigs(kafka, [{ resource: { kind: "topic", name: letters }, changes }], createDeadline(20_000), {});
  };
  return { run, batch, letters, numbers, repair };
}

/** The broker takes a moment to apply a changed setting. */
async function invokeUntilTaken({ run, batch, repair }: Awaited<ReturnType<typeof held>>): Promise<void> {
  await repair();
  await until(async () => (await run.invoke(batch)).batchItemFailures.length === 0);
}

test("what is behind a record whose transform fails arrives once, when the dead letter is acknowledged", async () => {
  const transform = ({ value }: { readonly value: { readonly n: number } }) => {
    if (value.n === 0) throw new Error("broken");
    return {};
  };
  const route = await held({ transform }, 1_000_000);

  for (let tries = 0; tries < 3; tries++) expect((await route.run.invoke(route.batch)).batchItemFailures).toHaveLength(3);
  expect(await route.numbers()).toEqual([]);
  await invokeUntilTaken(route);

  expect(await route.numbers()).toEqual([1, 2]);
  expect(await readAll(kafka, route.letters)).toHaveLength(1);
});

test("what is behind a record that the target refuses is not delivered again with every try", async () => {
  const route = await held({}, 3_000);

  for (let tries = 0; tries < 3; tries++) expect((await route.run.invoke(route.batch)).batchItemFailures).toHaveLength(3);
  const afterTries = await route.numbers();
  await invokeUntilTaken(route);

  expect(afterTries).toEqual([1, 2]);
  expect(await route.numbers()).toEqual([1, 2, 1, 2]);
});
