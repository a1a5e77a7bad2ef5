/** A route whose topic was deleted and created again: the new records lie at the old ones' places, and `generation` makes them new ones for its target. */
import { randomUUID } from "node:crypto";
import { CreateBucketCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { RelayError } from "../../lib/errors.js";
import type { Kafka } from "../../lib/kafka/kafka.js";
import type { TopicName } from "../../lib/kafka/records.js";
import { invokeInProcess } from "../../lib/relay/dead-letters/invoke-route.js";
import { redrive } from "../../lib/relay/dead-letters/redrive.js";
import type { TargetDefinition } from "../../lib/relay/delivery.js";
import { defineRoute } from "../../lib/relay/route.js";
import { s3 } from "../../lib/targets/s3.js";
import { sql } from "../../lib/targets/sql.js";
import { sqs } from "../../lib/targets/sqs.js";
import { type SqlServer, startSql } from "../../local/sql/server.js";
import { createTestTopic, testKafka } from "../support/broker/kafka.js";
import { recreateTopic } from "../support/broker/recreate-topic.js";
import { answering, outgoing, type RouteRun, readAll, runRoute, write } from "../support/relay/relay-on-broker.js";
import { type MiniStack, startMiniStack } from "../support/targets/ministack.js";

const aws: MiniStack | undefined = await startMiniStack("the AWS targets of a recreated topic (test/relay/recreated-topic.test.ts)");
const { endpoint = "", client: config = {} } = aws ?? {};
let kafka: Kafka;
let server: SqlServer;
let client: pg.Client;
const runs: RouteRun[] = [];

beforeAll(async () => {
  kafka = testKafka();
  server = await startSql({ port: 0 });
  client = new pg.Client({ connectionString: server.url });
  await client.connect();
});
afterEach(async () => {
  await Promise.all(runs.splice(0).map(({ handler }) => handler.close()));
});
afterAll(async () => {
  await client.end();
  await server.stop();
  await aws?.stop();
  await kafka.close();
});

const unique = (name: string) => `${name}-${randomUUID().slice(0, 8)}`;
const records = (...names: readonly string[]) => names.map((name, id) => outgoing({ key: Buffer.from(`${id}`), json: { id, name } }));

function start(target: TargetDefinition, generation?: number): RouteRun {
  const run = runRoute(kafka, defineRoute({ name: "again", target, ...(generation === undefined ? {} : { generation }) }));
  runs.push(run);
  return run;
}

/** Relays a topic's records, creates it again with others, and relays those. */
async function relayTwice(first: RouteRun, second: RouteRun): Promise<void> {
  const topic = await createTestTopic(kafka);
  await write(kafka, topic, records("old 0", "old 1"));
  expect(await first.invoke(await readAll(kafka, topic))).toEqual({ batchItemFailures: [] });
  await recreateTopic(kafka, topic);
  await write(kafka, topic, records("new 0", "new 1", "new 2"));
  expect(await second.invoke(await readAll(kafka, topic))).toEqual({ batchItemFailures: [] });
}

const inserting = (table: string, generation?: number) =>
  sql({
    connection: server.url,
    table,
    key: [],
    mode: "insert",
    columns: { name: "value.name" },
    create: { name: "text" },
    ...(generation === undefined ? {} : { generation }),
  });
const namesIn = async (table: string) => (await client.query(`select name from ${table} order by name`)).rows.map(({ name }) => name);
const allNames = ["new 0", "new 1", "new 2", "old 0", "old 1"];

test("SQL inserts the rows of the new topic, whether the route or its target says the generation", async () => {
  const [byRoute, byTarget] = ["rows_by_route", "rows_by_target"];

  await relayTwice(start(inserting(byRoute)), start(inserting(byRoute), 1));
  await relayTwice(start(inserting(byTarget)), start(inserting(byTarget, 1)));

  expect(await namesIn(byRoute)).toEqual(allNames);
  expect(await namesIn(byTarget)).toEqual(allNames);
});

test("an upsert takes the new topic's records though their offsets are lower, and records the generation", async () => {
  const table = "rows_upserted";
  const upserting = sql({
    connection: server.url,
    table,
    key: ["id"],
    columns: { id: "value.id", name: "value.name" },
    create: { id: "bigint", name: "text" },
  });

  await relayTwice(start(upserting), start(upserting, 3));

  const { rows } = await client.query(`select name, relay_generation from ${table} order by name`);
  expect(rows).toEqual(["new 0", "new 1", "new 2"].map((name) => ({ name, relay_generation: "3" })));
});

test.skipIf(aws === undefined)("S3 keeps the objects of both topics", async () => {
  const bucket = unique("lake");
  const store = new S3Client({ ...config, forcePathStyle: true });
  await store.send(new CreateBucketCommand({ Bucket: bucket }));
  const target = s3({ bucket, format: "raw", endpoint, forcePathStyle: true });

  await relayTwice(start(target), start(target, 1));

  const { Contents = [] } = await store.send(new ListObjectsV2Command({ Bucket: bucket }));
  expect(Contents).toHaveLength(5);
  store.destroy();
});

test.skipIf(aws === undefined)("a FIFO queue takes the new topic's records within its deduplication time", async () => {
  const queues = new SQSClient(config);
  const { QueueUrl = "" } = await queues.send(
    new CreateQueueCommand({ QueueName: `${unique("queue")}.fifo`, Attributes: { FifoQueue: "true" } }),
  );
  const target = sqs({ queueUrl: QueueUrl, endpoint });

  await relayTwice(start(target), start(target, 1));

  const { Messages = [] } = await queues.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  expect(Messages.map(({ Body }) => JSON.parse(Body ?? "").name).sort()).toEqual(allNames);
  queues.destroy();
});

test("a dead letter of the old topic keeps its generation when it is redriven, and is not taken for a record of the new one", async () => {
  const topic = await createTestTopic(kafka);
  await write(kafka, topic, records("old 0"));
  const ids: string[] = [];
  let refuses = true;
  const target = answering(({ id, generation }) => {
    if (refuses) return { verdict: "failed", error: new RelayError("record-refused", "No.") };
    ids.push(`${generation} ${id}`);
    return { verdict: "delivered" };
  });
  await start(target, 1).invoke(await readAll(kafka, topic));
  refuses = false;
  await recreateTopic(kafka, topic);
  await write(kafka, topic, records("new 0"));
  const now = start(target, 2);

  await now.invoke(await readAll(kafka, topic));
  const letters: TopicName = `${topic}.dead-letters` as TopicName;
  await redrive(kafka, letters, {
    choice: {},
    to: "route",
    invoke: invokeInProcess(async () => now.handler),
    ratePerSecond: 1_000,
    lettersMax: 10,
    redrivesMax: 5,
    deadline: createDeadline(20_000),
  });

  expect(ids).toEqual([`2 kafka/${topic}@2/0/0`, `1 kafka/${topic}@1/0/0`]);
});

test("what a thrown batch had settled is not remembered for another record at the same place, nor for another cluster", async () => {
  const topic = await createTestTopic(kafka);
  await write(kafka, topic, records("old 0", "old 1"));
  const delivered: string[] = [];
  const target = answering(({ message }) => {
    const { name } = JSON.parse(String(message.value)) as { readonly name: string };
    if (name.endsWith("1")) return { verdict: "failed", error: new RelayError("target-refused", "Not now.") };
    delivered.push(name);
    return { verdict: "delivered" };
  });
  const route = defineRoute({ name: "thrown", target, retry: { attemptsMax: 1 }, breaker: { openMs: 1 } });
  const run = runRoute(kafka, route, { RELAY_PARTIAL_RESPONSES: "false" });
  const old = await readAll(kafka, topic);
  await expect(run.invoke(old)).rejects.toMatchObject({ code: "target-refused" });
  await expect(run.invoke(old)).rejects.toMatchObject({ code: "target-refused" });
  expect(delivered).toEqual(["old 0"]);

  await recreateTopic(kafka, topic);
  await write(kafka, topic, records("new 0", "new 1")); // with the same times
  await expect(run.invoke(await readAll(kafka, topic))).rejects.toMatchObject({ code: "target-refused" });
  expect(delivered).toEqual(["old 0", "new 0"]);

  await expect(run.invoke(await readAll(kafka, topic), 30_000, "127.0.0.1:9999")).rejects.toMatchObject({ code: "target-refused" });
  expect(delivered).toEqual(["old 0", "new 0", "new 0"]);
});
