/** Consumer instances whose formats have a schema: records are decoded, and what cannot be is neither lost nor passed over. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { confluentPrefix } from "../../lib/schemas/framing.js";
import { createApi } from "../support/api/api.js";
import { type ConsumerApi, createConsumerApi, writeBytes } from "../support/api/consumer-api.js";
import { createTestTopic, until } from "../support/broker/kafka.js";
import { receiver } from "../support/targets/http-receivers.js";

const url = process.env.TEST_SCHEMA_REGISTRY_URL ?? "";
const typeOf = (format: string) => `application/vnd.kafka.${format}.v2+json`;
const schemas = {
  avro: { schema: '{"type":"record","name":"A","fields":[{"name":"n","type":"long"}]}', value: '{"n":9007199254740993}' },
  jsonschema: { schema: '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object"}', value: '{"n":9007199254740993}' },
  protobuf: { schema: 'syntax = "proto3"; message A { int64 n = 1; }', value: '{"n":"9007199254740993"}' },
} as const;

/** Where there is no registry, the end of the run says so. */
describe.runIf(url !== "")("a consumer instance", () => {
  let api: ConsumerApi;
  beforeAll(async () => {
    api = await createConsumerApi({ env: { SCHEMA_REGISTRY_URL: url } });
  });
  afterAll(() => api.close());

  const produce = async (topic: string, format: keyof typeof schemas, count = 1): Promise<number> => {
    const producer = await createApi({ env: { SCHEMA_REGISTRY_URL: url }, kafka: api.kafka });
    const { schema, value } = schemas[format];
    const records = Array.from({ length: count }, () => `{"value":${value}}`).join(",");
    const answer = await producer.call(`POST /topics/${topic}`, {
      body: `{"value_schema":${JSON.stringify(schema)},"records":[${records}]}`,
      contentType: typeOf(format),
    });
    expect(answer.status).toBe(200);
    return answer.json.value_schema_id;
  };

  test.each(["avro", "jsonschema", "protobuf"] as const)(
    "of the format %s decodes with every digit, and answers in its type",
    async (format) => {
      const topic = await createTestTopic(api.kafka);
      await produce(topic, format, 2);
      await writeBytes(api.kafka, topic, 0, [null], Buffer.from("gone"));
      const instance = await api.instance({ topics: [topic], settings: { format } });

      const first = await instance.call("GET", "/records?timeout=20000", undefined, { accept: typeOf(format) });

      expect([first.status, first.type]).toEqual([200, typeOf(format)]);
      expect(first.text).toContain(`{"topic":"${topic}","key":null,"value":${schemas[format].value},"partition":0,"offset":1}`);
      expect(first.json[2] ?? (await instance.readMany(1))[0]).toMatchObject({ key: "gone", value: null, offset: 2 });
    },
  );

  test("stops at a record that cannot be decoded, with 42207 and its place, and a seek passes it", async () => {
    const topic = await createTestTopic(api.kafka);
    await produce(topic, "avro");
    await writeBytes(api.kafka, topic, 0, [Buffer.from("plain"), Buffer.concat([confluentPrefix(999_999), Buffer.of(2)])]);
    await produce(topic, "protobuf");
    await produce(topic, "avro");
    const instance = await api.instance({ topics: [topic], settings: { format: "avro" } });

    expect((await instance.read("?timeout=20000")).map(({ offset }) => offset)).toEqual([0]);
    for (const [offset, why] of [
      [1, "it does not name a schema"],
      [2, "no schema with the id 999999"],
      [3, "its schema is of the type PROTOBUF"],
    ] as const) {
      const stopped = await instance.call("GET", "/records?timeout=5000");
      expect([stopped.status, stopped.json.error_code]).toEqual([422, 42207]);
      expect(stopped.json.message).toContain(`offset ${offset} in partition 0`);
      expect(stopped.json.message).toContain(why);
      await instance.call("POST", "/positions", { offsets: [{ topic, partition: 0, offset: offset + 1 }] });
    }
    expect((await instance.readMany(1)).map(({ offset }) => offset)).toEqual([4]);
  });

  test("while the registry is away, is 503 and moves nothing", async () => {
    const topic = await createTestTopic(api.kafka);
    await produce(topic, "avro");
    let isAway = true;
    const registry = await receiver((response, { path }) => {
      if (isAway) response.writeHead(503).end();
      else void fetch(`${url}${path}`).then(async (answer) => response.writeHead(answer.status).end(await answer.text()));
    });
    const own = await createConsumerApi({ env: { SCHEMA_REGISTRY_URL: registry.url } });
    try {
      const instance = await own.instance({ topics: [topic], settings: { format: "avro" } });
      const away = await instance.call("GET", "/records?timeout=20000");
      expect([away.status, away.json.retriable]).toEqual([503, true]);
      isAway = false;
      // An outage is remembered for a moment.
      let back = away;
      await until(async () => {
        back = await instance.call("GET", "/records?timeout=1000");
        return back.status === 200;
      });
      expect(back.json.map(({ offset }: { offset: number }) => offset)).toEqual([0]);
    } finally {
      await own.close();
    }
  });

  test("a value that is far longer as JSON does not make an answer too long: the rest comes with the next read", async () => {
    const topic = await createTestTopic(api.kafka);
    const symbol = "S".repeat(200_000);
    const producer = await createApi({ env: { SCHEMA_REGISTRY_URL: url }, kafka: api.kafka });
    const schema = JSON.stringify({ type: "enum", name: "E", symbols: [symbol] });
    const body = JSON.stringify({ value_schema: schema, records: [1, 2, 3].map(() => ({ value: symbol })) });
    expect((await producer.call(`POST /topics/${topic}`, { body, contentType: typeOf("avro") })).status).toBe(200);
    const instance = await api.instance({ topics: [topic], settings: { format: "avro" } });

    const read = (await instance.read("?timeout=20000&max_bytes=450000")).map(({ offset }) => offset);
    expect(read).toEqual([0, 1]);
    expect((await instance.readMany(1)).map(({ offset }) => offset)).toEqual([2]);
  });
});
