/** What schemas cost in the API: a call that writes or reads records with a schema against the same call with JSON, in turns on the same broker. */
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { operations as produceOperations } from "../../functions/produce.js";
import { operations as readOperations } from "../../functions/records.js";
import { createDeadline } from "../../lib/deadline.js";
import { httpApi } from "../../lib/http/hosts/http-api.js";
import { clusterId } from "../../lib/kafka/admin/cluster.js";
import { closeSchemas } from "../../lib/schemas/on-demand.js";
import { testConfig, toEvent } from "../support/api/api.js";
import { createTestTopic, testKafka } from "../support/broker/kafka.js";
import { startAcceptingRegistry } from "../support/schemas/accepting-registry.js";
import type { Bench, BenchRow } from "./bench.js";

const recordsPerCall = 100;
const turns = 6;
const cpuRatioMax = 1.5;
const operations = { ...produceOperations, ...readOperations };
const schemas = {
  avro: {
    schemaType: "AVRO",
    text: JSON.stringify({
      type: "record",
      name: "Order",
      fields: [
        { name: "id", type: "long" },
        { name: "place", type: "string" },
        { name: "note", type: "string" },
      ],
    }),
  },
  jsonschema: {
    schemaType: "JSON",
    text: '{"type":"object","required":["id"],"properties":{"id":{"type":"integer"},"place":{"type":"string"}}}',
  },
  protobuf: { schemaType: "PROTOBUF", text: 'syntax = "proto3"; message Order { int32 id = 1; string place = 2; string note = 3; }' },
} as const;
const formats = ["avro", "jsonschema", "protobuf"] as const;
type Format = (typeof formats)[number] | "json";

type Call = () => Promise<void>;

export const bench: Bench = {
  name: "schemas-http",
  run: async function* ({ brokers, secondsPerRow }) {
    const kafka = testKafka({ brokers });
    const registry = await startAcceptingRegistry();
    const config = testConfig({ KAFKA_BROKERS: brokers.join(","), SCHEMA_REGISTRY_URL: registry.url });
    const handler = httpApi(operations, { config, kafka });
    const cluster = await clusterId(kafka, createDeadline(20_000));
    const configs = { "retention.bytes": "100000000" };
    const call =
      (event: APIGatewayProxyEventV2): Call =>
      async () => {
        const { statusCode, headers } = await handler(event, { getRemainingTimeInMillis: () => 29_000 });
        if (statusCode !== 200 || headers?.["relay-failed-records"] !== undefined)
          throw new Error(`A call was answered with ${statusCode}.`);
      };
    const calls = async (format: Format) => {
      const topic = await createTestTopic(kafka, { configs });
      const id = format === "json" ? undefined : await register(registry.url, format);
      const [v2, v3] = [call(v2Event(topic, format)), call(v3Event(cluster, topic, id))];
      for (let count = 0; count < 10; count++) await v2();
      return { v2, v3, read: call(toEvent(`GET /topics/${topic}/records?limit=1000`, {}, Object.keys(operations))) };
    };
    try {
      const json = await calls("json");
      const owns = new Map<Format, typeof json>();
      for (const format of formats) owns.set(format, await calls(format));
      // The first rows would otherwise be measured on code that is not compiled yet.
      for (const one of [json, ...owns.values()]) for (const warm of Object.values(one)) await cpuOf(warm, secondsPerRow / 2);
      for (const [format, own] of owns) {
        yield await row(
          `produce v2, ${recordsPerCall} records of 200 B a call, ${format}`,
          own.v2,
          json.v2,
          secondsPerRow,
          format === "avro",
        );
        yield await row(`produce v3, ${recordsPerCall} records of 200 B a call, ${format} by id`, own.v3, json.v3, secondsPerRow);
        yield await row(`read, 1,000 records of 200 B a call, ${format}`, own.read, json.read, secondsPerRow);
      }
    } finally {
      await closeSchemas(config);
      await Promise.all([kafka.close(), registry.close()]);
    }
  },
};

const values = Array.from({ length: recordsPerCall }, (_, id) => ({ id, place: "somewhere", note: "x".repeat(150) }));

function v2Event(topic: string, format: Format): APIGatewayProxyEventV2 {
  const records = values.map((value) => ({ value }));
  const body = format === "json" ? { records } : { records, value_schema: schemas[format].text };
  return toEvent(`POST /topics/${topic}`, { body, contentType: `application/vnd.kafka.${format}.v2+json` }, Object.keys(operations));
}

async function register(url: string, format: keyof typeof schemas): Promise<number> {
  const { schemaType, text } = schemas[format];
  const answer = await fetch(`${url}/subjects/any`, { method: "POST", body: JSON.stringify({ schema: text, schemaType }) });
  return ((await answer.json()) as { readonly id: number }).id;
}

function v3Event(cluster: string, topic: string, schemaId: number | undefined): APIGatewayProxyEventV2 {
  const form = schemaId === undefined ? { type: "JSON" } : { schema_id: schemaId };
  const body = values.map((data) => JSON.stringify({ value: { ...form, data } })).join("\n");
  return toEvent(
    `POST /v3/clusters/${cluster}/topics/${topic}/records`,
    { body, contentType: "application/json" },
    Object.keys(operations),
  );
}

/** Microseconds of CPU per call, everything that a call causes in this process included. */
async function row(what: string, own: Call, json: Call, seconds: number, isBudgeted = false): Promise<BenchRow> {
  const sums = { ours: 0, theirs: 0 };
  for (let turn = 0; turn < turns; turn++) {
    sums.ours += (await cpuOf(own, seconds / turns)) / turns;
    sums.theirs += (await cpuOf(json, seconds / turns)) / turns;
  }
  const ratio = sums.ours / sums.theirs;
  const compared = { what, ours: sums.ours, theirs: sums.theirs, unit: "µs CPU a call", against: "the same with JSON", ratio };
  return (isBudgeted ? { ...compared, budget: `at most ${cpuRatioMax}`, withinBudget: ratio <= cpuRatioMax } : compared) as BenchRow;
}

async function cpuOf(call: Call, seconds: number): Promise<number> {
  const before = process.cpuUsage();
  const until = performance.now() + seconds * 1_000;
  let count = 0;
  for (; performance.now() < until; count++) await call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}
