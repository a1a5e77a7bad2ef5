/** What schemas cost per record: Avro against avsc, and what validation and Protobuf take. No broker is asked. */
import avsc from "avsc";
import { avroSchema, createAvroCodec } from "../../lib/schemas/avro/codec.js";
import { createJsonSchemaCodec } from "../../lib/schemas/json-schema/codec.js";
import { createProtobufCodec } from "../../lib/schemas/protobuf/codec.js";
import type { Bench, BenchRow, ComparedRow } from "./bench.js";

const avroRatioMax = 1.2;
const rounds = 4;
const callsAtOnce = 200;

const avro = {
  type: "record",
  name: "Order",
  namespace: "com.example",
  fields: [
    { name: "id", type: "long" },
    { name: "customer", type: "string" },
    { name: "email", type: ["null", "string"] },
    { name: "total", type: "double" },
    { name: "currency", type: { type: "enum", name: "Currency", symbols: ["EUR", "USD"] } },
    { name: "placed", type: { type: "long", logicalType: "timestamp-millis" } },
    { name: "paid", type: "boolean" },
    {
      name: "lines",
      type: {
        type: "array",
        items: {
          type: "record",
          name: "Line",
          fields: [
            { name: "sku", type: "string" },
            { name: "quantity", type: "int" },
            { name: "price", type: "double" },
          ],
        },
      },
    },
    { name: "tags", type: { type: "map", values: "string" } },
    { name: "note", type: ["null", "string"] },
  ],
} as const;

const order = {
  id: 1_234_567,
  customer: "Ada Lovelace",
  email: "ada@example.com",
  total: 129.95,
  currency: "EUR",
  placed: 1_764_316_800_000,
  paid: true,
  lines: [
    { sku: "A-1001", quantity: 2, price: 19.95 },
    { sku: "B-2002", quantity: 1, price: 89.5 },
    { sku: "C-3003", quantity: 10, price: 0.05 },
  ],
  tags: { channel: "web", campaign: "spring" },
};
const avroJson = JSON.stringify({ ...order, email: { string: order.email }, note: null });
const plainJson = JSON.stringify(order);

const proto = `syntax = "proto3"; package com.example;
message Order { int64 id = 1; string customer = 2; string email = 3; double total = 4; string currency = 5; int64 placed = 6; bool paid = 7;
  repeated Line lines = 8; map<string, string> tags = 9; message Line { string sku = 1; int32 quantity = 2; double price = 3; } }`;
const text = { type: "string" };
const jsonSchema = {
  type: "object",
  required: ["id", "customer", "lines"],
  additionalProperties: false,
  properties: {
    id: { type: "integer" },
    customer: { ...text, maxLength: 200 },
    email: text,
    total: { type: "number", minimum: 0 },
    currency: { enum: ["EUR", "USD"] },
    placed: { type: "integer" },
    paid: { type: "boolean" },
    lines: {
      type: "array",
      items: { type: "object", required: ["sku", "quantity"], properties: { sku: text, quantity: { type: "integer" } } },
    },
    tags: { type: "object", additionalProperties: text },
  },
};

export const bench: Bench = {
  name: "schemas",
  run: async function* ({ secondsPerRow }) {
    yield* avroRows(secondsPerRow);
    yield* otherRows(secondsPerRow);
  },
};

function* avroRows(seconds: number): Iterable<BenchRow> {
  const ours = createAvroCodec(avroSchema(JSON.stringify(avro)));
  const theirs = avsc.Type.forSchema(avro as unknown as avsc.Schema, { wrapUnions: true });
  const bytes = ours.encode(avroJson);
  if (!bytes.equals(theirs.toBuffer(theirs.fromString(avroJson)))) throw new Error("avsc writes other bytes.");
  const pairs = [
    ["Avro, JSON text to bytes", () => ours.encode(avroJson), () => theirs.toBuffer(theirs.fromString(avroJson))],
    // As bytes, so that the text is whole: a text that is only put together costs nothing.
    ["Avro, bytes to JSON text", () => Buffer.from(ours.decode(bytes)), () => Buffer.from(theirs.toString(theirs.fromBuffer(bytes)))],
  ] as const;
  for (const [what, own, other] of pairs) {
    const [oursUs, theirsUs] = inTurns(seconds, own, other);
    yield {
      what: `${what}, an order of ${avroJson.length} characters`,
      ours: oursUs,
      theirs: theirsUs,
      unit: "µs CPU a record",
      against: "avsc",
      ratio: oursUs / theirsUs,
      budget: `at most ${avroRatioMax}`,
      withinBudget: oursUs / theirsUs <= avroRatioMax,
    };
  }
}

function* otherRows(seconds: number): Iterable<ComparedRow> {
  const protobuf = createProtobufCodec(proto);
  const message = protobuf.encode(plainJson, [0]);
  const plain = createJsonSchemaCodec(JSON.stringify(jsonSchema));
  const timed = createJsonSchemaCodec(
    JSON.stringify({ ...jsonSchema, properties: { ...jsonSchema.properties, email: { ...text, pattern: "@" } } }),
  );
  const rows = [
    ["Protobuf, JSON text to bytes", () => protobuf.encode(plainJson, [0])],
    ["Protobuf, bytes to JSON text", () => Buffer.from(protobuf.decode(message, [0]))],
    ["JSON Schema, validation", () => plain.validate(plainJson)],
    ["JSON Schema, validation within a time limit (a pattern)", () => timed.validate(plainJson)],
  ] as const;
  for (const [what, own] of rows) {
    const [oursUs, theirsUs] = inTurns(seconds, own, () => JSON.parse(plainJson));
    yield { what, ours: oursUs, theirs: theirsUs, unit: "µs CPU a record", against: "JSON.parse", ratio: oursUs / theirsUs };
  }
}

/** Microseconds of CPU per call of both, in turns, so that neither has the quiet moment to itself. */
function inTurns(seconds: number, own: () => unknown, other: () => unknown): readonly [number, number] {
  const sums = [0, 0];
  const calls = [0, 0];
  for (let round = 0; round <= rounds; round++) {
    for (const [index, run] of [own, other].entries()) {
      const { us, count } = measure((seconds * 1_000) / rounds / 2, run);
      // The first round warms up.
      if (round === 0) continue;
      sums[index] = (sums[index] ?? 0) + us;
      calls[index] = (calls[index] ?? 0) + count;
    }
  }
  return [(sums[0] ?? 0) / (calls[0] ?? 1), (sums[1] ?? 0) / (calls[1] ?? 1)];
}

function measure(ms: number, run: () => unknown): { readonly us: number; readonly count: number } {
  const before = process.cpuUsage();
  const until = performance.now() + ms;
  let count = 0;
  for (; performance.now() < until; count += callsAtOnce) for (let call = 0; call < callsAtOnce; call++) run();
  const { user, system } = process.cpuUsage(before);
  return { us: user + system, count };
}
