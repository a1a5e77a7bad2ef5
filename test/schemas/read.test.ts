/** Reading values that name a schema: a real registry, a real broker, every format, and what cannot be decoded. */
import { describe, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { clusterId } from "../../lib/kafka/admin/cluster.js";
import type { OutgoingRecord } from "../../lib/kafka/records.js";
import { confluentPrefix } from "../../lib/schemas/framing.js";
import { type Api, createApi } from "../support/api/api.js";
import { useApiWithRegistry } from "../support/schemas/api-with-registry.js";
import { receiver } from "../support/targets/http-receivers.js";

const url = process.env.TEST_SCHEMA_REGISTRY_URL ?? "";
const deadline = () => createDeadline(20_000);
const person = JSON.stringify({
  type: "record",
  name: "Person",
  fields: [
    { name: "name", type: ["null", "string"] },
    { name: "born", type: "long" },
    { name: "paid", type: { type: "bytes", logicalType: "decimal", precision: 6, scale: 2 } },
  ],
});
const ada = '{"name":{"string":"Ada"},"born":9007199254740993,"paid":"\\u0004Ò"}';
const registryError = /^The schema registry has no schema with the id 999999/;

/** Where there is no registry, the end of the run says so. */
describe.runIf(url !== "")("with a schema registry, a read", () => {
  let api: Api;
  let topic: string;

  const createTopic = useApiWithRegistry(url, (made) => {
    api = made;
  });
  const newTopic = async () => {
    topic = await createTopic("read-schemas");
  };
  const produce = async (format: string, body: string) => {
    const answer = await api.call(`POST /topics/${topic}`, { body, contentType: `application/vnd.kafka.${format}.v2+json` });
    expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
    return answer.json.value_schema_id as number;
  };
  const write = async (...records: readonly Partial<OutgoingRecord>[]) => {
    const outcomes = await api.kafka.producer.produce(
      topic as never,
      records.map((record) => ({ key: null, value: null, headers: [], ...record })),
      deadline(),
    );
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(records.map(() => "written"));
  };
  const read = async (query = "", options: Parameters<Api["call"]>[1] = {}, by = api) =>
    by.call(`GET /topics/${topic}/records?from=beginning${query}`, options);
  const avroBody = (values: readonly string[]) =>
    `{"key_schema":"\\"string\\"","value_schema":${JSON.stringify(person)},"records":[${values.map((value) => `{"key":"a","value":${value}}`).join(",")}]}`;

  test("decodes Avro with every digit by default, and says which schema was used; other values stay as they are", async () => {
    await newTopic();
    const id = await produce("avro", avroBody([ada, "null"]));
    await write({ value: Buffer.from('{"plain":1}') }, { value: Buffer.from("text") });

    const answer = await read();

    expect(answer.status).toBe(200);
    expect(answer.text).toContain(`"value":${JSON.stringify(JSON.parse(ada)).replace("9007199254740992", "9007199254740993")}`);
    expect(answer.json.records).toMatchObject([
      { key: "a", key_format: "avro", key_schema: { id: expect.any(Number) }, value_format: "avro", value_schema: { id } },
      { key: "a", value: null },
      { value: { plain: 1 }, value_format: "json" },
      { value: "text", value_format: "string" },
    ]);
    expect(Object.keys(answer.json.records[1])).not.toContain("value_schema");
  });

  test("shows decimals, days and times as such with logical=true", async () => {
    await newTopic();
    await produce("avro", avroBody([ada]));
    expect((await read("&logical=true")).text).toContain('"paid":12.34');
    expect((await read("&logical=yes")).status).toBe(400);
  });

  test("decodes JSON Schema as it was written, and Protobuf with its message's name", async () => {
    await newTopic();
    const schema = '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object"}';
    await produce("jsonschema", `{"value_schema":${JSON.stringify(schema)},"records":[{"value":{"n":12345678901234567890}}]}`);
    expect((await read()).text).toContain('"value":{"n":12345678901234567890},"value_format":"jsonschema","value_schema":{"id":');
    await newTopic();
    const proto = 'syntax = "proto3"; package p; message A { int64 big_number = 1; repeated string tags = 2; }';
    await produce("protobuf", `{"value_schema":${JSON.stringify(proto)},"records":[{"value":{"bigNumber":"9007199254740993"}}]}`);
    expect((await read()).json.records).toMatchObject([
      {
        value: { bigNumber: "9007199254740993", tags: [] },
        value_format: "protobuf",
        value_schema: { id: expect.any(Number), message: "p.A" },
      },
    ]);
  });

  test("gives what cannot be decoded in base64 with the reason, that record alone", async () => {
    await newTopic();
    const id = await produce("avro", avroBody([ada]));
    const unknown = Buffer.concat([confluentPrefix(999_999), Buffer.of(2)]);
    const broken = Buffer.concat([confluentPrefix(id), Buffer.of(2, 200)]);
    await write({ value: unknown }, { value: broken }, { value: unknown });
    await produce("avro", avroBody([ada]));

    const { records } = (await read()).json;

    expect(records.map(({ value_format }: { value_format: string }) => value_format)).toEqual([
      "avro",
      "base64",
      "base64",
      "base64",
      "avro",
    ]);
    expect(records[1]).toMatchObject({ value: unknown.toString("base64"), value_error: expect.stringMatching(registryError) });
    expect(records[2]).toMatchObject({
      value: broken.toString("base64"),
      value_error: expect.stringMatching(/cannot be read by their Avro schema/),
    });
  });

  test("decodes only what has the format that value_format or Accept asks for", async () => {
    await newTopic();
    const id = await produce("avro", avroBody([ada]));
    await write({ key: Buffer.from("k"), value: Buffer.from("text") });

    const byQuery = (await read("&value_format=avro")).json.records;
    expect(byQuery).toMatchObject([
      { value_schema: { id } },
      {
        key: "k",
        key_format: "string",
        value: "dGV4dA==",
        value_format: "base64",
        value_error: expect.stringContaining("does not name a schema"),
      },
    ]);
    expect((await read("&value_format=protobuf")).json.records[0]).toMatchObject({
      value_format: "base64",
      value_error: "Its schema is of the type AVRO.",
    });
    expect((await read("&value_format=schema")).json.records[0]).toMatchObject({ value_format: "avro" });
    const raw = (await read("&value_format=base64&key_format=base64")).json.records[0];
    expect([raw.value_format, raw.value_error, raw.value_schema]).toEqual(["base64", undefined, undefined]);
    const accepted = await read("", { accept: "application/vnd.kafka.avro.v2+json" });
    expect(accepted.headers["content-type"]).toBe("application/vnd.kafka.avro.v2+json");
    expect(accepted.json.records).toMatchObject([
      { key_format: "avro", value_format: "avro" },
      { key_format: "base64", value_format: "base64" },
    ]);
  });

  test("of one record, and of one partition by v3, decodes alike", async () => {
    await newTopic();
    const id = await produce("avro", avroBody([ada]));
    const cluster = await clusterId(api.kafka, deadline());
    const place = `/v3/clusters/${cluster}/topics/${topic}/partitions/0/records`;

    expect((await api.call(`GET ${place}/0`)).json).toMatchObject({
      value: { born: 9007199254740992 },
      value_format: "avro",
      value_schema: { id },
    });
    expect((await api.call(`GET ${place}/0?value_format=base64`)).json).toMatchObject({ value_format: "base64" });
    expect((await api.call(`GET ${place}`)).json.records).toMatchObject([{ value_format: "avro" }]);
  });

  test("finds the schema by the GUID in the header __value_schema_id", async () => {
    await newTopic();
    const guid = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
    const registry = await receiver((response, { path }) => {
      expect(path).toBe(`/schemas/guids/${guid}`);
      response.end(JSON.stringify({ schema: '"long"', schemaType: "AVRO", guid }));
    });
    const header = Buffer.concat([Buffer.of(1), Buffer.from(guid.replaceAll("-", ""), "hex")]);
    await write({ value: Buffer.of(10), headers: [{ name: "__value_schema_id", value: header }] });
    const other = await createApi({ env: { SCHEMA_REGISTRY_URL: registry.url }, kafka: api.kafka });

    expect((await read("", {}, other)).json.records).toMatchObject([{ value: 5, value_format: "avro", value_schema: { guid } }]);
  });

  test("filters by what is inside a decoded value", async () => {
    await newTopic();
    await produce("avro", avroBody([ada, ada.replace("9007199254740993", "7"), ada]));

    const answer = await read(`&filter=${encodeURIComponent('{"value":{"born":[9007199254740993]}}')}`);

    expect(answer.json).toMatchObject({ scanned: 3, scan_limited: false });
    expect(answer.json.records.map(({ offset }: { offset: number }) => offset)).toEqual([0, 2]);
  });

  test("while the registry is away, gives the bytes and the reason by default, and is 503 where decoded values are asked for", async () => {
    await newTopic();
    await produce("avro", avroBody([ada, ada]));
    await write({ value: Buffer.from("text") });
    const alone = await createApi({ env: { SCHEMA_REGISTRY_URL: "http://127.0.0.1:1" }, kafka: api.kafka });

    const { records } = (await read("", {}, alone)).json;
    expect(records.map(({ value_format }: { value_format: string }) => value_format)).toEqual(["base64", "base64", "string"]);
    expect(records[0].value_error).toMatch(/^The schema registry is unavailable/);
    expect(await read("&value_format=avro", {}, alone)).toMatchObject({ status: 503, json: { retriable: true } });
    expect(await read(`&filter=${encodeURIComponent('{"value":{"born":[7]}}')}`, {}, alone)).toMatchObject({ status: 503 });
  });

  test("asks for at most 20 schemas that it does not know yet; the cursor goes on, and nothing is left out", async () => {
    await newTopic();
    const ids = Array.from({ length: 50 }, (_, index) => 900_000 + index);
    await write(...ids.map((id) => ({ value: Buffer.concat([confluentPrefix(id), Buffer.of(2)]) })));

    const offsets: number[] = [];
    let reads = 0;
    for (let query = "from=beginning"; ; reads++) {
      const { records, cursor } = (await api.call(`GET /topics/${topic}/records?${query}`)).json;
      if (records.length === 0) break;
      offsets.push(...records.map(({ offset }: { offset: number }) => offset));
      query = `cursor=${cursor}`;
    }
    expect(offsets).toEqual(ids.map((_, index) => index));
    expect(reads).toBeGreaterThanOrEqual(3);
  });

  test("without a registry refuses formats that need one, and gives the bytes as before", async () => {
    await newTopic();
    await produce("avro", avroBody([ada]));
    const without = await createApi({ kafka: api.kafka });

    expect(await read("&value_format=avro", {}, without)).toMatchObject({
      status: 400,
      json: { message: expect.stringContaining("value_format=avro needs a schema registry") },
    });
    expect((await read("", {}, without)).json.records[0]).toMatchObject({ value_format: "base64" });
  });
});
