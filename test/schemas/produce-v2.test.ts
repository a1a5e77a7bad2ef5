/** Producing by the v2 contract with schemas: a real registry, a real broker, and the bytes that are written. */
import { describe, expect, test } from "vitest";
import { type Api, createApi } from "../support/api/api.js";
import { recordsAt } from "../support/broker/topic-contents.js";
import { useApiWithRegistry } from "../support/schemas/api-with-registry.js";
import { receiver } from "../support/targets/http-receivers.js";

const url = process.env.TEST_SCHEMA_REGISTRY_URL ?? "";
const typeOf = (format: string) => `application/vnd.kafka.${format}.v2+json`;
const person = JSON.stringify({
  type: "record",
  name: "Person",
  fields: [
    { name: "name", type: "string" },
    { name: "born", type: "long" },
  ],
});

/** Where there is no registry, the end of the run says so. */
describe.runIf(url !== "")("with a schema registry, v2", () => {
  let api: Api;
  let topic: string;

  const createTopic = useApiWithRegistry(url, (made) => {
    api = made;
  });
  const newTopic = async () => {
    topic = await createTopic("v2-schemas");
  };
  const produce = (format: string, body: unknown, to = topic, by = api) =>
    by.call(`POST /topics/${to}`, { body, contentType: typeOf(format) });
  const countOf = async () => {
    const answer = await api.call(`GET /topics/${topic}/records?from=beginning`);
    expect(answer.status).toBe(200);
    return answer.json.records.length as number;
  };
  const versionsOf = async (subject: string) => {
    const answer = await fetch(`${url}/subjects/${subject}/versions`);
    return answer.status === 404 ? [] : ((await answer.json()) as number[]);
  };
  const prefix = (id: number) => Buffer.from([0, 0, 0, id >> 8, id & 255]);

  test("Avro is registered under the topic's subjects once, written with every digit, and null stays a tombstone", async () => {
    await newTopic();
    // The schema stands after the records that need it.
    const body = `{"records":[{"key":"ada","value":{"name":"Ada","born":9007199254740993}},{"key":"ada","value":null}],"key_schema":"\\"string\\"","value_schema":${JSON.stringify(person)}}`;

    for (const answer of await api.callBothWays(`POST /topics/${topic}`, { body, contentType: typeOf("avro") })) {
      expect(answer.status).toBe(200);
      const { offsets, key_schema_id: keyId, value_schema_id: valueId } = answer.json;
      expect([keyId, valueId]).toEqual([expect.any(Number), expect.any(Number)]);
      const [first, second] = await recordsAt(api.kafka, topic, offsets);
      const key = Buffer.concat([prefix(keyId), Buffer.from([6]), Buffer.from("ada")]);
      expect(first?.key).toEqual(key);
      // Zig-zag of 9007199254740993, as Avro's specification writes a long.
      expect(first?.value).toEqual(Buffer.concat([prefix(valueId), Buffer.from([6]), Buffer.from("Ada"), varint(9007199254740993n * 2n)]));
      expect([second?.key, second?.value]).toEqual([key, null]);
    }
    expect([await versionsOf(`${topic}-key`), await versionsOf(`${topic}-value`)]).toEqual([[1], [1]]);
  });

  test("a schema is named by its id, also for one partition", async () => {
    await newTopic();
    const registered = await produce("avro", { value_schema: person, records: [{ value: { name: "a", born: 1 } }] });
    const id = registered.json.value_schema_id;

    const answer = await api.call(`POST /topics/${topic}/partitions/0`, {
      body: { value_schema_id: id, records: [{ value: { name: "a", born: 1 } }] },
      contentType: typeOf("avro"),
    });

    expect([answer.status, answer.json.key_schema_id, answer.json.value_schema_id]).toEqual([200, null, id]);
    const [first, second] = await recordsAt(api.kafka, topic, [...registered.json.offsets, ...answer.json.offsets]);
    expect(second?.value).toEqual(first?.value);
  });

  test("JSON Schema validates and writes the JSON as it was sent; Protobuf writes the message indexes and the first message", async () => {
    await newTopic();
    const schema = '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"n":{"type":"integer"}}}';
    const json = await produce(
      "jsonschema",
      `{"value_schema":${JSON.stringify(schema)},"records":[{"value":{ "n": 12345678901234567890 }}]}`,
    );
    expect([json.status, json.text]).toEqual([200, expect.any(String)]);
    const [written] = await recordsAt(api.kafka, topic, json.json.offsets);
    expect(written?.value).toEqual(Buffer.concat([prefix(json.json.value_schema_id), Buffer.from('{"n":12345678901234567890}')]));

    await newTopic();
    const proto = 'syntax = "proto3"; message A { int64 n = 1; }';
    const answer = await produce("protobuf", { value_schema: proto, records: [{ value: { n: "5" } }] });
    expect(answer.status).toBe(200);
    const [message] = await recordsAt(api.kafka, topic, answer.json.offsets);
    expect(message?.value).toEqual(Buffer.concat([prefix(answer.json.value_schema_id), Buffer.from([0, 8, 5])]));
  });

  test("one value that does not fit refuses the request, names its place, and nothing is written", async () => {
    await newTopic();
    const good = { value: { name: "a", born: 1 } };
    const answer = await produce("avro", { value_schema: person, records: [good, { value: { name: "b", born: "yesterday" } }] });

    expect([answer.status, answer.json.error_code]).toEqual([400, 400]);
    expect(answer.json.message).toMatch(/^records\[1\]\.value: .* at born: expected .*, not a string/);
    expect(await countOf()).toBe(0);
  });

  test("values that do not fit JSON Schema and Protobuf are refused before anything is written", async () => {
    await newTopic();
    const schema = '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","required":["n"]}';
    expect(await produce("jsonschema", { value_schema: schema, records: [{ value: { n: 1 } }, { value: {} }] })).toMatchObject({
      status: 400,
      json: { message: expect.stringMatching(/^records\[1\]\.value: .*"required"/) },
    });
    expect(await countOf()).toBe(0);
    await newTopic();
    const proto = 'syntax = "proto3"; message A { int64 n = 1; }';
    expect(await produce("protobuf", { value_schema: proto, records: [{ value: { m: 1 } }] })).toMatchObject({ status: 400 });
    expect(await countOf()).toBe(0);
  });

  test("keys and values without their schemas, and two schemas for one of them, are refused", async () => {
    await newTopic();
    const cases: readonly (readonly [body: object, status: number, code: number, message: string])[] = [
      [{ value_schema: person, records: [{ key: "a" }] }, 422, 42201, "Request includes keys but does not include key schema."],
      [
        { key_schema: '"string"', records: [{ key: "a", value: {} }] },
        422,
        42202,
        "Request includes values but does not include value schema.",
      ],
      [
        { value_schema: person, value_schema_id: 1, records: [{ value: {} }] },
        400,
        400,
        'Only one of "value_schema" and "value_schema_id"',
      ],
      [{ value_schema: 5, records: [{ value: {} }] }, 400, 400, "value_schema: must be the schema's text as a string"],
      [{ value_schema_id: "5", records: [{ value: {} }] }, 400, 400, "value_schema_id: must be the id of a schema"],
    ];
    for (const [body, status, code, message] of cases) {
      const answer = await produce("avro", body);
      expect([answer.status, answer.json.error_code, answer.json.message]).toEqual([status, code, expect.stringContaining(message)]);
    }
  });

  test("a schema that cannot be parsed is 42205 and is not registered", async () => {
    await newTopic();
    for (const [format, schema] of [
      ["avro", '{"type":"nonsense"}'],
      ["avro", "{"],
      ["jsonschema", '{"type":"object","pattern":"("}'],
      ["protobuf", "message {"],
    ] as const) {
      const answer = await produce(format, { value_schema: schema, records: [{ value: {} }] });
      expect([schema, answer.status, answer.json.error_code]).toEqual([schema, 422, 42205]);
      expect(answer.json.message).toContain(`Invalid schema: Error when parsing raw schema. format = `);
    }
    expect(await versionsOf(`${topic}-value`)).toEqual([]);
  });

  test("what the registry refuses is 42207: an unknown id, an id of another subject or format, an incompatible schema", async () => {
    await newTopic();
    const other = await produce("avro", { value_schema: person, records: [{ value: { name: "a", born: 1 } }] });
    await newTopic();
    const ofAnother = other.json.value_schema_id as number;
    const refused = { status: 422, json: { error_code: 42207, message: expect.stringContaining("Error serializing message.") } };

    expect(await produce("avro", { value_schema_id: 999_999, records: [{ value: {} }] })).toMatchObject(refused);
    expect(await produce("avro", { value_schema_id: ofAnother, records: [{ value: {} }] })).toMatchObject(refused);
    expect(await produce("protobuf", { value_schema_id: ofAnother, records: [{ value: {} }] })).toMatchObject(refused);
    const subject = `${topic}-value`;
    await produce("avro", { value_schema: '"string"', records: [{ value: "a" }] });
    const headers = { "content-type": "application/vnd.schemaregistry.v1+json" };
    await fetch(`${url}/config/${subject}`, { method: "PUT", headers, body: '{"compatibility":"BACKWARD"}' });
    const incompatible = await produce("avro", { value_schema: '"int"', records: [{ value: 1 }] });
    expect(incompatible).toMatchObject(refused);
    expect(incompatible.json.message).toContain(`subject = ${subject}, schema = "int"`);
    expect(await countOf()).toBe(1);
  });

  test.each([
    [401, 401, 40101],
    [403, 403, 40301],
    [408, 503, 503],
    [429, 503, 503],
  ])("a registry that answers %i is %i with %i, and nothing is written", async (answered, status, code) => {
    await newTopic();
    const registry = await receiver((response) => response.writeHead(answered).end(`{"error_code":${answered}01,"message":"no"}`));
    const other = await createApi({ env: { SCHEMA_REGISTRY_URL: registry.url }, kafka: api.kafka });

    const answer = await produce("avro", { value_schema: person, records: [{ value: { name: "a", born: 1 } }] }, topic, other);

    expect([answer.status, answer.json.error_code, answer.json.retriable]).toEqual([status, code, status === 503]);
    expect(await countOf()).toBe(0);
  });

  test("a registry that cannot be reached is 503 at once, and nothing is written; JSON is still written", async () => {
    await newTopic();
    const alone = await createApi({ env: { SCHEMA_REGISTRY_URL: "http://127.0.0.1:1" }, kafka: api.kafka });

    const answer = await produce("avro", { value_schema: person, records: [{ value: { name: "a", born: 1 } }] }, topic, alone);

    expect([answer.status, answer.json.error_code]).toEqual([503, 503]);
    expect(await countOf()).toBe(0);
    expect((await produce("json", { records: [{ value: 1 }] }, topic, alone)).status).toBe(200);
  });
});

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}
