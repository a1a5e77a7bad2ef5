/** AWS Glue's schema registry through the real SDK, against answers as the API documents them: no local server of it exists. */
import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { createGlueRegistry } from "../../lib/schemas/registry/glue.js";
import { closers, receiver } from "../support/targets/http-receivers.js";

const versionId = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
const schema = { type: "AVRO", text: '"string"' } as const;
const deadline = () => createDeadline(20_000);
const before = { ...process.env };

beforeEach(() => {
  Object.assign(process.env, { AWS_REGION: "eu-central-1", AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "example" });
});
afterEach(() => {
  process.env = { ...before };
});

type Answer = (input: Readonly<Record<string, unknown>>) => readonly [status: number, body: object];
const missing: Answer = () => [400, { __type: "EntityNotFoundException", Message: "Schema is not found." }];

/** Answers by the operation's name; what is asked is kept. */
async function glue(answers: Readonly<Record<string, Answer>>) {
  const asked: string[] = [];
  const server = await receiver((response: ServerResponse, { headers, body }) => {
    const operation = String(headers["x-amz-target"]).replace("AWSGlue.", "");
    asked.push(operation);
    const [status, answer] = answers[operation]?.(JSON.parse(body.toString())) ?? [500, { __type: "InternalServiceException" }];
    response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(answer));
  });
  process.env.AWS_ENDPOINT_URL_GLUE = server.url;
  const registry = createGlueRegistry({ registryName: "default-registry" });
  closers.push(async () => registry.close());
  return { registry, asked };
}

test("a schema version is asked for once", async () => {
  const { registry, asked } = await glue({
    GetSchemaVersion: ({ SchemaVersionId }) => [
      200,
      { SchemaVersionId, SchemaDefinition: schema.text, DataFormat: "AVRO", VersionNumber: 1, Status: "AVAILABLE" },
    ],
  });

  expect(await registry.byVersionId(versionId, deadline())).toEqual(schema);
  await registry.byVersionId(versionId, deadline());
  expect(asked).toEqual(["GetSchemaVersion"]);
});

test("an unknown version is the record's fault", async () => {
  const { registry } = await glue({ GetSchemaVersion: missing });
  await expect(registry.byVersionId(versionId, deadline())).rejects.toMatchObject({
    code: "schema-not-found",
    failure: { blame: "record" },
  });
});

test("a schema that Glue has is found by its text; a new version is registered, a new schema created", async () => {
  const known = await glue({ GetSchemaByDefinition: () => [200, { SchemaVersionId: versionId, Status: "AVAILABLE" }] });
  expect(await known.registry.register("orders", schema, deadline())).toBe(versionId);

  const pending = await glue({
    GetSchemaByDefinition: missing,
    RegisterSchemaVersion: ({ SchemaId }) => {
      expect(SchemaId).toEqual({ RegistryName: "default-registry", SchemaName: "orders" });
      return [200, { SchemaVersionId: versionId, VersionNumber: 2, Status: "PENDING" }];
    },
    GetSchemaVersion: () => [200, { SchemaVersionId: versionId, Status: "AVAILABLE" }],
  });
  expect(await pending.registry.register("orders", schema, deadline())).toBe(versionId);
  expect(pending.asked).toEqual(["GetSchemaByDefinition", "RegisterSchemaVersion", "GetSchemaVersion"]);

  const fresh = await glue({
    GetSchemaByDefinition: missing,
    RegisterSchemaVersion: missing,
    CreateSchema: ({ DataFormat }) => [200, { SchemaVersionId: versionId, SchemaVersionStatus: "AVAILABLE", DataFormat }],
  });
  expect(await fresh.registry.register("orders", schema, deadline())).toBe(versionId);
});

test("a version that is not compatible is refused", async () => {
  const { registry } = await glue({
    GetSchemaByDefinition: missing,
    RegisterSchemaVersion: () => [200, { SchemaVersionId: versionId, Status: "FAILURE" }],
  });
  await expect(registry.register("orders", schema, deadline())).rejects.toMatchObject({ code: "schema-refused" });
});

test.each([
  ["AccessDeniedException", 400, "registry-forbidden"],
  ["UnrecognizedClientException", 400, "registry-unauthenticated"],
  ["InternalServiceException", 500, "registry-unavailable"],
])("%s is not the record's fault", async (type, status, code) => {
  const { registry } = await glue({ GetSchemaVersion: () => [status, { __type: type, Message: "no" }] });
  await expect(registry.byVersionId(versionId, deadline())).rejects.toMatchObject({ code });
});

test("a registry that does not answer is given up below the deadline", async () => {
  const server = await receiver(() => {});
  process.env.AWS_ENDPOINT_URL_GLUE = server.url;
  const registry = createGlueRegistry({ registryName: "default-registry" });
  closers.push(async () => registry.close());
  await expect(registry.byVersionId(versionId, createDeadline(500))).rejects.toMatchObject({ code: "registry-unavailable" });
});
