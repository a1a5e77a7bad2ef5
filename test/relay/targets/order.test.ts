/** Order after a failure, at every target that accepts more than one record per call: what is there in the end, on the real services and the real broker. */
import { randomUUID } from "node:crypto";
import { CreateTableCommand, DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { CreateBucketCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { CreateTopicCommand, SNSClient } from "@aws-sdk/client-sns";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import pg from "pg";
import { afterAll, describe, expect, test } from "vitest";
import type { Connection } from "../../../lib/kafka/connection.js";
import { createProducer } from "../../../lib/kafka/produce/producer.js";
import { type ProduceRequest, produceApi } from "../../../lib/kafka/protocol/produce.js";
import type { KafkaRecord, TopicName } from "../../../lib/kafka/records.js";
import { relayBatch } from "../../../lib/relay/batch/batch.js";
import { Breaker } from "../../../lib/relay/batch/breaker.js";
import { systemClock } from "../../../lib/relay/batch/clock.js";
import type { TargetDefinition } from "../../../lib/relay/delivery.js";
import { defineRoute, type RouteDefinition } from "../../../lib/relay/route.js";
import { comeBack, defineTarget } from "../../../lib/targets/custom.js";
import { dynamodb } from "../../../lib/targets/dynamodb.js";
import { eventbridge } from "../../../lib/targets/eventbridge.js";
import { lambda } from "../../../lib/targets/lambda.js";
import { s3 } from "../../../lib/targets/s3.js";
import { sns } from "../../../lib/targets/sns.js";
import { sql } from "../../../lib/targets/sql.js";
import { sqs } from "../../../lib/targets/sqs.js";
import { topic } from "../../../lib/targets/topic.js";
import { webhook } from "../../../lib/targets/webhook.js";
import { zip } from "../../../local/build/zip.js";
import { startSql } from "../../../local/sql/server.js";
import { createTestTopic, testKafka } from "../../support/broker/kafka.js";
import { delivery, soon, targetContext } from "../../support/relay/deliveries.js";
import { record } from "../../support/relay/relay-bench.js";
import { readAll } from "../../support/relay/relay-on-broker.js";
import { receiver } from "../../support/targets/http-receivers.js";
import { type MiniStack, startMiniStack } from "../../support/targets/ministack.js";
import { startPartlyFailingAws } from "../../support/targets/partly-failing-aws.js";

const aws: MiniStack | undefined = await startMiniStack("order at the AWS targets (test/relay/targets/order.test.ts)");
const { endpoint = "", client: config = {} } = aws ?? {};
const kafka = testKafka();
afterAll(async () => {
  await kafka.close();
  await aws?.stop();
});

const unique = (name: string) => `${name}-${randomUUID().slice(0, 8)}`;
const named = (count: number, keyOf: (index: number) => string = () => "k"): readonly KafkaRecord[] =>
  Array.from({ length: count }, (_, index) =>
    record({ offset: BigInt(index), timestampMs: Date.now(), key: Buffer.from(keyOf(index)), json: { id: keyOf(index), n: `r${index}.` } }),
  );
const namesIn = (texts: readonly string[]) => texts.flatMap((text) => text.match(/r\d+(?=\.)/g) ?? []);
const numbered = (...numbers: readonly number[]) => numbers.map((number) => `r${number}`);

/** Relays one partition to the target as a function does, and tells the verdicts. */
async function relay(definition: TargetDefinition, records: readonly KafkaRecord[], own: Partial<RouteDefinition> = {}, context = {}) {
  const route = defineRoute({ name: "order", target: definition, retry: { firstDelayMs: 10, attemptsMax: 10 }, ...own });
  const target = await definition.open(targetContext(context));
  const entries = await relayBatch([{ id: "orders-0", records }], {
    route,
    target,
    deadLetters: { write: async (dead) => dead.map(() => undefined) },
    breaker: new Breaker(route.breaker),
    clock: systemClock,
    random: () => 0.5,
    deadline: soon(20_000),
    namespace: unique("test"),
  });
  await target.close();
  return entries.map(({ verdict }) => verdict);
}

const all = (count: number) => Array(count).fill("delivered");

describe.skipIf(aws === undefined)("a FIFO queue whose service fails one entry", () => {
  const client = new SQSClient(config);
  async function aQueue(): Promise<string> {
    const command = new CreateQueueCommand({ QueueName: `${unique("queue")}.fifo`, Attributes: { FifoQueue: "true" } });
    return (await client.send(command)).QueueUrl ?? "";
  }

  test("holds the records of its partition in order", async () => {
    const front = await startPartlyFailingAws(endpoint);
    const queueUrl = await aQueue();
    front.failNext("r0.", 1);
    front.failNext("r4.", 2);

    expect(await relay(sqs({ queueUrl, endpoint: front.endpoint }), named(10))).toEqual(all(10));

    const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 }));
    expect(namesIn(Messages.map(({ Body = "" }) => Body))).toEqual(numbered(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
  });

  test("holds the records of each key in order, several keys a call", async () => {
    const front = await startPartlyFailingAws(endpoint);
    const queueUrl = await aQueue();
    front.failNext("r1.", 1);
    const records = named(12, (index) => `k${index % 3}`);

    expect(await relay(sqs({ queueUrl, groupBy: "key", endpoint: front.endpoint }), records)).toEqual(all(12));

    const taken = namesIn(front.taken);
    expect(taken).toHaveLength(12);
    for (const key of [0, 1, 2]) {
      const own = numbered(key, key + 3, key + 6, key + 9);
      expect(taken.filter((name) => own.includes(name))).toEqual(own);
    }
    expect(front.calls()).toBeLessThan(8);
  });
});

test.skipIf(aws === undefined)(
  "a FIFO topic of SNS whose service fails one entry holds the records of its partition in order",
  async () => {
    const front = await startPartlyFailingAws(endpoint);
    const create = new CreateTopicCommand({ Name: `${unique("topic")}.fifo`, Attributes: { FifoTopic: "true" } });
    const { TopicArn: topicArn = "" } = await new SNSClient(config).send(create);
    front.failNext("r0.", 1);

    expect(await relay(sns({ topicArn, endpoint: front.endpoint }), named(10))).toEqual(all(10));

    expect(namesIn(front.taken)).toEqual(numbered(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
  },
);

describe.skipIf(aws === undefined)("a target without an order of its own whose service fails one entry", () => {
  async function targets(): Promise<readonly (readonly [string, (address: string) => TargetDefinition])[]> {
    const { QueueUrl: queueUrl = "" } = await new SQSClient(config).send(new CreateQueueCommand({ QueueName: unique("queue") }));
    const { TopicArn: topicArn = "" } = await new SNSClient(config).send(new CreateTopicCommand({ Name: unique("topic") }));
    return [
      ["sqs", (address) => sqs({ queueUrl, endpoint: address })],
      ["sns", (address) => sns({ topicArn, endpoint: address })],
      ["eventbridge", (address) => eventbridge({ endpoint: address })],
    ];
  }

  test("gets the records behind it once more, so that the newest is the last", async () => {
    for (const [, target] of await targets()) {
      const front = await startPartlyFailingAws(endpoint);
      front.failNext("r3.", 1);

      expect(await relay(target(front.endpoint), named(6))).toEqual(all(6));

      expect(namesIn(front.taken)).toEqual(numbered(0, 1, 2, 4, 5, 3, 4, 5));
    }
  });

  test("gets only the failed record again where the route has no order", async () => {
    for (const [, target] of await targets()) {
      const front = await startPartlyFailingAws(endpoint);
      front.failNext("r3.", 1);

      expect(await relay(target(front.endpoint), named(6), { order: "none" })).toEqual(all(6));

      expect(namesIn(front.taken)).toEqual(numbered(0, 1, 2, 4, 5, 3));
    }
  });

  test("gets nothing of the calls behind the one that failed before its turn", async () => {
    for (const [, target] of await targets()) {
      const front = await startPartlyFailingAws(endpoint);
      front.failNext("r0.", 1);

      expect(await relay(target(front.endpoint), named(25))).toEqual(all(25));

      const taken = namesIn(front.taken);
      expect(taken.indexOf("r10")).toBeGreaterThan(taken.indexOf("r0"));
    }
  });
});

describe.skipIf(aws === undefined)("a target of independent calls that fail", () => {
  test("dynamodb: a table keeps the newest of each key, and a failing table is not asked for every item of the batch", async () => {
    const client = new DynamoDBClient(config);
    const table = unique("orders");
    const KeySchema = [{ AttributeName: "id", KeyType: "HASH" as const }];
    const AttributeDefinitions = [{ AttributeName: "id", AttributeType: "S" as const }];
    await client.send(new CreateTableCommand({ TableName: table, KeySchema, AttributeDefinitions, BillingMode: "PAY_PER_REQUEST" }));
    const front = await startPartlyFailingAws(endpoint);
    const definition = dynamodb({ table, key: ["id"], concurrencyMax: 4, endpoint: front.endpoint });
    front.failNext("r7.", 1);

    expect(
      await relay(
        definition,
        named(9, (index) => `k${index % 3}`),
      ),
    ).toEqual(all(9));
    const { Items = [] } = await client.send(new ScanCommand({ TableName: table }));
    expect(Items.map(({ n }) => n?.S).sort()).toEqual(["r6.", "r7.", "r8."]);

    front.failNext("", 1_000);
    const before = front.calls();
    const target = await definition.open(targetContext());
    await target.deliver(
      Array.from({ length: 50 }, (_, offset) => delivery({ offset, key: `x${offset}`, value: { id: `x${offset}` } })),
      soon(),
    );
    await target.close();
    expect(front.calls() - before).toBeLessThanOrEqual(4);
  });

  test("s3: objects stand under their own names, once each, and a failing bucket is not asked for every object of the batch", async () => {
    const client = new S3Client({ ...config, forcePathStyle: true });
    const bucket = unique("orders");
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    const front = await startPartlyFailingAws(endpoint);
    const definition = s3({ bucket, format: "raw", endpoint: front.endpoint, forcePathStyle: true });
    front.failNext("r2.", 1);

    expect(await relay(definition, named(12))).toEqual(all(12));
    expect((await client.send(new ListObjectsV2Command({ Bucket: bucket }))).Contents).toHaveLength(12);

    front.failNext("", 1_000);
    const before = front.calls();
    const target = await definition.open(targetContext());
    await target.deliver(
      Array.from({ length: 50 }, (_, offset) => delivery({ offset: 100 + offset })),
      soon(),
    );
    await target.close();
    expect(front.calls() - before).toBeLessThanOrEqual(8);
  });
});

describe("a target that answers for several records as one", () => {
  test.skipIf(aws === undefined)("lambda: the invocations behind the one that failed wait for it", async () => {
    const functionName = unique("function");
    const code = "exports.handler = async () => {};";
    await new LambdaClient(config).send(
      new CreateFunctionCommand({
        FunctionName: functionName,
        Runtime: "nodejs20.x",
        Handler: "index.handler",
        Role: "arn:aws:iam::000000000000:role/any",
        Code: { ZipFile: await zip([{ name: "index.js", bytes: Buffer.from(code) }]) },
      }),
    );
    const front = await startPartlyFailingAws(endpoint);
    front.failNext("r4.", 2);

    expect(await relay(lambda({ functionName, recordsMax: 3, endpoint: front.endpoint }), named(9))).toEqual(all(9));

    expect(namesIn(front.taken)).toEqual(numbered(0, 1, 2, 3, 4, 5, 6, 7, 8));
  });

  test("webhook: the requests behind the one that failed wait for it", async () => {
    const taken: string[] = [];
    let failures = 0;
    const { url } = await receiver((response, { body }) => {
      const isRefused = body.includes("r4.") && failures++ < 2;
      if (!isRefused) taken.push(String(body));
      response.writeHead(isRefused ? 503 : 200).end();
    });
    const bytesMax = 3 * '{"id":"k","n":"r0."}\n'.length;

    expect(await relay(webhook({ url, batch: { format: "ndjson", bytesMax } }), named(9))).toEqual(all(9));

    expect(taken).toHaveLength(3);
    expect(namesIn(taken)).toEqual(numbered(0, 1, 2, 3, 4, 5, 6, 7, 8));
  });

  test("a target of one's own: a record that cannot be taken now holds the next one", async () => {
    const taken: string[] = [];
    let failures = 0;
    const own = defineTarget({
      name: unique("own"),
      deliver: ({ message }) => {
        if (String(message.value).includes("r1.") && failures++ < 2) throw comeBack("not now");
        taken.push(String(message.value));
      },
    });

    expect(await relay(own, named(4))).toEqual(all(4));

    expect(namesIn(taken)).toEqual(numbered(0, 1, 2, 3));
  });
});

test("sql: the rows of a batch that cannot be written are written with it or behind it, never before", async () => {
  const server = await startSql({ port: 0 });
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  const table = unique("rows").replaceAll("-", "_");
  await client.query(
    `create table ${table} (place serial, n text, relay_id text unique, relay_topic text, relay_partition int, relay_offset bigint, relay_generation bigint)`,
  );
  await client.query("create sequence refusals");
  // Sequences are not rolled back, so the trigger refuses the row twice and then takes it.
  await client.query(
    `create function refuse() returns trigger language plpgsql as $$ begin
       if new.n = 'r4.' and nextval('refusals') <= 2 then raise exception 'not now' using errcode = '53300'; end if; return new; end $$`,
  );
  await client.query(`create trigger refuse before insert on ${table} for each row execute function refuse()`);
  const definition = sql({ connection: server.url, table, key: [], columns: { n: "value.n" }, mode: "insert", rowsMax: 3 });

  expect(await relay(definition, named(9))).toEqual(all(9));

  const { rows } = await client.query<{ n: string }>(`select n from ${table} order by place`);
  expect(namesIn(rows.map(({ n }) => n))).toEqual(numbered(0, 1, 2, 3, 4, 5, 6, 7, 8));
  await client.end();
  await server.stop();
});

test("a topic whose leader cannot tell of one batch holds the records of a key in order", async () => {
  const name = await createTestTopic(kafka);
  let answers = 0;
  const failingOnce = {
    ...kafka.connection,
    request: (async (api, args, to, deadline) => {
      if ((api as { key: number }).key !== produceApi.key || answers++ > 0) return kafka.connection.request(api, args, to, deadline);
      const { topics } = args as ProduceRequest;
      const refused = { errorCode: -1, baseOffset: -1n, logAppendTimeMs: -1n, logStartOffset: 0n, recordErrors: [], errorMessage: null };
      return {
        throttleMs: 0,
        topics: topics.map((one) => ({ name: one.name, partitions: one.partitions.map(({ partition }) => ({ partition, ...refused })) })),
      };
    }) as Connection["request"],
  };
  const producer = createProducer(
    { connection: failingOnce, metadata: kafka.metadata },
    { idempotence: true, compression: "none", ackTimeoutMs: 5_000 },
  );
  const large = named(4).map((one, index) => ({ ...one, value: Buffer.from(`r${index}.`.padEnd(600_000)) }));

  const verdicts = await relay(topic({ topic: name as TopicName }), large, {}, { kafka: () => ({ ...kafka, producer }) });

  expect(verdicts).toEqual(all(4));
  const written = await readAll(kafka, name);
  expect(namesIn(written.map(({ value }) => String(value).slice(0, 10)))).toEqual(numbered(0, 1, 2, 3));
});
