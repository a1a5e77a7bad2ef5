/** Producing by the v3 contract with schemas: every combination of members, each format, and what each record's report says. */
import { beforeAll, describe, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { clusterId } from "../../lib/kafka/admin/cluster.js";
import { type Api, createApi } from "../support/api/api.js";
import { recordsAt } from "../support/broker/topic-contents.js";
import { uniqueName } from "../support/broker/unique-names.js";
import { useApiWithRegistry } from "../support/schemas/api-with-registry.js";
import { type Combination, combinations } from "../support/schemas/v3-combinations.js";
import { receiver } from "../support/targets/http-receivers.js";

const url = process.env.TEST_SCHEMA_REGISTRY_URL ?? "";
const deadline = () => createDeadline(20_000);
const registryHeaders = { "content-type": "application/vnd.schemaregistry.v1+json" };

/** Of each format: a schema with a name, a value that fits it and its bytes after the prefix. */
const formats = {
  AVRO: {
    schema: (name: string) => JSON.stringify({ type: "record", name, namespace: "com.x", fields: [{ name: "n", type: "long" }] }),
    schemaType: "AVRO",
    nameOf: (name: string) => `com.x.${name}`,
    data: { n: 5 },
    bytes: Buffer.of(10),
  },
  JSONSCHEMA: {
    schema: (name: string) =>
      JSON.stringify({
        $schema: "http://json-schema.org/draft-07/schema#",
        title: name,
        type: "object",
        properties: { n: { type: "integer" } },
      }),
    schemaType: "JSON",
    nameOf: (name: string) => name,
    data: { n: 5 },
    bytes: Buffer.from('{"n":5}'),
  },
  PROTOBUF: {
    schema: (name: string) => `syntax = "proto3"; package com.x; message ${name} { int32 n = 1; }`,
    schemaType: "PROTOBUF",
    nameOf: (name: string) => `com.x.${name}`,
    data: { n: 5 },
    bytes: Buffer.of(0, 8, 5),
  },
} as const;
type Format = keyof typeof formats;
const formatNames = Object.keys(formats) as Format[];

/** Where there is no registry, the end of the run says so. */
describe.runIf(url !== "")("with a schema registry, v3", () => {
  let api: Api;
  let cluster: string;
  let topic: string;

  const createTopic = useApiWithRegistry(url, async (made) => {
    api = made;
    cluster = await clusterId(api.kafka, deadline());
  });
  const newTopic = async (partitionsCount = 1) => {
    topic = await createTopic("v3-schemas", partitionsCount);
  };
  const place = (to = topic) => `/v3/clusters/${cluster}/topics/${to}/records`;
  /** The reports of records that are sent one after another. */
  const stream = async (records: readonly object[], by = api, to = topic) => {
    const answer = await by.call(`POST ${place(to)}`, { body: records.map((record) => JSON.stringify(record)).join("\n") });
    return { status: answer.status, reports: answer.text.split("\r\n").map((line) => JSON.parse(line)) };
  };
  const batch = async (records: readonly object[], by = api, to = topic) => {
    const entries = records.map((record, index) => ({ id: `e${index}`, ...record }));
    return by.call(`POST ${place(to)}:batch`, { body: { entries } });
  };
  const register = async (subject: string, format: Format, name: string): Promise<number> => {
    const { schema, schemaType } = formats[format];
    const body = JSON.stringify({ schema: schema(name), schemaType });
    const answer = await fetch(`${url}/subjects/${subject}/versions`, { method: "POST", headers: registryHeaders, body });
    expect(answer.status).toBe(200);
    return ((await answer.json()) as { id: number }).id;
  };
  const versionsOf = async (subject: string) => {
    const answer = await fetch(`${url}/subjects/${subject}/versions`);
    return answer.status === 404 ? [] : ((await answer.json()) as number[]);
  };
  const writtenValue = async ({ partition_id, offset }: { partition_id: number; offset: number }) =>
    (await recordsAt(api.kafka, topic, [{ partition: partition_id, offset }]))[0]?.value;
  const prefix = (id: number) => Buffer.from([0, 0, 0, id >> 8, id & 255]);

  describe.each(formatNames)("%s", (format) => {
    const { schema, nameOf, data, bytes } = formats[format];
    const name = `R${uniqueName("x").replace(/\W/g, "")}`;
    const subjects: Readonly<Record<string, () => string>> = {
      none: () => `${topic}-value`,
      subject: () => `${name}-chosen`,
      TOPIC_NAME: () => `${topic}-value`,
      RECORD_NAME: () => nameOf(name),
      TOPIC_RECORD_NAME: () => `${topic}-${nameOf(name)}`,
    };
    let id = 0;

    beforeAll(async () => {
      await newTopic();
      for (const subject of new Set(Object.values(subjects).map((of) => of()))) id = await register(subject, format, name);
    });
    const valueFor = ({ type, given, subject }: Combination) => ({
      ...(type === "none" ? {} : { type: type === "plain" ? "JSON" : format }),
      ...(given.includes("id") ? { schema_id: id } : {}),
      ...(given.includes("version") ? { schema_version: 1 } : {}),
      ...(given.includes("text") ? { schema: schema(name) } : {}),
      ...(subject === "subject" || subject === "both" ? { subject: `${name}-chosen` } : {}),
      ...(subject === "none" || subject === "subject" ? {} : { subject_name_strategy: subject === "both" ? "TOPIC_NAME" : subject }),
      data,
    });

    test("every combination of type, schema, id, version, subject and strategy is written or refused as by Confluent, in a stream and in a batch", async () => {
      const records = combinations.map((one) => ({ value: valueFor(one) }));
      const { status, reports } = await stream(records);
      const inBatch = await batch(records);

      expect([status, reports.length, inBatch.status]).toEqual([200, combinations.length, 207]);
      const inBatchById = new Map([...inBatch.json.successes, ...inBatch.json.failures].map((one) => [one.id, one]));
      for (const [index, one] of combinations.entries()) {
        const report = reports[index];
        const ofBatch = inBatchById.get(`e${index}`);
        if (one.expected !== "written") {
          const refusal = { error_code: 400, message: expect.stringContaining(one.expected), retriable: false, maybe_written: false };
          expect({ one, report, ofBatch }).toMatchObject({ one, report: refusal, ofBatch: refusal });
          continue;
        }
        const size = one.type === "plain" ? 7 : 5 + bytes.length;
        const value =
          one.type === "plain"
            ? { type: "JSON", size }
            : { type: format, subject: subjects[one.subject]?.(), schema_id: id, schema_version: 1, size };
        expect({ one, report, ofBatch }).toMatchObject({ one, report: { error_code: 200, value }, ofBatch: { value } });
      }
      const first = reports[combinations.findIndex(({ type, expected }) => type === "schema" && expected === "written")];
      expect(await writtenValue(first)).toEqual(Buffer.concat([prefix(id), bytes]));
    });

    test("a value that does not fit fails alone, with its place", async () => {
      const wrong = { type: format, schema: schema(name), data: { n: "no number" } };
      const { reports } = await stream([{ value: wrong }, { value: { ...wrong, data } }]);
      expect(reports).toMatchObject([
        { error_code: 400, message: expect.stringMatching(/^record 0\.value: .*does not fit/) },
        { error_code: 200 },
      ]);
      expect((await batch([{ value: { ...wrong, data } }, { value: wrong }])).json).toMatchObject({
        successes: [{ id: "e0" }],
        failures: [{ id: "e1", error_code: 400, message: expect.stringMatching(/^entries\[1\]\.value: /) }],
      });
    });

    test("null is a tombstone, and the report names the schema", async () => {
      const { reports } = await stream([{ value: { type: format, schema: schema(name), data: null } }]);
      expect(reports).toMatchObject([{ error_code: 200, value: { type: format, schema_id: id, size: 0 } }]);
      expect(await writtenValue(reports[0])).toBeNull();
    });
  });

  test("key and value have formats of their own, also one with and one without a schema", async () => {
    await newTopic();
    const avro = { type: "AVRO", schema: '"string"', data: "ada" };
    const proto = { type: "PROTOBUF", schema: formats.PROTOBUF.schema("A"), data: { n: 5 } };
    const { reports } = await stream([
      { key: avro, value: proto },
      { key: { type: "STRING", data: "ada" }, value: avro },
      { key: proto, value: { type: "BINARY", data: "AAE=" } },
    ]);

    expect(reports).toMatchObject([
      { key: { type: "AVRO", subject: `${topic}-key`, size: 9 }, value: { type: "PROTOBUF", subject: `${topic}-value`, size: 8 } },
      { key: { type: "STRING", size: 3 }, value: { type: "AVRO", subject: `${topic}-value`, schema_version: 2 } },
      { key: { type: "PROTOBUF", subject: `${topic}-key`, schema_version: 2 }, value: { type: "BINARY", size: 2 } },
    ]);
  });

  test("the latest version is used where nothing names a schema, and its number is in the report", async () => {
    await newTopic();
    const before = await stream([{ value: { data: { n: 5 } } }]);
    expect(before.reports).toMatchObject([
      {
        error_code: 422,
        message: `Error: 42207 : record 0.value: Error serializing message. Error when fetching latest schema version. subject = ${topic}-value\nSchema does not exist for subject: ${topic}-value, version: latest.`,
      },
    ]);
    const id = await register(`${topic}-value`, "AVRO", "Latest");
    const other = await createApi({ env: { SCHEMA_REGISTRY_URL: url }, kafka: api.kafka });
    expect((await stream([{ value: { data: { n: 5 } } }], other)).reports).toMatchObject([
      { value: { type: "AVRO", subject: `${topic}-value`, schema_id: id, schema_version: 1, size: 6 } },
    ]);
  });

  test("a schema that cannot be parsed is 42205; what the registry does not have, or refuses, is 42207; a version that does not exist is 400", async () => {
    await newTopic();
    await register(`${topic}-value`, "AVRO", "Known");
    const ofAnother = await register(uniqueName("another"), "AVRO", "Another");
    await fetch(`${url}/config/${topic}-value`, { method: "PUT", headers: registryHeaders, body: '{"compatibility":"BACKWARD"}' });
    const cases: readonly (readonly [value: object, code: number, message: string])[] = [
      [
        { type: "AVRO", schema: "{", data: 1 },
        422,
        "Error: 42205 : record 0.value: Invalid schema: Error when parsing raw schema. format = AVRO, schema = {",
      ],
      [{ type: "JSONSCHEMA", schema: '{"pattern":"("}', data: 1 }, 422, "Error: 42205 : "],
      [{ type: "PROTOBUF", schema: "message {", data: 1 }, 422, "Error: 42205 : "],
      [
        { schema_id: 999_999, data: 1 },
        422,
        "Error: 42207 : record 1.value: Error serializing message. Error when fetching schema by id. schemaId = 999999",
      ],
      [{ schema_id: ofAnother, data: 1 }, 422, `Error when fetching schema version. subject = ${topic}-value, schema = `],
      [{ schema_version: 9, data: 1 }, 400, `Schema does not exist for subject: ${topic}-value, version: 9`],
      [
        { type: "AVRO", schema: '"int"', data: 1 },
        422,
        `Error when registering schema. format = AVRO, subject = ${topic}-value, schema = "int"`,
      ],
      [{ type: "JSONSCHEMA", schema: "true", subject_name_strategy: "RECORD_NAME", data: 1 }, 400, "schema that has no name"],
      [{ schema_id: "5", data: 1 }, 400, "value.schema_id: must be the id of a schema"],
      [{ schema_version: 0, data: 1 }, 400, "value.schema_version: must be the version of a schema"],
      [{ subject: "", data: 1 }, 400, "value.subject: must be the name of a subject"],
      [
        { subject_name_strategy: "NONE", data: 1 },
        400,
        "value.subject_name_strategy: must be one of TOPIC_NAME, RECORD_NAME, TOPIC_RECORD_NAME",
      ],
      [{ type: "XML", data: 1 }, 400, 'value.type: must be one of BINARY, STRING, JSON, AVRO, JSONSCHEMA and PROTOBUF, not "XML"'],
    ];
    const { reports } = await stream(cases.map(([value]) => ({ value })));
    for (const [index, [value, code, message]] of cases.entries())
      expect({ value, ...reports[index] }).toMatchObject({
        value,
        error_code: code,
        message: expect.stringContaining(message.replace(/record \d/, `record ${index}`)),
      });
    expect(await versionsOf(`${topic}-value`)).toEqual([1]);
  });

  test("a registry that is away, or does not know us, refuses the whole request before anything is written; one that forbids a subject, its records", async () => {
    await newTopic();
    const value = { type: "AVRO", schema: '"string"', data: "a" };
    const records = [{ value: { type: "JSON", data: 1 } }, { value }];
    const by = async (status: number) => {
      const registry = await receiver((response) => response.writeHead(status).end(`{"error_code":${status}01,"message":"no"}`));
      return createApi({ env: { SCHEMA_REGISTRY_URL: registry.url }, kafka: api.kafka });
    };
    const alone = await createApi({ env: { SCHEMA_REGISTRY_URL: "http://127.0.0.1:1" }, kafka: api.kafka });

    expect(await stream(records, alone)).toMatchObject({
      status: 503,
      reports: [{ error_code: 503, retriable: true, maybe_written: false }],
    });
    expect((await batch(records, alone)).status).toBe(503);
    expect(await stream(records, await by(401))).toMatchObject({ status: 401, reports: [{ error_code: 40101 }] });
    expect((await api.call(`GET /topics/${topic}/records`)).json.records).toEqual([]);
    expect(await stream(records, await by(403))).toMatchObject({ status: 200, reports: [{ error_code: 200 }, { error_code: 40301 }] });
  });

  test("a request may use 100 different schemas", async () => {
    await newTopic();
    const records = Array.from({ length: 102 }, (_, index) => ({ value: { schema_version: 1, subject: `none-${index}`, data: 1 } }));
    const { reports } = await stream(records);
    expect(reports.slice(99, 102)).toMatchObject([
      { message: expect.stringContaining("Schema does not exist") },
      { error_code: 400, message: expect.stringContaining("at most 100 different schemas") },
      { error_code: 400 },
    ]);
  });

  test("nothing is registered for a topic that does not exist", async () => {
    const missing = uniqueName("missing");
    const value = { type: "AVRO", schema: '"string"', data: "a" };
    expect(await stream([{ value }], api, missing)).toMatchObject({ status: 404, reports: [{ error_code: 40401 }] });
    expect((await batch([{ value }], api, missing)).json).toMatchObject({ failures: [{ id: "e0", error_code: 40401 }] });
    const v2 = { body: { value_schema: '"string"', records: [{ value: "a" }] }, contentType: "application/vnd.kafka.avro.v2+json" };
    expect((await api.call(`POST /topics/${missing}`, v2)).status).toBe(404);
    expect(await versionsOf(`${missing}-value`)).toEqual([]);
  });
});
