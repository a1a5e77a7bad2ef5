/** DynamoDB and S3 on MiniStack as targets: what is stored, what a repeat does, and whose fault a refusal is. */
import { gunzipSync } from "node:zlib";
import { CreateTableCommand, DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { afterAll, describe, expect, test } from "vitest";
import { dynamodb } from "../../../lib/targets/dynamodb.js";
import { s3 } from "../../../lib/targets/s3.js";
import { uniqueName } from "../../support/broker/unique-names.js";
import { delivery, soon, verdictOf } from "../../support/relay/deliveries.js";
import { type MiniStack, startMiniStack } from "../../support/targets/ministack.js";
import { openTarget } from "../../support/targets/opened-target.js";

const aws: MiniStack | undefined = await startMiniStack("the AWS targets (test/relay/targets/aws-stores.test.ts)");
const { endpoint = "", client: config = {} } = aws ?? {};
afterAll(() => aws?.stop());

describe.skipIf(aws === undefined)("dynamodb", () => {
  const client = new DynamoDBClient(config);

  async function aTable(keyType: "S" | "N" = "S"): Promise<string> {
    const TableName = uniqueName("orders");
    await client.send(
      new CreateTableCommand({
        TableName,
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: keyType }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    return TableName;
  }
  const itemsOf = async (TableName: string) => {
    const { Items = [] } = await client.send(new ScanCommand({ TableName }));
    return Items.sort((a, b) => String(a.id?.S).localeCompare(String(b.id?.S)));
  };
  const order = (offset: number, id: string, n: number | null, more = {}) =>
    delivery({ offset, key: id, value: n === null ? null : { id, n }, ...more });

  test("the newest record of a key is its item, and a tombstone deletes it", async () => {
    const table = await aTable();
    const target = await openTarget(dynamodb({ table, key: ["id"], endpoint }));
    const nested = delivery({ offset: 3, key: "c", value: { id: "c", list: [1, "a", null, { b: true }] } });

    const outcomes = await target.deliver([order(0, "a", 1), order(1, "b", 1), order(2, "a", 2), nested, order(4, "b", null)], soon());

    expect(outcomes.map(verdictOf)).toEqual(Array(5).fill("delivered"));
    expect(await itemsOf(table)).toMatchObject([
      {
        id: { S: "a" },
        n: { N: "2" },
        relay_topic: { S: "orders" },
        relay_partition: { N: "0" },
        relay_offset: { N: "2" },
        relay_generation: { N: "0" },
      },
      { id: { S: "c" }, list: { L: [{ N: "1" }, { S: "a" }, { NULL: true }, { M: { b: { BOOL: true } } }] } },
    ]);
  });

  test("a repeated batch, a whole repeated topic and older records leave the table as it was", async () => {
    const table = await aTable();
    const target = await openTarget(dynamodb({ table, key: ["id"], endpoint }));
    const records = Array.from({ length: 30 }, (_, offset) => order(offset, `k${offset % 4}`, offset % 9 === 8 ? null : offset));
    const batches = [records.slice(0, 14), records.slice(14)];
    for (const batch of batches) await target.deliver(batch, soon());
    const before = await itemsOf(table);

    await target.deliver(batches[1] ?? [], soon());
    expect(await itemsOf(table)).toEqual(before);
    for (const batch of batches) await target.deliver(batch, soon());
    expect(await itemsOf(table)).toEqual(before);
    expect((await target.deliver([order(1, "k1", 99), order(2, "k2", null)], soon())).map(verdictOf)).toEqual(["delivered", "delivered"]);
    expect(await itemsOf(table)).toEqual(before);
  });

  test("the tombstone of a number deletes the item of a numeric key where the route names the key's type", async () => {
    const table = await aTable("N");
    const target = await openTarget(dynamodb({ table, key: ["id"], keyTypes: { id: "number" }, endpoint }));
    const written = delivery({ offset: 0, key: "42", value: { id: 42, n: 1 } });
    const asText = delivery({ offset: 1, key: "9007199254740993", value: { id: "9007199254740993", n: 2 } });
    const notOne = delivery({ offset: 3, key: "none", value: null });

    expect((await target.deliver([written, asText], soon())).map(verdictOf)).toEqual(["delivered", "delivered"]);
    expect(await itemsOf(table)).toHaveLength(2);
    const outcomes = await target.deliver([delivery({ offset: 2, key: "42", value: null }), notOne], soon());

    expect(outcomes.map(verdictOf)).toEqual(["delivered", "record: record-not-for-target"]);
    expect(await itemsOf(table)).toMatchObject([{ id: { N: "9007199254740993" }, n: { N: "2" } }]);
  });

  test("a key of text takes numbers as text where the route names the key's type", async () => {
    const table = await aTable();
    const target = await openTarget(dynamodb({ table, key: ["id"], keyTypes: { id: "string" }, endpoint }));
    await target.deliver([delivery({ offset: 0, key: "42", value: { id: 42, n: 1 } })], soon());
    expect(await itemsOf(table)).toMatchObject([{ id: { S: "42" } }]);

    expect((await target.deliver([delivery({ offset: 1, key: "42", value: null })], soon())).map(verdictOf)).toEqual(["delivered"]);
    expect(await itemsOf(table)).toEqual([]);
  });

  test("a tombstone that marks guards on: an older record does not bring the item back", async () => {
    const table = await aTable();
    const target = await openTarget(dynamodb({ table, key: ["id"], tombstones: "mark", endpoint }));
    await target.deliver([order(5, "a", null)], soon());
    await target.deliver([order(4, "a", 4)], soon());
    expect(await itemsOf(table)).toMatchObject([{ id: { S: "a" }, relay_deleted: { BOOL: true } }]);
  });

  test("a record without a key, and one that is not an object, fail alone; a missing table is the target's state", async () => {
    const target = await openTarget(dynamodb({ table: await aTable(), key: ["id"], endpoint }));
    const outcomes = await target.deliver(
      [delivery({ offset: 0, value: { n: 1 } }), delivery({ offset: 1, value: "[1]" }), order(2, "a", 1)],
      soon(),
    );
    expect(outcomes.map(verdictOf)).toEqual(["record: record-not-for-target", "record: record-not-for-target", "delivered"]);
    const missing = await openTarget(dynamodb({ table: uniqueName("missing"), key: ["id"], endpoint }));
    expect((await missing.deliver([order(0, "a", 1)], soon())).map(verdictOf)).toEqual(["target: target-refused"]);
  });
});

describe.skipIf(aws === undefined)("s3", () => {
  const client = new S3Client({ ...config, forcePathStyle: true });

  async function aBucket(): Promise<string> {
    const Bucket = uniqueName("orders");
    await client.send(new CreateBucketCommand({ Bucket }));
    return Bucket;
  }
  const namesIn = async (Bucket: string) =>
    ((await client.send(new ListObjectsV2Command({ Bucket }))).Contents ?? []).map(({ Key = "" }) => Key).sort();
  const bytesOf = async (Bucket: string, Key: string) =>
    Buffer.from((await (await client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToByteArray()) ?? []);

  test("a batch is one object per partition, named by its first and last offset, with one line per record", async () => {
    const bucket = await aBucket();
    const target = await openTarget(s3({ bucket, prefix: "in/", endpoint, forcePathStyle: true }));
    const records = [0, 1, 2].map((n) =>
      delivery({
        offset: n,
        partition: n === 2 ? 1 : 0,
        key: n === 0 ? null : Buffer.from([255]),
        value: n === 1 ? Buffer.from([254]) : { n },
      }),
    );

    expect((await target.deliver(records, soon())).map(verdictOf)).toEqual(Array(3).fill("delivered"));

    const [first = "", second = ""] = await namesIn(bucket);
    expect(first).toMatch(/^in\/orders\/0\/0{20}-0{19}1-[0-9a-f]{12}\.ndjson$/);
    expect(second).toMatch(/^in\/orders\/1\/0{19}2-0{19}2-[0-9a-f]{12}\.ndjson$/);
    const lines = (await bytesOf(bucket, first)).toString().trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { topic: "orders", partition: 0, offset: 0, key: null, value: { n: 0 } },
      { offset: 1, keyBase64: "/w==", valueBase64: "/g==" },
    ]);
  });

  test("a repeat is delivered and writes nothing over", async () => {
    const bucket = await aBucket();
    const target = await openTarget(s3({ bucket, gzip: true, element: "value", endpoint, forcePathStyle: true }));
    const batch = (n: number) => [0, 1].map((offset) => delivery({ offset, value: { n } }));
    await target.deliver(batch(1), soon());
    expect((await target.deliver(batch(2), soon())).map(verdictOf)).toEqual(["delivered", "delivered"]);
    const [only = "", ...others] = await namesIn(bucket);
    expect(others).toEqual([]);
    expect(gunzipSync(await bytesOf(bucket, only)).toString()).toBe('{"n":1}\n{"n":1}\n');
  });

  test("objects may be named by the records' own time, and a batch over midnight is one object per day", async () => {
    const bucket = await aBucket();
    const path = "{topic}/year={year}/month={month}/day={day}/{partition}";
    const target = await openTarget(s3({ bucket, prefix: "lake/", path, endpoint, forcePathStyle: true }));
    const at = (offset: number, time: string | number) =>
      delivery({ offset, value: { offset }, timestampMs: typeof time === "string" ? Date.parse(time) : time });
    const records = [at(0, "2026-02-28T23:59:59.999Z"), at(1, "2026-03-01T00:00:00Z"), at(2, "2026-02-28T23:00:00Z"), at(3, 9e15)];

    expect((await target.deliver(records, soon())).map(verdictOf)).toEqual([
      ...Array(3).fill("delivered"),
      "record: record-not-for-target",
    ]);
    await target.deliver(records, soon());

    expect((await namesIn(bucket)).map((name) => name.replace(/-[0-9a-f]{12}\.ndjson$/, ""))).toEqual([
      "lake/orders/year=2026/month=02/day=28/0/00000000000000000000-00000000000000000002",
      "lake/orders/year=2026/month=03/day=01/0/00000000000000000001-00000000000000000001",
    ]);
  });

  test("raw objects hold the value byte for byte", async () => {
    const bucket = await aBucket();
    const target = await openTarget(s3({ bucket, format: "raw", endpoint, forcePathStyle: true }));
    const value = Buffer.from([0, 1, 254, 255]);
    await target.deliver([delivery({ offset: 7, value }), delivery({ offset: 8, value: null })], soon());
    const [first = "", second = ""] = await namesIn(bucket);
    expect(await bytesOf(bucket, first)).toEqual(value);
    expect((await client.send(new GetObjectCommand({ Bucket: bucket, Key: second }))).Metadata).toMatchObject({
      "kafka-tombstone": "true",
    });
  });

  test("a missing bucket is the target's state", async () => {
    const target = await openTarget(s3({ bucket: uniqueName("missing"), endpoint, forcePathStyle: true }));
    expect((await target.deliver([delivery()], soon())).map(verdictOf)).toEqual(["target: target-refused"]);
  });
});
