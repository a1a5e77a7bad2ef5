/** What a route file says of its target is checked when it is loaded: a wrong option is named, with the one that was meant. */
import { expect, test } from "vitest";
import { defineTarget } from "../../lib/targets/custom.js";
import { dynamodb } from "../../lib/targets/dynamodb.js";
import { eventbridge } from "../../lib/targets/eventbridge.js";
import { lambda } from "../../lib/targets/lambda.js";
import { s3 } from "../../lib/targets/s3.js";
import { sns } from "../../lib/targets/sns.js";
import { sql } from "../../lib/targets/sql.js";
import { sqs } from "../../lib/targets/sqs.js";
import { topic } from "../../lib/targets/topic.js";
import { webhook } from "../../lib/targets/webhook.js";

const right = {
  topic: () => topic({ topic: "orders" }),
  webhook: () => webhook({ url: "https://example.com/hook", batch: { format: "ndjson" }, statuses: { 409: "delivered" } }),
  sql: () => sql({ connection: "env:DB", table: "orders", key: ["id"], columns: { id: "key" }, create: { id: "numeric(10, 2)[]" } }),
  dynamodb: () => dynamodb({ table: "orders", key: ["id"] }),
  s3: () => s3({ bucket: "orders" }),
  sqs: () => sqs({ queueUrl: "https://sqs.eu-central-1.amazonaws.com/123456789012/orders" }),
  sns: () => sns({ topicArn: "arn:aws:sns:eu-central-1:123456789012:orders" }),
  eventbridge: () => eventbridge({}),
  lambda: () => lambda({ functionName: "orders" }),
  custom: () => defineTarget({ name: "ledger", deliver: () => undefined }),
} as const;

test.each(Object.entries(right))("%s takes its options and says what it is", (kind, make) => {
  expect(make()).toMatchObject({ kind, name: expect.stringMatching(/./), open: expect.any(Function) });
});

test.each([
  [() => webhook({ url: "https://a.example", timoutMs: 5 } as never), 'timoutMs: there is no such option. Did you mean "timeoutMs"?'],
  [
    () => webhook({ url: "https://a.example", batch: { format: "ndjson", byteMax: 1 } } as never),
    'batch.byteMax: there is no such option. Did you mean "bytesMax"?',
  ],
  [() => webhook({} as never), "url: is missing."],
  [() => webhook({ url: "https://a.example", timeoutMs: 0 }), "timeoutMs: is a whole number from 1 to 900000."],
  [() => webhook({ url: "https://a.example", statuses: { 99: "delivered" } }), "is no HTTP status"],
  [
    () => sql({ connection: "env:DB", table: "t", key: ["id"], columns: { id: "key" }, mode: "merge" as never }),
    'mode: is one of "upsert", "insert".',
  ],
  [
    () => sql({ connection: "env:DB", table: "t", key: ["id"], columns: { id: "key" }, create: { id: "text; drop table t" } }),
    "is no PostgreSQL type",
  ],
  [() => dynamodb({ table: "t", key: [] as never }), "key:"],
  [() => s3({ bucket: "b", gzipped: true } as never), "gzipped: there is no such option."],
  [() => sqs({ queueUrl: "orders" }), "the URL of a queue"],
  [() => sns({ topicArn: "orders" }), "the ARN of an SNS topic"],
  [() => lambda({ functionName: "a b" }), "the name or ARN of a function"],
  [() => topic({ topic: "no such/name" }), "is no topic name"],
  [() => topic({ topic: "__consumer_offsets" }), "Kafka's own"],
  [() => defineTarget({ name: "x" } as never), "deliver: is missing."],
])("a wrong option is told: %#", (make, message) => {
  expect(make).toThrow(message);
});
