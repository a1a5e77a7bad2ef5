/** Bytes of AWS's own Java serializers (test/schemas/glue/GlueFixtures.java): decoded here, and written here byte for byte the same; and a route over them, with a recorded API. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { parseConfig } from "../../lib/config.js";
import { createDeadline } from "../../lib/deadline.js";
import { defineRoute } from "../../lib/relay/route.js";
import { schema } from "../../lib/relay/schema.js";
import { openSchemas, type Schemas } from "../../lib/schemas/schemas.js";
import { topic } from "../../lib/targets/topic.js";
import { createTestTopic, keepsEveryDate, testKafka } from "../support/broker/kafka.js";
import { answering, outgoing, readAll, runRoute, write } from "../support/relay/relay-on-broker.js";
import { closers, receiver } from "../support/targets/http-receivers.js";

interface Fixture {
  readonly format: "AVRO" | "JSON" | "PROTOBUF";
  readonly compression: "NONE" | "ZLIB";
  readonly versionId: string;
  readonly schema: string;
  readonly message?: string;
  readonly json: string;
  readonly bytes: string;
}

const fixtures = JSON.parse(readFileSync(join(import.meta.dirname, "glue/fixtures.json"), "utf8")) as readonly Fixture[];
const deadline = () => createDeadline(20_000);
const kafka = testKafka();
const before = { ...process.env };
beforeEach(() => {
  Object.assign(process.env, { AWS_REGION: "eu-central-1", AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "example" });
});
afterEach(() => {
  process.env = { ...before };
});
afterAll(() => kafka.close());

/** Answers as the API documents it, with one schema under one version id. */
async function glueWith({ format, schema: SchemaDefinition, versionId: SchemaVersionId }: Fixture): Promise<void> {
  const known = { SchemaVersionId, SchemaDefinition, DataFormat: format, VersionNumber: 1, Status: "AVAILABLE" };
  const server = await receiver((response, { headers, body }) => {
    const asked = JSON.parse(body.toString()) as Readonly<Record<string, unknown>>;
    const isKnown = [asked.SchemaVersionId, asked.SchemaDefinition].some((one) => one === SchemaVersionId || one === SchemaDefinition);
    const isAsked = /^AWSGlue\.(GetSchemaVersion|GetSchemaByDefinition)$/.test(String(headers["x-amz-target"]));
    response.writeHead(isKnown && isAsked ? 200 : 400, { "content-type": "application/x-amz-json-1.1" });
    response.end(JSON.stringify(isKnown && isAsked ? known : { __type: "EntityNotFoundException", Message: "not found" }));
  });
  process.env.AWS_ENDPOINT_URL_GLUE = server.url;
}

async function schemasOver(fixture: Fixture): Promise<Schemas> {
  await glueWith(fixture);
  const schemas = openSchemas(parseConfig({ GLUE_REGISTRY: "default-registry", AWS_REGION: "eu-central-1" }));
  closers.push(async () => schemas.close());
  return schemas;
}

test.each(fixtures)("$format $compression $message $json: AWS's bytes are decoded", async (fixture) => {
  const { deserializer } = await schemasOver(fixture);
  const decoded = await deserializer.decode(Buffer.from(fixture.bytes, "base64"), [], "value", deadline());

  expect(decoded?.schema).toEqual({
    type: fixture.format,
    versionId: fixture.versionId,
    ...(fixture.message === undefined ? {} : { message: fixture.message }),
  });
  expect(decoded?.json).toBe(fixture.json);
});

test.each(fixtures.filter(({ compression }) => compression === "NONE"))(
  "$format $message $json: the same bytes are written here",
  async (fixture) => {
    const { encoderOf } = await schemasOver(fixture);
    const by = { subject: "orders", type: fixture.format, schema: fixture.schema, message: fixture.message, logical: false };

    expect((await encoderOf(by, deadline()))(fixture.json)).toEqual(Buffer.from(fixture.bytes, "base64"));
  },
);

test("a route over records of AWS Glue sees what they decode, keeps their bytes as dead letters, and writes by a schema of Glue", async () => {
  const [fixture, unknown] = [fixtures[0] as Fixture, Buffer.from(`0300${"11".repeat(16)}02`, "hex")];
  await glueWith(fixture);
  const [source, to] = [
    await createTestTopic(kafka, { configs: keepsEveryDate }),
    await createTestTopic(kafka, { configs: keepsEveryDate }),
  ];
  const bytes = fixtures.slice(0, 2).map((one) => Buffer.from(one.bytes, "base64"));
  await write(
    kafka,
    source,
    [unknown, ...bytes].map((value) => outgoing({ value })),
  );
  const records = await readAll(kafka, source);
  const env = { GLUE_REGISTRY: "default-registry", AWS_REGION: "eu-central-1" };
  const seen: (string | undefined)[] = [];
  const reads = defineRoute({
    name: "reads-glue",
    target: answering((delivery) => {
      seen.push(delivery.textAt("value.id"));
      return { verdict: "delivered" };
    }),
  });
  const writes = defineRoute({
    name: "writes-glue",
    target: topic({ topic: to, encode: schema({ subject: "orders", schema: fixture.schema }) }),
  });

  expect(await runRoute(kafka, reads, env).invoke(records)).toEqual({ batchItemFailures: [] });
  expect(await runRoute(kafka, writes, env).invoke(records.slice(1))).toEqual({ batchItemFailures: [] });

  expect(seen).toEqual(["9007199254740993", "9007199254740993"]);
  expect((await readAll(kafka, `${source}.dead-letters`)).map(({ value }) => value)).toEqual([unknown]);
  expect((await readAll(kafka, to)).map(({ value }) => value)).toEqual([bytes[0], bytes[0]]);
});
