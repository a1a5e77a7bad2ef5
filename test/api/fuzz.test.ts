/** Whatever is sent to whatever operation is answered: in time, as described, and never as a bug of ours. Requests are made from the description, and spoilt. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { clusterId } from "../../lib/kafka/admin/cluster.js";
import { createTopics, deleteTopics } from "../../lib/kafka/admin/topics.js";
import { type Api, createApi, operationsOfEveryFunction } from "../support/api/api.js";
import { requestsTo } from "../support/api/fuzzed-requests.js";
import { uniqueName } from "../support/broker/unique-names.js";

const topic = uniqueName("fuzz");
const operations = await operationsOfEveryFunction();
const routeKeys = Object.keys(operations).filter((key) => key !== "$default");
/** On the broker: what reads, and what writes to our topic. Changes of the cluster are refused or sent to nobody. */
const onBroker = routeKeys.filter((key) => key.startsWith("GET ") || operations[key]?.may === "record:write");
const toNobody = routeKeys.filter((key) => !onBroker.includes(key));

const runs = 40;
/** Where one answer tells of everything in the cluster. */
const runsOfAll = 4;
const answerTimeMaxMs = 5_000;
const logged: Readonly<Record<string, unknown>>[] = [];

let api: Api;
let nowhere: Api;
let known: Readonly<Record<string, string>>;

beforeAll(async () => {
  api = await createApi({ operations, log: (entry) => logged.push(entry) });
  const env = { KAFKA_BROKERS: "127.0.0.1:9", RELAY_FUNCTION_PREFIX: "fuzz-", RELAY_ROUTES: "fuzz=fuzz" };
  nowhere = await createApi({ operations, env, log: (entry) => logged.push(entry) });
  const deadline = createDeadline(20_000);
  await createTopics(api.kafka, [{ name: topic, partitionsCount: 2, replicationFactor: 1 }], deadline);
  known = { topic, cluster_id: await clusterId(api.kafka, deadline), partition: "0", offset: "0", group: "fuzz", name: "cleanup.policy" };
});

afterAll(async () => {
  await deleteTopics(api.kafka, [topic], createDeadline(20_000));
  await Promise.all([api.close(), nowhere.close()]);
});

async function assertAnswered(target: Api, routeKey: string, timeLeftMs: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(requestsTo(routeKey, operations, known), async ({ call, ...request }) => {
      const started = performance.now();
      const answer = await target.call(call, { ...request, timeLeftMs });
      expect(performance.now() - started).toBeLessThan(answerTimeMaxMs);
      expect(answer.json?.type ?? "", JSON.stringify(logged.at(-1))).not.toMatch(/:(internal|bad-configuration)$/);
      expect(answer.text).not.toMatch(/\n\s+at |\.[tj]s:\d+|node_modules/);
    }),
    { numRuns: /\/-\/|lag-summaries/.test(routeKey) ? runsOfAll : runs },
  );
}

test.each(onBroker)("%s answers whatever is sent to it", (routeKey) => assertAnswered(api, routeKey, 4_000));

// No broker: what is well formed ends at its deadline, and what is not ends before.
test.each(toNobody)("%s answers whatever is sent to it, with no broker behind it", (routeKey) => assertAnswered(nowhere, routeKey, 550));
