/** What a route file says of its target is checked when it is loaded: a wrong option is named, with the one that was meant. */
import { afterEach, expect, test, vi } from "vitest";
import { defineTarget } from "../../../lib/targets/custom.js";
import { dynamodb } from "../../../lib/targets/dynamodb.js";
import { eventbridge } from "../../../lib/targets/eventbridge.js";
import { lambda } from "../../../lib/targets/lambda.js";
import { parsePath } from "../../../lib/targets/s3/path.js";
import { s3 } from "../../../lib/targets/s3.js";
import { sns } from "../../../lib/targets/sns.js";
import { sql } from "../../../lib/targets/sql.js";
import { sqs } from "../../../lib/targets/sqs.js";
import { topic } from "../../../lib/targets/topic.js";
import { webhook } from "../../../lib/targets/webhook.js";
import { delivery } from "../../support/relay/deliveries.js";

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

const signingSecret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const table = { connection: "env:DB", table: "orders", key: ["id"], columns: { id: "key" } } as const;

test.each([
  [() => webhook({ url: "https://a.example", timoutMs: 5 } as never), 'timoutMs: this option does not exist. Did you mean "timeoutMs"?'],
  [
    () => webhook({ url: "https://a.example", batch: { format: "ndjson", byteMax: 1 } } as never),
    'batch.byteMax: this option does not exist. Did you mean "bytesMax"?',
  ],
  [() => webhook({} as never), "url: is missing."],
  [() => webhook({ url: "https://a.example", timeoutMs: 0 }), "timeoutMs: must be a whole number from 1 to 900000."],
  [() => webhook({ url: "https://a.example", statuses: { 99: "delivered" } }), "must be an HTTP status"],
  [
    () => sql({ connection: "env:DB", table: "t", key: ["id"], columns: { id: "key" }, mode: "merge" as never }),
    'mode: must be one of "upsert", "insert".',
  ],
  [
    () => sql({ connection: "env:DB", table: "t", key: ["id"], columns: { id: "key" }, create: { id: "text; drop table t" } }),
    "must be a PostgreSQL type",
  ],
  [() => dynamodb({ table: "t", key: [] as never }), "key:"],
  [() => s3({ bucket: "b", gzipped: true } as never), "gzipped: this option does not exist."],
  [() => sqs({ queueUrl: "orders" }), "the URL of a queue"],
  [() => sns({ topicArn: "orders" }), "the ARN of an SNS topic"],
  [() => lambda({ functionName: "a b" }), "the name or ARN of a function"],
  [() => topic({ topic: "no such/name" }), "is not a valid topic name"],
  [() => topic({ topic: "__consumer_offsets" }), "internal to Kafka"],
  [() => defineTarget({ name: "x" } as never), "deliver: is missing."],
  // Webhooks.
  [
    () => webhook({ url: "https://a.example", secrets: `v1,${signingSecret}` }),
    'secrets: A webhook\'s signing secret must start with "whsec_". The one given starts with "v1,", which belongs to signatures: remove it.',
  ],
  [
    () => webhook({ url: "https://a.example", secrets: [signingSecret, "whsec_c2hvcnQ="] }),
    "secrets.1: A webhook's signing secret must be",
  ],
  [() => webhook({ url: "https://a.example", secrets: "whpk_c2hvcnQ=" }), "signed by HMAC only"],
  [() => webhook({ url: "https://a.example", secrets: [] }), "secrets: must not be empty."],
  [() => webhook({ url: "a.example/hook" }), "url: A webhook's address must be complete and start with"],
  [() => webhook({ url: "https://a:%zz@a.example" }), "url: A webhook's address must be complete and start with"],
  [() => webhook({ url: "http://169.254.169.254/", allowPrivate: false }), "is not on the public internet"],
  [() => webhook({ url: "https://a.example", headers: { "a b": "c" } }), "headers.a b: HTTP cannot carry a header of this name."],
  [() => webhook({ url: "https://a.example", headers: { a: "b\r\nc: d" } }), "headers.a: HTTP cannot carry this value"],
  [() => webhook({ url: "https://a.example", headers: { Host: "b.example" } }), "headers.Host: is set by the webhook itself"],
  [() => webhook({ url: "https://a.example", headers: { "webhook-id": "1" } }), "headers.webhook-id: is set by the webhook itself"],
  [() => webhook({ url: "https://a.example", headers: { A: "1", a: "2" } }), "headers.a: is given twice"],
  [() => webhook({ url: "https://a.example", headers: { a: "env:" } }), 'headers.a: must name a variable ("env:NAME")'],
  [() => webhook({ url: "https://a.example", secrets: "arn:aws:sqs:eu-central-1:123456789012:orders" }), "the whole ARN of a secret"],
  [() => webhook({ url: "https://a.example", ca: "/etc/ca.pem" }), "ca: A certificate authority must be given as PEM text"],
  [() => webhook({ url: () => "https://a.example", batch: { format: "ndjson" } }), "url: cannot be a function of the delivery"],
  [
    () => webhook({ url: "https://a.example", cloudEvents: "binary", batch: { format: "ndjson" } }),
    "cloudEvents: does not apply to a batch",
  ],
  // Tables.
  [() => sql({ ...table, connection: "localhost:5432/orders" }), "connection: The connection must have the form postgres://"],
  [() => sql({ ...table, connection: "postgres://u:p#1@h:5432/db" }), "percent-encoded"],
  [() => sql({ ...table, columns: { id: "body.id" } }), 'columns.id: "body.id" is not a path of a record'],
  [() => sql({ ...table, columns: { id: "value..id" } }), '"value..id" is not a path of a record'],
  [() => sql({ ...table, tls: { ca: "ca.pem" } }), "tls.ca: A certificate authority must be given as PEM text"],
  [() => sql({ ...table, table: "a.b.c" }), "`table` must be"],
  [() => sql({ ...table, key: ["id", "id"] }), "`key` names a column twice"],
  [() => sql({ ...table, guardColumns: { topic: "id" } }), '"id" is a column of `columns` and of `guardColumns`'],
  [() => sql({ ...table, guardColumns: { topic: "at", offset: "at" } }), "`guardColumns` names a column twice"],
  [() => sql({ ...table, create: { other: "text" } }), '`create` has no type for the column "id"'],
  [() => sql({ ...table, mode: "insert", tombstones: "mark" }), 'tombstones "mark" requires mode "upsert"'],
  [() => dynamodb({ table: "a b", key: ["id"] }), "table: must be the name of a table"],
  [() => dynamodb({ table: "orders", key: ["id", "id"] }), "key: must not name an attribute twice"],
  [() => dynamodb({ table: "orders", key: ["id"], attributes: { total: "value.total" } }), 'attributes: has no path for the key "id"'],
  [() => dynamodb({ table: "orders", key: ["id"], attributes: { id: "values.id" } }), '"values.id" is not a path of a record'],
  [
    () => dynamodb({ table: "orders", key: ["id"], attributes: { id: "key", relay_offset: "offset" } }),
    "attributes.relay_offset: is an attribute of the target's own",
  ],
  // What is AWS's.
  [() => s3({ bucket: "my bucket" }), "bucket: must be the name of a bucket"],
  [() => s3({ bucket: "orders", region: "Frankfurt" }), "region: must be the name of a region"],
  [() => s3({ bucket: "orders", endpoint: "localhost:9000" }), "endpoint: must be an address"],
  [() => s3({ bucket: "orders", format: "raw", element: "value" }), "element: does not apply to raw objects"],
  [
    () => s3({ bucket: "orders", path: "{topic}/{date}/{partition}" }),
    "path: has {date}, which is not known: use {topic}, {partition}, {year}",
  ],
  [() => s3({ bucket: "orders", path: "{topic}/{year}" }), "path: must have {partition}"],
  [() => s3({ bucket: "orders", path: "/{topic}/{partition}" }), "path: must not start or end with a slash"],
  [() => s3({ bucket: "orders", path: "{topic}/{partition}}" }), "path: has a brace without its counterpart"],
  [
    () => sqs({ queueUrl: "https://sqs.eu-central-1.amazonaws.com/123456789012/orders.fifo", delaySeconds: 5 }),
    "delaySeconds: a FIFO queue has no delay per message",
  ],
  [
    () => sqs({ queueUrl: "https://sqs.eu-central-1.amazonaws.com/123456789012/orders", groupBy: "key" }),
    "groupBy: applies to FIFO queues only",
  ],
  [() => sns({ topicArn: "arn:aws:sns:eu-central-1:123456789012:orders", groupBy: "key" }), "groupBy: applies to FIFO topics only"],
  [() => eventbridge({ source: "aws.orders" }), "source: must be 1 to 256 characters that do not start with aws."],
  [() => eventbridge({ detailType: "a".repeat(129) }), "detailType: must be 1 to 128 characters"],
  // Other clusters.
  [() => topic({ topic: "orders", cluster: { brokers: "kafka.example" } }), "cluster.brokers: must be host:port, separated by commas"],
  [() => topic({ topic: "orders", cluster: { brokers: "a:9092,,b:9092" } }), "cluster.brokers: must be host:port"],
  [
    () => topic({ topic: "orders", cluster: { brokers: "a:9092", sasl: { mechanism: "plain", username: "a" } } }),
    "cluster.sasl: plain needs a username and a password",
  ],
  [
    () => topic({ topic: "orders", cluster: { brokers: "a:9092", sasl: { mechanism: "aws-iam", username: "a" } } }),
    "cluster.sasl: aws-iam has no username and no password",
  ],
])("a wrong option is reported: %#", (make, message) => {
  expect(make).toThrow(message);
});

afterEach(() => {
  vi.unstubAllEnvs();
});

test("a secret in a variable that is set is checked too, and the message names the variable and not the secret", () => {
  vi.stubEnv("HOOK_SECRET", `v1,${signingSecret}`);
  vi.stubEnv("ORDERS_DATABASE", "orders:hunter2@localhost");

  const wrong = () => webhook({ url: "https://a.example", secrets: ["env:HOOK_SECRET"] });
  expect(wrong).toThrow('secrets.0: the variable HOOK_SECRET: A webhook\'s signing secret must start with "whsec_"');
  expect(wrong).not.toThrow(signingSecret);
  const alsoWrong = () => sql({ ...table, connection: "env:ORDERS_DATABASE" });
  expect(alsoWrong).toThrow("connection: the variable ORDERS_DATABASE: The connection must have the form postgres://");
  expect(alsoWrong).not.toThrow("hunter2");
});

test("a variable that holds an ARN, or that is not set here, is left until it is read", () => {
  vi.stubEnv("HOOK_SECRET", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:hook-a1b2c3");

  expect(() => webhook({ url: "env:HOOK_URL_OF_NOBODY", secrets: "env:HOOK_SECRET" })).not.toThrow();
});

test.each([
  ["{topic}/{partition}", "orders/3"],
  ["{topic}/year={year}/month={month}/day={day}/hour={hour}/{partition}", "orders/year=2026/month=03/day=09/hour=05/3"],
  ["dt={year}-{month}-{day}T{hour}-{minute}/{topic}.{partition}", "dt=2026-03-09T05-07/orders.3"],
])("the path %s puts a record into %s, by its own time in UTC", (path, folder) => {
  const record = delivery({ topic: "orders", partition: 3, timestampMs: Date.parse("2026-03-09T05:07:09.999Z") });

  expect(parsePath(path)(record)).toBe(folder);
});

test.each([9_000_000_000_000_000, -9e15, 253_402_300_800_000])(
  "a record whose time is %d has no folder by time, and that is its own fault",
  (timestampMs) => {
    const record = delivery({ timestampMs });

    expect(() => parsePath("{topic}/{year}/{partition}")(record)).toThrow("between the years 1000 and 9999");
    expect(parsePath("{topic}/{partition}")(record)).toBe("orders/0");
  },
);
