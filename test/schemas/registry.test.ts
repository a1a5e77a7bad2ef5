/** The registry client against a real registry with Confluent's API. */
import { afterAll, describe, expect, test } from "vitest";
import { parseConfig } from "../../lib/config.js";
import { createDeadline } from "../../lib/deadline.js";
import { avroSchema, createAvroCodec } from "../../lib/schemas/avro/codec.js";
import { createProtobufCodec } from "../../lib/schemas/protobuf/codec.js";
import { openRegistry } from "../../lib/schemas/registry/open.js";
import type { SchemaText } from "../../lib/schemas/registry/registry.js";
import { uniqueName } from "../support/broker/unique-names.js";

const url = process.env.TEST_SCHEMA_REGISTRY_URL ?? "";
const registry = openRegistry(parseConfig({ SCHEMA_REGISTRY_URL: url || "http://127.0.0.1:1" }));
afterAll(() => registry?.close());
const deadline = () => createDeadline(20_000);
const avro = (schema: unknown): SchemaText => ({ type: "AVRO", text: JSON.stringify(schema), references: [] });

/** Where there is no registry, the end of the run says so. */
describe.runIf(url !== "" && registry !== undefined)("a registry", () => {
  if (registry === undefined) return;

  test("registers a schema once, and finds it by id, by version, as the latest and by its text", async () => {
    const subject = `${uniqueName("subject")}-value`;
    const schema = avro({ type: "record", name: "A", fields: [{ name: "a", type: "int" }] });

    expect(await registry.lookUp(subject, schema, deadline())).toBeUndefined();
    const registered = await registry.register(subject, schema, deadline());
    const again = await registry.register(subject, schema, deadline());

    expect(again).toEqual(registered);
    expect(registered).toMatchObject({ subject, version: 1, type: "AVRO", id: expect.any(Number) });
    expect(await registry.byId(registered.id, deadline())).toMatchObject({ type: "AVRO", resolved: [] });
    expect(await registry.byVersion(subject, 1, deadline())).toMatchObject({ id: registered.id });
    expect(await registry.byVersion(subject, "latest", deadline())).toMatchObject({ id: registered.id });
    expect(await registry.subjects(deadline())).toContain(subject);
    expect(await registry.versions(subject, deadline())).toEqual([1]);
  });

  test("resolves references of references, each before those that use it", async () => {
    const [inner, middle, outer] = [uniqueName("inner"), uniqueName("middle"), uniqueName("outer")];
    await registry.register(inner, avro({ type: "enum", name: "x.Colour", symbols: ["RED"] }), deadline());
    await registry.register(
      middle,
      {
        ...avro({ type: "record", name: "x.Car", fields: [{ name: "colour", type: "x.Colour" }] }),
        references: [{ name: "x.Colour", subject: inner, version: 1 }],
      },
      deadline(),
    );
    const { id } = await registry.register(
      outer,
      {
        ...avro({ type: "record", name: "x.Garage", fields: [{ name: "car", type: "x.Car" }] }),
        references: [{ name: "x.Car", subject: middle, version: 1 }],
      },
      deadline(),
    );

    const { text, resolved } = await registry.byId(id, deadline());

    expect(resolved.map(({ name }) => name)).toEqual(["x.Colour", "x.Car"]);
    const codec = createAvroCodec(
      avroSchema(
        text,
        resolved.map((one) => one.text),
      ),
    );
    expect(codec.decode(codec.encode('{"car":{"colour":"RED"}}'))).toBe('{"car":{"colour":"RED"}}');
  });

  test("gives Protobuf and JSON Schema as they were registered", async () => {
    const subject = uniqueName("subject");
    const text = 'syntax = "proto3"; package p; message A { int64 n = 1; }';
    const { id } = await registry.register(subject, { type: "PROTOBUF", text, references: [] }, deadline());
    const found = await registry.byId(id, deadline());

    const codec = createProtobufCodec(found.text, found.resolved);
    expect(codec.decode(codec.encode('{"n":"5"}', [0]), [0])).toBe('{"n":"5"}');
    // Without $schema this registry takes it for no schema at all; Confluent's does not mind.
    const jsonSchema = '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object"}';
    const json = await registry.register(uniqueName("subject"), { type: "JSON", text: jsonSchema, references: [] }, deadline());
    expect(await registry.byId(json.id, deadline())).toMatchObject({ type: "JSON", text: jsonSchema });
  });

  test("says which schema is unknown, and which subject and version", async () => {
    await expect(registry.byId(999_999, deadline())).rejects.toMatchObject({ code: "schema-not-found" });
    await expect(registry.byVersion(uniqueName("none"), "latest", deadline())).rejects.toMatchObject({
      code: "schema-not-found",
      message: expect.stringContaining("Schema does not exist for subject"),
    });
    await expect(registry.versions(uniqueName("none"), deadline())).rejects.toMatchObject({ code: "schema-not-found" });
  });

  test("refuses what is not a schema, and what is not compatible", async () => {
    const subject = uniqueName("subject");
    await expect(registry.register(subject, { type: "AVRO", text: "{", references: [] }, deadline())).rejects.toMatchObject({
      code: "schema-refused",
    });
    await registry.register(subject, avro("string"), deadline());
    const answer = await fetch(`${url}/config/${subject}`, {
      method: "PUT",
      headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
      body: '{"compatibility":"BACKWARD"}',
    });
    expect(answer.ok).toBe(true);

    expect(await registry.incompatibilities(subject, avro("string"), deadline())).toEqual([]);
    expect((await registry.incompatibilities(subject, avro("int"), deadline())).length).toBeGreaterThan(0);
    await expect(registry.register(subject, avro("int"), deadline())).rejects.toMatchObject({
      code: "schema-refused",
      failure: { restCode: 42207 },
    });
    expect(await registry.incompatibilities(uniqueName("new"), avro("int"), deadline())).toEqual([]);
  });
});
