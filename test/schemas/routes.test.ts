/** Routes over records with schemas: what filters, transforms and columns see, what goes on, and what becomes of what cannot be decoded or encoded. */
import type pg from "pg";
import { afterAll, describe, expect, test } from "vitest";
import { parseConfig } from "../../lib/config.js";
import { createDeadline } from "../../lib/deadline.js";
import type { KafkaRecord } from "../../lib/kafka/records.js";
import { jsonata } from "../../lib/relay/jsonata.js";
import { defineRoute, type RouteDefinition } from "../../lib/relay/route.js";
import { schema } from "../../lib/relay/schema.js";
import { confluentPrefix } from "../../lib/schemas/framing.js";
import { openRegistry } from "../../lib/schemas/registry/open.js";
import { openSchemas } from "../../lib/schemas/schemas.js";
import { sql } from "../../lib/targets/sql.js";
import { topic } from "../../lib/targets/topic.js";
import { webhook } from "../../lib/targets/webhook.js";
import type { SqlServer } from "../../local/sql/server.js";
import { createTestTopic, keepsEveryDate, testKafka } from "../support/broker/kafka.js";
import { uniqueName } from "../support/broker/unique-names.js";
import { answering, outgoing, readAll, runRoute, write } from "../support/relay/relay-on-broker.js";
import { framed } from "../support/schemas/framed.js";
import { receiver } from "../support/targets/http-receivers.js";
import { onSqlDatabase } from "../support/targets/sql-database.js";

const url = process.env.TEST_SCHEMA_REGISTRY_URL ?? "";
const order = JSON.stringify({
  type: "record",
  name: "Order",
  namespace: "shop",
  fields: [
    { name: "id", type: "long" },
    { name: "note", type: ["null", "string"] },
    { name: "total", type: { type: "bytes", logicalType: "decimal", precision: 20, scale: 2 } },
    { name: "at", type: { type: "long", logicalType: "timestamp-millis" } },
  ],
});
const orderJson = (id: string, note = '{"string":"n"}', total = "\\u0004\\u00d2") =>
  `{"id":${id},"note":${note},"total":"${total}","at":0}`;

/** Where there is no registry, the end of the run says so. */
describe.runIf(url !== "")("a route over records with schemas", () => {
  const kafka = testKafka();
  let server: SqlServer;
  let client: pg.Client;
  onSqlDatabase((running, connected) => {
    server = running;
    client = connected;
  });
  afterAll(async () => {
    await kafka.close();
  });

  const env = { SCHEMA_REGISTRY_URL: url };
  const source = async (values: readonly (Buffer | null)[], key: Buffer | null = null): Promise<readonly KafkaRecord[]> => {
    const name = await createTestTopic(kafka, { configs: keepsEveryDate });
    await write(
      kafka,
      name,
      values.map((value) => outgoing({ key, value })),
    );
    return readAll(kafka, name);
  };
  const lettersOf = async (records: readonly KafkaRecord[]) => {
    try {
      return await readAll(kafka, `${records[0]?.topic}.dead-letters`);
    } catch {
      return [];
    }
  };
  const header = (record: KafkaRecord | undefined, name: string) =>
    record?.headers.find((one) => one.name === `relay.error.${name}`)?.value?.toString();
  const run = (definition: Omit<RouteDefinition, "name">, variables: Readonly<Record<string, string>> = env) =>
    runRoute(kafka, defineRoute({ name: `r-${Math.random().toString(36).slice(2)}`, ...definition }), variables);

  test("filters see the decoded value with every digit, and the bytes go on as they are", async () => {
    const records = await source(await framed(url, "AVRO", order, [orderJson("9007199254740993"), orderJson("9007199254740990")]));
    const to = await createTestTopic(kafka, { configs: keepsEveryDate });
    const route = run({ filter: { value: { id: [{ numeric: [">", 9007199254740991] }], note: ["n"] } }, target: topic({ topic: to }) });

    expect(await route.invoke(records)).toEqual({ batchItemFailures: [] });

    expect((await readAll(kafka, to)).map(({ value }) => value)).toEqual([records[0]?.value]);
  });

  test("SQL columns get digits, decimals and times as such", async () => {
    const records = await source(await framed(url, "AVRO", order, [orderJson("9007199254740993", "null")]));
    const table = `orders_${Math.random().toString(36).slice(2)}`;
    const route = run({
      target: sql({
        connection: server.url,
        table,
        key: ["id"],
        columns: { id: "value.id", note: "value.note", total: "value.total", at: "value.at" },
        create: { id: "bigint", note: "text", total: "numeric", at: "timestamptz" },
      }),
    });

    expect(await route.invoke(records)).toEqual({ batchItemFailures: [] });
    await route.handler.close();

    const { rows } = await client.query(`select id::text, note, total::text, at from ${table}`);
    expect(rows).toEqual([{ id: "9007199254740993", note: null, total: "12.34", at: new Date(0) }]);
  });

  test("functions and JSONata transform decoded values, and what they make is JSON", async () => {
    const records = await source(await framed(url, "AVRO", order, [orderJson("9007199254740993")]));
    const seen: unknown[] = [];
    const target = () =>
      answering(({ message }) => {
        seen.push(message.value?.toString());
        return { verdict: "delivered" };
      });
    await run({ transform: ({ value }) => ({ value: { note: (value as { note: string }).note } }), target: target() }).invoke(records);
    await run({ transform: jsonata('{ "id": value.id, "total": value.total }'), target: target() }).invoke(records);
    await run({ decode: schema({ unions: "tagged", logical: false }), transform: jsonata("value"), target: target() }).invoke(records);

    expect(seen).toEqual([
      '{"note":"n"}',
      '{"id":9007199254740993,"total":12.34}',
      '{"id":9007199254740993,"note":{"string":"n"},"total":"\\u0004Ò","at":0}',
    ]);
  });

  test("Protobuf and JSON Schema are decoded, keys too", async () => {
    const proto = 'syntax = "proto3"; message Reading { string sensor = 1; int64 count = 2; }';
    const [key] = await framed(url, "AVRO", '"string"', ['"k1"']);
    const [value] = await framed(url, "PROTOBUF", proto, ['{"sensor":"a","count":"9007199254740993"}']);
    const [json] = await framed(url, "JSON", '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object"}', ['{"sensor":"b"}']);
    const records = await source([value ?? null, json ?? null], key);
    const seen: unknown[] = [];
    const route = run({
      filter: { key: ["k1"] },
      target: answering((delivery) => {
        seen.push([delivery.textAt("key"), delivery.textAt("value.sensor"), delivery.textAt("value.count")]);
        return { verdict: "delivered" };
      }),
    });

    expect(await route.invoke(records)).toEqual({ batchItemFailures: [] });
    expect(seen).toEqual([
      ["k1", "a", "9007199254740993"],
      ["k1", "b", undefined],
    ]);
  });

  test('with forward: "json", a webhook gets the decoded value; with decode: false, a record is its bytes', async () => {
    const records = await source(await framed(url, "AVRO", order, [orderJson("9007199254740993")]));
    const hook = await receiver();
    const to = () => webhook({ url: hook.url, allowPrivate: true });
    expect(await run({ decode: schema({ forward: "json" }), target: to() }).invoke(records)).toEqual({ batchItemFailures: [] });
    expect(await run({ decode: false, target: to() }).invoke(records)).toEqual({ batchItemFailures: [] });

    expect(hook.seen.map(({ body }) => body)).toEqual([
      Buffer.from('{"id":9007199254740993,"note":"n","total":12.34,"at":"1970-01-01T00:00:00.000Z"}'),
      records[0]?.value,
    ]);
  });

  test("an unknown id, and bytes that do not fit, are dead-lettered with their original bytes; the others go on, and tombstones", async () => {
    const [good] = await framed(url, "AVRO", order, [orderJson("1")]);
    const unknown = Buffer.concat([confluentPrefix(999_999), Buffer.of(2)]);
    const broken = Buffer.concat([good?.subarray(0, 5) ?? Buffer.alloc(0), Buffer.of(255)]);
    const records = await source([unknown, broken, null, good ?? null]);
    let delivered = 0;
    const route = run({
      target: answering(() => {
        delivered++;
        return { verdict: "delivered" };
      }),
    });

    expect(await route.invoke(records)).toEqual({ batchItemFailures: [] });

    const letters = await lettersOf(records);
    expect(letters.map(({ value }) => value)).toEqual([unknown, broken]);
    expect(letters.map((letter) => [header(letter, "code"), header(letter, "stage")])).toEqual([
      ["schema-not-found", "decode"],
      ["record-undecodable", "decode"],
    ]);
    expect(delivered).toBe(2);
  });

  test("a topic target writes by the latest schema of its subject, by a text that it registers, and keys by theirs", async () => {
    const registry = openRegistry(parseConfig(env));
    if (registry === undefined) throw new Error("unreachable");
    const to = await createTestTopic(kafka, { configs: keepsEveryDate });
    const latest = await registry.register(`${to}-value`, { type: "AVRO", text: order, references: [] }, createDeadline(20_000));
    const records = await source(await framed(url, "AVRO", order, [orderJson("9007199254740993", "null")]), Buffer.from("k"));
    const proto = 'syntax = "proto3"; message Other { string a = 1; } message Small { int64 id = 1; }';
    const small = uniqueName("small");

    await run({ target: topic({ topic: to, encode: schema({}) }) }).invoke(records);
    await run({
      transform: jsonata('{ "id": $string(value.id) }'),
      target: topic({
        topic: to,
        encode: schema({
          subject: small,
          type: "protobuf",
          schema: proto,
          message: "Small",
          key: { subject: `${small}-key`, schema: '"string"' },
        }),
      }),
    }).invoke(records);

    const [first, second] = await readAll(kafka, to);
    expect(first?.value?.subarray(0, 5)).toEqual(confluentPrefix(latest.id));
    expect(first?.value?.subarray(5)).toEqual(records[0]?.value?.subarray(5));
    expect(first?.key?.toString()).toBe("k");
    const { deserializer, close } = openSchemas(parseConfig(env));
    const decode = (part: "key" | "value", bytes: Buffer | null | undefined) =>
      deserializer.decode(bytes ?? Buffer.alloc(0), [], part, createDeadline(20_000));
    expect(await decode("value", second?.value)).toMatchObject({ json: '{"id":"9007199254740993"}', schema: { message: "Small" } });
    expect(await decode("key", second?.key)).toMatchObject({ json: '"k"' });
    close();
    registry.close();
  });

  test("a value that does not fit the target's schema is dead-lettered as it came, before anything behind it is written", async () => {
    const to = await createTestTopic(kafka, { configs: keepsEveryDate });
    const values = await framed(url, "AVRO", '{"type":"record","name":"A","fields":[{"name":"n","type":"long"}]}', [
      '{"n":1}',
      '{"n":3000000000}',
      '{"n":2}',
    ]);
    const records = await source(values);
    const narrow = '{"type":"record","name":"A","fields":[{"name":"n","type":"int"}]}';

    await run({ target: topic({ topic: to, encode: schema({ schema: narrow }) }) }).invoke(records);

    expect(await readAll(kafka, to)).toHaveLength(2);
    const [letter, ...more] = await lettersOf(records);
    expect(more).toEqual([]);
    expect(letter?.value).toEqual(values[1]);
    expect([header(letter, "code"), header(letter, "stage"), header(letter, "message")]).toEqual([
      "record-not-for-target",
      "encode",
      expect.stringContaining("at n: expected"),
    ]);
  });

  test("a subject without a schema holds the records: somebody may register it", async () => {
    const to = await createTestTopic(kafka, { configs: keepsEveryDate });
    const records = await source([Buffer.from('{"n":1}')]);
    const route = run({
      afterRetries: "dead-letter",
      retry: { attemptsMax: 2, firstDelayMs: 1 },
      target: topic({ topic: to, encode: schema({}) }),
    });

    expect((await route.invoke(records)).batchItemFailures).toHaveLength(1);
    expect(await lettersOf(records)).toEqual([]);
    expect(route.lines.join("\n")).toContain(`No record can be encoded for the subject ${to}-value`);
  });

  test("without a registry, or where no record names a schema, nothing changes", async () => {
    const records = await source([Buffer.concat([confluentPrefix(1), Buffer.of(2)]), Buffer.from('{"a":1}')]);
    const seen: unknown[] = [];
    const target = answering(({ message }) => {
      seen.push(message.document());
      return { verdict: "delivered" };
    }, 10);

    expect(await run({ target }, {}).invoke(records)).toEqual({ batchItemFailures: [] });
    expect(await run({ target }, { SCHEMA_REGISTRY_URL: "http://127.0.0.1:1" }).invoke(records.slice(1))).toEqual({
      batchItemFailures: [],
    });
    expect(seen).toEqual([undefined, { a: 1 }, { a: 1 }]);
  });
});
