/** Bytes to JSON by the schema that they name: with a real registry, in every framing and format. */
import { afterAll, describe, expect, test } from "vitest";
import { parseConfig } from "../../lib/config.js";
import { createDeadline } from "../../lib/deadline.js";
import { avroSchema, createAvroCodec } from "../../lib/schemas/avro/codec.js";
import { createDeserializer, type JsonForm } from "../../lib/schemas/deserializer.js";
import { confluentPrefix, formatMessageIndexes } from "../../lib/schemas/framing.js";
import { createProtobufCodec } from "../../lib/schemas/protobuf/codec.js";
import { openRegistry } from "../../lib/schemas/registry/open.js";
import type { SchemaType } from "../../lib/schemas/registry/registry.js";
import { uniqueName } from "../support/broker/unique-names.js";

const url = process.env.TEST_SCHEMA_REGISTRY_URL ?? "";
const registry = openRegistry(parseConfig({ SCHEMA_REGISTRY_URL: url || "http://127.0.0.1:1" }));
afterAll(() => registry?.close());
const deadline = () => createDeadline(20_000);

/** Where there is no registry, the end of the run says so. */
describe.runIf(url !== "" && registry !== undefined)("a deserializer", () => {
  if (registry === undefined) return;
  const deserializer = createDeserializer({ confluent: registry });
  const register = async (type: SchemaType, text: string): Promise<number> =>
    (await registry.register(uniqueName("decode"), { type, text, references: [] }, deadline())).id;
  const decode = (bytes: Buffer, options?: JsonForm) => deserializer.decode(bytes, [], "value", deadline(), options);

  test("decodes Avro by its id, with every digit, and at once where the schema is known", async () => {
    const schema =
      '{"type":"record","name":"P","fields":[{"name":"n","type":"long"},{"name":"s","type":["null","string"]},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}}]}';
    const id = await register("AVRO", schema);
    const value = '{"n":9007199254740993,"s":{"string":"a"},"at":0}';
    const bytes = Buffer.concat([confluentPrefix(id), createAvroCodec(avroSchema(schema)).encode(value)]);

    const first = decode(bytes);
    expect(first).toBeInstanceOf(Promise);
    expect(await first).toEqual({ json: value, schema: { type: "AVRO", id } });
    expect(decode(bytes)).toEqual({ json: value, schema: { type: "AVRO", id } });
    expect(decode(bytes, { unions: "plain", logical: true })).toMatchObject({
      json: '{"n":9007199254740993,"s":"a","at":"1970-01-01T00:00:00.000Z"}',
    });
  });

  test("decodes the Protobuf message that the indexes name, and JSON as it was written", async () => {
    const proto = 'syntax = "proto3"; package p; message A { int64 n = 1; message B { string s = 1; } }';
    const id = await register("PROTOBUF", proto);
    const inner = createProtobufCodec(proto).encode('{"s":"x"}', [0, 0]);
    expect(await decode(Buffer.concat([confluentPrefix(id), formatMessageIndexes([0, 0]), inner]))).toEqual({
      json: '{"s":"x"}',
      schema: { type: "PROTOBUF", id, message: "p.A.B" },
    });

    const jsonId = await register("JSON", '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object"}');
    const json = '{"n": 12345678901234567890}';
    expect(await decode(Buffer.concat([confluentPrefix(jsonId), Buffer.from(json)]))).toEqual({
      json,
      schema: { type: "JSON", id: jsonId },
    });
  });

  test("bytes that name no schema, or one of a registry that is not configured, are left alone", () => {
    expect(decode(Buffer.from("plain text"))).toBeUndefined();
    expect(decode(Buffer.from([3, 0, ...Buffer.alloc(20)]))).toBeUndefined();
  });

  test("an unknown id, and bytes that do not fit the schema, are the record's own fault", async () => {
    await expect(decode(Buffer.concat([confluentPrefix(999_999), Buffer.of(2)]))).rejects.toMatchObject({
      code: "schema-not-found",
      failure: { blame: "record" },
    });
    const id = await register("AVRO", '"long"');
    await expect(decode(Buffer.concat([confluentPrefix(id), Buffer.of(2, 2)]))).rejects.toMatchObject({ code: "record-undecodable" });
  });

  test("a schema that cannot be used here makes its records undecodable, each time", async () => {
    const invalid = createDeserializer({
      confluent: { ...registry, byId: async () => ({ type: "AVRO", text: '{"type":"nonsense"}', references: [], resolved: [] }) },
    });
    const bytes = Buffer.concat([confluentPrefix(1), Buffer.of(2)]);
    await expect(invalid.decode(bytes, [], "value", deadline())).rejects.toMatchObject({ code: "record-undecodable" });
    expect(() => invalid.decode(bytes, [], "value", deadline())).toThrow(/^The record's schema cannot be used: /);
  });

  test("a registry that cannot be reached is never the record's fault", async () => {
    const away = openRegistry(parseConfig({ SCHEMA_REGISTRY_URL: "http://127.0.0.1:1" }));
    const bytes = Buffer.concat([confluentPrefix(1), Buffer.of(2)]);
    await expect(createDeserializer({ confluent: away }).decode(bytes, [], "value", deadline())).rejects.toMatchObject({
      code: "registry-unavailable",
      failure: { blame: "target" },
    });
  });
});
