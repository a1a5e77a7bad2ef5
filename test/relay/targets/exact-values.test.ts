/** What a record identifies and what it carries arrives digit by digit, on a real PostgreSQL (PGlite) and DynamoDB (MiniStack); what cannot is the record's own fault. */
import { randomUUID } from "node:crypto";
import { CreateTableCommand, DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import type pg from "pg";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { findLetters } from "../../../lib/relay/dead-letters/letters.js";
import { discard } from "../../../lib/relay/dead-letters/redrive.js";
import type { Target, TargetDefinition } from "../../../lib/relay/delivery.js";
import { defineRoute } from "../../../lib/relay/route.js";
import { dynamodb } from "../../../lib/targets/dynamodb.js";
import { eventbridge } from "../../../lib/targets/eventbridge.js";
import { type SqlOptions, sql } from "../../../lib/targets/sql.js";
import { webhook } from "../../../lib/targets/webhook.js";
import type { SqlServer } from "../../../local/sql/server.js";
import { anyTimeAheadMs, createTestTopic, testKafka } from "../../support/broker/kafka.js";
import { type DeliveryOptions, delivery, soon, targetContext, verdictOf } from "../../support/relay/deliveries.js";
import { outgoing, readAll, runRoute, write } from "../../support/relay/relay-on-broker.js";
import { receiver } from "../../support/targets/http-receivers.js";
import { type MiniStack, startMiniStack } from "../../support/targets/ministack.js";
import { onSqlDatabase } from "../../support/targets/sql-database.js";

const aws: MiniStack | undefined = await startMiniStack("DynamoDB's numbers (test/relay/targets/exact-values.test.ts)");
const targets: Target[] = [];
let server: SqlServer;
let client: pg.Client;

onSqlDatabase((running, connected) => {
  server = running;
  client = connected;
});
afterEach(async () => {
  await Promise.all(targets.splice(0).map((target) => target.close()));
});
afterAll(async () => {
  await aws?.stop();
});

async function open(definition: TargetDefinition): Promise<Target> {
  const target = await definition.open(targetContext());
  targets.push(target);
  return target;
}

const unique = (name: string) => `${name}_${randomUUID().slice(0, 8)}`;
const nested = (levels: number) => `{"id":"deep","n":${"[".repeat(levels)}${"]".repeat(levels)}}`;
const reasonOf = (outcome: Awaited<ReturnType<Target["deliver"]>>[number] | undefined) =>
  outcome?.verdict === "failed" ? outcome.error.message : "delivered";

describe("sql", () => {
  const table = (options: Partial<SqlOptions> & Pick<SqlOptions, "columns" | "create">) =>
    sql({ connection: server.url, table: unique("exact"), key: ["id"], ...options });

  async function deliver(definition: TargetDefinition, ...records: readonly DeliveryOptions[]) {
    const target = await open(definition);
    return target.deliver(
      records.map((record, offset) => delivery({ offset, ...record })),
      soon(),
    );
  }

  async function rowsOf(definition: TargetDefinition, columns: string): Promise<readonly unknown[]> {
    return (await client.query(`select ${columns} from ${definition.name} order by 1`)).rows as unknown[];
  }

  test("numbers keep every digit, and the column's type decides what they are", async () => {
    const definition = table({
      columns: { id: "value.id", amount: "value.amount", text: "value.amount", rough: "value.amount", whole: "value" },
      create: { id: "bigint", amount: "numeric", text: "text", rough: "double precision", whole: "json" },
    });
    const values = [
      '{"id":-9223372036854775808,"amount":1e-20}',
      '{"id":9007199254740992,"amount":1.50}',
      '{"id":9007199254740993.0,"amount":0.1234567890123456789}',
      '{"id":9.223372036854775807e18,"amount":123456789012345678901234567890.5}',
    ];

    const outcomes = await deliver(definition, ...values.map((value) => ({ value })));

    expect(outcomes.map(verdictOf)).toEqual(Array(4).fill("delivered"));
    expect(await rowsOf(definition, "id, amount, text, rough")).toEqual([
      { id: "-9223372036854775808", amount: "0.00000000000000000001", text: "1e-20", rough: 1e-20 },
      { id: "9007199254740992", amount: "1.5", text: "1.5", rough: 1.5 },
      { id: "9007199254740993", amount: "0.1234567890123456789", text: "0.1234567890123456789", rough: 0.12345678901234568 },
      {
        id: "9223372036854775807",
        amount: "123456789012345678901234567890.5",
        text: "123456789012345678901234567890.5",
        rough: 1.2345678901234568e29,
      },
    ]);
    expect(await rowsOf(definition, "whole::text")).toEqual(
      [
        '{"id":-9223372036854775808,"amount":1e-20}',
        '{"id":9.223372036854775807e18,"amount":123456789012345678901234567890.5}',
        '{"id":9007199254740992,"amount":1.5}',
        '{"id":9007199254740993.0,"amount":0.1234567890123456789}',
      ].map((whole) => ({ whole })),
    );
  });

  test("neighbouring big numbers are two rows, and a tombstone deletes its own", async () => {
    for (const [key, path] of [
      [(id: string) => `{"id":${id}}`, "value.id"],
      [(id: string) => id, "key"],
      [(id: string) => `{"id":${id}}`, "key.id"],
    ] as const) {
      const definition = table({ columns: { id: path }, create: { id: "bigint" } });
      const row = (id: string) => ({ key: key(id), value: `{"id":${id}}` });
      const outcomes = await deliver(definition, row("9007199254740992"), row("9007199254740993"), row("9007199254740994"), {
        key: key("9007199254740993"),
        value: null,
      });

      expect(outcomes.map(verdictOf)).toEqual(Array(4).fill("delivered"));
      expect(await rowsOf(definition, "id")).toEqual([{ id: "9007199254740992" }, { id: "9007199254740994" }]);
    }
  });

  test("columns that a function makes may hold bigints, bytes, and texts with the digits of a path", async () => {
    const definition = table({
      columns: (one) => ({ id: one.textAt("value.id") ?? null, note: { seen: 9007199254740995n, path: one.textAt("value.list") } }),
      create: { id: "bigint", note: "jsonb" },
    });

    await deliver(definition, { value: '{"id":9007199254740993,"list":[9007199254740997]}' });

    expect(await rowsOf(definition, "id, note::text")).toEqual([
      { id: "9007199254740993", note: '{"path": "[9007199254740997]", "seen": 9007199254740995}' },
    ]);
  });

  test("rows differ by the millisecond of a time and by every byte", async () => {
    const times = table({
      key: ["device", "at"],
      columns: { device: "key", at: "timestamp" },
      create: { device: "text", at: "timestamptz(3)" },
    });
    const at = [100, 200, 300, 1_300].map((ms) => 1_700_000_000_000 + ms);
    expect((await deliver(times, ...at.map((timestampMs) => ({ key: "d1", timestampMs })))).map(verdictOf)).toEqual(
      Array(4).fill("delivered"),
    );
    expect(await rowsOf(times, "at")).toEqual(at.map((ms) => ({ at: new Date(ms) })));

    const bytes = table({ columns: { id: "key", n: "offset" }, create: { id: "bytea", n: "int" } });
    const keys = [Buffer.from([0xfe]), Buffer.from([0xff]), Buffer.from([0xff, 0x80])];
    await deliver(bytes, ...keys.map((key) => ({ key })), { key: Buffer.from([0xff]), value: null });
    expect(await rowsOf(bytes, "id, n")).toEqual([
      { id: keys[0], n: 0 },
      { id: keys[2], n: 2 },
    ]);
  });

  test("what a column cannot hold is the record's own fault, with the reason, and the others are written", async () => {
    const definition = table({
      columns: { id: "value.id", n: "value.n", at: "timestamp" },
      create: { id: "text", n: "jsonb", at: "timestamptz" },
    });

    const outcomes = await deliver(
      definition,
      { value: { id: "good" } },
      { value: nested(5_000) },
      { value: { id: "nanoseconds" }, timestampMs: 1_700_000_000_000_000_000 },
      { value: { id: "long ago" }, timestampMs: -9e15 },
      { value: '{"id":"half \\ud800"}' },
      { value: '{"id":"nul \\u0000"}' },
      { value: '{"id":"inside","n":{"a":"\\u0000"}}' },
      { value: Buffer.concat([Buffer.from('{"id":"'), Buffer.from([0xff]), Buffer.from('"}')]) },
      { value: { id: "also good" } },
    );

    expect(outcomes.map(verdictOf)).toEqual([
      "delivered",
      "record: record-undecodable",
      ...Array(4).fill("record: record-not-for-target"),
      "record: record-refused",
      "record: record-not-for-target",
      "delivered",
    ]);
    expect(reasonOf(outcomes[1])).toContain("nested deeper than 1000 levels");
    expect(reasonOf(outcomes[2])).toContain("timestamp 1700000000000000000 is outside");
    expect(reasonOf(outcomes[4])).toContain("The column id cannot store the record's value: the text holds half of a surrogate pair");
    expect(await rowsOf(definition, "id")).toEqual([{ id: "also good" }, { id: "good" }]);
  });
});

describe("webhook", () => {
  const deep = `${"[".repeat(5_000)}${"]".repeat(5_000)}`;

  test("an address made of a record has every digit, and JSON of any depth passes where nobody looks into it", async () => {
    const { url, seen } = await receiver();
    const target = await open(webhook({ url: ({ textAt }) => `${url}/orders/${textAt("key.id")}` }));

    const outcomes = await target.deliver(
      [
        delivery({ key: '{"id":9007199254740993}', value: deep, timestampMs: 1_700_000_000_000_000_000 }),
        delivery({ key: deep }),
        delivery({ key: '{"id":7}', value: Buffer.from('"\xff"', "latin1") }),
      ],
      soon(),
    );

    expect(outcomes.map(verdictOf)).toEqual(["delivered", "record: record-undecodable", "delivered"]);
    expect(seen.map(({ path, headers }) => [path, headers["content-type"], headers["kafka-timestamp"]])).toEqual([
      ["/orders/9007199254740993", "application/json", "1700000000000000000"],
      ["/orders/7", "application/octet-stream", "1700000000000"],
    ]);
  });

  test("a batch of JSON values leaves out what is not UTF-8, and names offsets of any size", async () => {
    const { url, seen } = await receiver();
    const batch = { format: "ndjson", element: "record" } as const;
    const values = await open(webhook({ url, batch: { format: "json-array" } }));
    const records = await open(webhook({ url, batch }));
    const broken = delivery({ value: Buffer.from('"\xff"', "latin1") });

    const outcomes = await values.deliver([delivery({ value: '{"id":9007199254740993}' }), broken, delivery({ value: deep })], soon());
    await records.deliver([delivery({ offset: 9_007_199_254_740_993n, value: "1.10" }), broken], soon());

    expect(outcomes.map(verdictOf)).toEqual(["delivered", "record: record-not-for-target", "delivered"]);
    expect(String(seen[0]?.body)).toBe(`[{"id":9007199254740993},${deep}]`);
    expect(String(seen[1]?.body)).toContain('"offset":9007199254740993,');
    expect(String(seen[1]?.body)).toContain('"value":1.10}');
    expect(String(seen[1]?.body)).toContain(`"valueBase64":"${Buffer.from('"\xff"', "latin1").toString("base64")}"`);
  });
});

test("an invalid record becomes a dead letter that can be listed and discarded, and its partition goes on", async () => {
  const kafka = testKafka();
  const source = await createTestTopic(kafka, { aheadMaxMs: anyTimeAheadMs });
  const table = unique("exact");
  const target = sql({
    connection: server.url,
    table,
    key: ["id"],
    columns: { id: "value.id", n: "value.n", at: "timestamp" },
    create: { id: "text", n: "json", at: "timestamptz" },
  });
  const nanoseconds = { value: Buffer.from('{"id":"nanoseconds"}'), timestampMs: 1_700_000_000_000_000_000 };
  await write(kafka, source, [
    outgoing({ json: { id: "first" } }),
    outgoing(nanoseconds),
    outgoing({ value: Buffer.from(nested(5_000)) }),
    outgoing({ json: { id: "last" } }),
  ]);
  const run = runRoute(kafka, defineRoute({ name: "exact", target }));

  const answer = await run.invoke(await readAll(kafka, source));
  const letters: unknown[] = [];
  for await (const { letter } of findLetters(kafka, `${source}.dead-letters`, {}, soon()))
    letters.push([letter.origin?.offset, letter.code, letter.record.timestampMs]);
  const { discarded } = await discard(kafka, `${source}.dead-letters`, {}, 10, soon());
  await run.handler.close();
  await kafka.close();

  expect(answer).toEqual({ batchItemFailures: [] });
  expect((await client.query(`select id from ${table} order by 1`)).rows).toEqual([{ id: "first" }, { id: "last" }]);
  expect(letters).toEqual([
    [1n, "record-not-for-target", nanoseconds.timestampMs],
    [2n, "record-undecodable", 1_700_000_000_000],
  ]);
  expect(discarded).toBe(2);
});

test("a time that EventBridge cannot say, and a function that throws, are the record's own fault before anything is sent", async () => {
  const target = await open(
    eventbridge({
      detailType: ({ message }) => JSON.parse(String(message.value)).type.toUpperCase() as string,
      endpoint: "http://127.0.0.1:1",
    }),
  );

  const outcomes = await target.deliver(
    [delivery({ value: { type: "a" }, timestampMs: 1_700_000_000_000_000_000 }), delivery({ value: {} }), delivery({ value: "secret" })],
    soon(),
  );

  expect(outcomes.map(verdictOf)).toEqual(Array(3).fill("record: record-not-for-target"));
  expect(outcomes.map(reasonOf)).toEqual([
    expect.stringContaining("timestamp 1700000000000000000 is outside"),
    expect.stringContaining("TypeError: Cannot read properties of undefined"),
    "The record could not be converted for this target: SyntaxError.",
  ]);
});

describe.skipIf(aws === undefined)("dynamodb", () => {
  const { endpoint = "", client: config = {} } = aws ?? {};
  const dynamo = new DynamoDBClient(config);
  afterAll(() => dynamo.destroy());

  async function aTable(type: "S" | "N" | "B"): Promise<string> {
    const TableName = unique("exact");
    await dynamo.send(
      new CreateTableCommand({
        TableName,
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: type }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    return TableName;
  }

  const itemsOf = async (TableName: string) => {
    const { Items = [] } = await dynamo.send(new ScanCommand({ TableName }));
    return Items.sort((a, b) => String(a.id?.S ?? a.id?.N).localeCompare(String(b.id?.S ?? b.id?.N)));
  };

  test("numbers keep every digit, and neighbouring big numbers are two items", async () => {
    const table = await aTable("N");
    const target = await open(dynamodb({ table, key: ["id"], endpoint }));
    const order = (offset: number, id: string, more = "") => delivery({ offset, key: `{"id":${id}}`, value: `{"id":${id}${more}}` });

    const outcomes = await target.deliver(
      [
        order(0, "9007199254740992"),
        order(1, "9007199254740993", ',"amount":0.1234567890123456789,"list":[{"n":12345678901234567890123456789012345678}]'),
        order(
          2,
          "9007199254740993.00",
          ',"amount":0.1234567890123456789,"list":[{"n":12345678901234567890123456789012345678}],"again":true',
        ),
        order(3, "9007199254740994"),
        delivery({ offset: 4, key: '{"id":9007199254740992}', value: null }),
      ],
      soon(),
    );

    expect(outcomes.map(verdictOf)).toEqual(Array(5).fill("delivered"));
    const items = await itemsOf(table);
    expect(items.map(({ id }) => id?.N)).toEqual(["9007199254740993", "9007199254740994"]);
    expect(items[0]).toMatchObject({
      amount: { N: "0.1234567890123456789" },
      list: { L: [{ M: { n: { N: "12345678901234567890123456789012345678" } } }] },
      again: { BOOL: true },
    });
  });

  test("binary keys differ by every byte", async () => {
    const table = await aTable("B");
    const target = await open(dynamodb({ table, key: ["id"], attributes: { id: "key", n: "offset" }, endpoint }));

    const outcomes = await target.deliver(
      [delivery({ offset: 0, key: Buffer.from([0xfe]) }), delivery({ offset: 1, key: Buffer.from([0xff]) })],
      soon(),
    );

    expect(outcomes.map(verdictOf)).toEqual(["delivered", "delivered"]);
    expect((await itemsOf(table)).map(({ n }) => n?.N).sort()).toEqual(["0", "1"]);
  });

  test("what an item cannot hold is the record's own fault, with the reason, and the others are written", async () => {
    const table = await aTable("S");
    const target = await open(dynamodb({ table, key: ["id"], endpoint }));
    const byTime = await open(dynamodb({ table, key: ["id"], attributes: { id: "value.id", at: "timestamp" }, endpoint }));
    const faulty: readonly (readonly [value: string, reason: string])[] = [
      ['{"id":"a","n":1e400}', "the number 1e400 is not one that DynamoDB stores (38 digits, 1E-130 to 9.99E+125)"],
      ['{"id":"b","n":1e126}', "the number 1e126 is not"],
      ['{"id":"c","n":1e-131}', "the number 1e-131 is not"],
      ['{"id":"d","n":123456789012345678901234567890123456789}', "38 digits"],
      ['{"id":"e","n":{"__proto__":1}}', "__proto__"],
      ['{"id":"f","__proto__":1}', "__proto__"],
      ['{"id":"g","n":"\\udc00"}', "half of a surrogate pair"],
      [nested(33), "nested deeper than the 32 levels"],
      [nested(5_000), "nested deeper than 1000 levels"],
    ];
    const fine = '{"id":"fine","least":1e-130,"most":9.9999999999999999999999999999999999999e125,"nul":"\\u0000"}';

    const outcomes = await target.deliver(
      [...faulty.map(([value]) => value), fine].map((value, offset) => delivery({ offset, value })),
      soon(),
    );
    const late = await byTime.deliver(
      [1_700_000_000_000_000_000, -9e15, 5].map((timestampMs, offset) => delivery({ offset, value: { id: "time" }, timestampMs })),
      soon(),
    );

    expect(outcomes.map(verdictOf)).toEqual([...Array(8).fill("record: record-not-for-target"), "record: record-undecodable", "delivered"]);
    for (const [index, [, reason]] of faulty.entries()) expect(reasonOf(outcomes[index])).toContain(reason);
    expect(late.map(verdictOf)).toEqual(["record: record-not-for-target", "record: record-not-for-target", "delivered"]);
    expect((await itemsOf(table)).map(({ id }) => id?.S)).toEqual(["fine", "time"]);
  });
});
