/** An event source mapping with a schema registry, one test per documented sentence (https://docs.aws.amazon.com/lambda/latest/dg/services-consume-kafka-events.html), and through it into a route. */
import { afterAll, describe, expect, test } from "vitest";
import { parseConfig } from "../../lib/config.js";
import type { TopicName } from "../../lib/kafka/records.js";
import type { KafkaEvent } from "../../lib/kafka-event/shape.js";
import { relay } from "../../lib/relay/relay.js";
import { defineRoute } from "../../lib/relay/route.js";
import { createDeserializer } from "../../lib/schemas/deserializer.js";
import { confluentPrefix } from "../../lib/schemas/framing.js";
import { openRegistry } from "../../lib/schemas/registry/open.js";
import { toRecordFailures } from "../../local/kafka-trigger/src/destinations/failure-record.js";
import { compileFilter } from "../../local/kafka-trigger/src/filter.js";
import { packEvent, unpackEvent } from "../../local/kafka-trigger/src/handlers/packed.js";
import type { Mapping, MappingSchemas } from "../../local/kafka-trigger/src/mapping.js";
import { freePorts } from "../../local/processes/ports.js";
import { createTestTopic, keepsEveryDate, until } from "../support/broker/kafka.js";
import { startTcpProxy } from "../support/broker/tcp-proxy.js";
import { answering, outgoing, readAll, write } from "../support/relay/relay-on-broker.js";
import { framed } from "../support/schemas/framed.js";
import { closers, receiver } from "../support/targets/http-receivers.js";
import { mappingsOfEachTest, recordsOf, valuesOf } from "../support/trigger/trigger-on-broker.js";

const url = process.env.TEST_SCHEMA_REGISTRY_URL ?? "";
const mappings = mappingsOfEachTest();
const registries: { readonly close: () => void }[] = [];
afterAll(() => {
  for (const registry of registries) registry.close();
});

function schemas(
  format: MappingSchemas["format"],
  attributes: MappingSchemas["attributes"] = ["value"],
  at = url,
): Pick<Mapping, "schemas"> {
  const confluent = openRegistry(parseConfig({ SCHEMA_REGISTRY_URL: at }));
  if (confluent !== undefined) registries.push(confluent);
  return { schemas: { format, attributes, deserializer: createDeserializer({ confluent, validates: true }) } };
}

const order = '{"type":"record","name":"Order","fields":[{"name":"id","type":"long"},{"name":"note","type":["null","string"]}]}';
const values = ['{"id":9007199254740993,"note":{"string":"a"}}', '{"id":2,"note":null}'];

/** Where there is no registry, the end of the run says so. */
describe.runIf(url !== "")("a mapping with a schema registry", () => {
  const newTopic = async (records: readonly { readonly key?: Buffer | null; readonly value: Buffer | null }[]) => {
    const topic = await createTestTopic(mappings.kafka, { configs: keepsEveryDate });
    await write(
      mappings.kafka,
      topic,
      records.map((record) => outgoing({ headers: [{ name: "h", value: Buffer.from("1") }], ...record })),
    );
    return topic;
  };
  const all = (event: KafkaEvent | undefined) => (event === undefined ? [] : recordsOf(event));

  test("JSON: the chosen parts are JSON with every digit, the others are their bytes, and each says which schema it was written with", async () => {
    const [first, second] = await framed(url, "AVRO", order, values);
    const topic = await newTopic([{ key: Buffer.from([0, 1]), value: first ?? null }, { value: second ?? null }, { value: null }]);
    const { events } = mappings.start(topic, undefined, schemas("JSON"));
    await until(() => events.flatMap(recordsOf).length === 3);

    expect(events.flatMap(valuesOf)).toEqual(['{"id":9007199254740993,"note":"a"}', '{"id":2,"note":null}', ""]);
    const id = String(first?.readUInt32BE(1));
    const [one, , tombstone] = events.flatMap(recordsOf);
    expect(one).toMatchObject({
      key: Buffer.from([0, 1]).toString("base64"),
      headers: [{ h: [49] }],
      valueSchemaMetadata: { dataFormat: "AVRO", schemaId: id },
    });
    expect(one).not.toHaveProperty("keySchemaMetadata");
    expect([tombstone?.value, tombstone?.valueSchemaMetadata]).toEqual([undefined, undefined]);
  });

  test("SOURCE: what names the schema is removed, message indexes stay, and workers get the same event", async () => {
    const [key] = await framed(url, "AVRO", '"string"', ['"k"']);
    const [value] = await framed(url, "PROTOBUF", 'syntax = "proto3"; message A { string s = 1; }', ['{"s":"x"}']);
    const topic = await newTopic([{ key: key ?? null, value: value ?? null }]);
    let packed: KafkaEvent | undefined;
    const { events } = mappings.start(topic, undefined, schemas("SOURCE", ["key", "value"]), {
      invoke: async (runs) => {
        packed = unpackEvent(packEvent({ topic, kind: "kafka", bootstrapServers: "b" } as never, runs));
        return { ok: true, answer: undefined, requestId: "" };
      },
    });
    await until(() => packed !== undefined);

    expect(events).toEqual([]);
    const [record] = all(packed);
    expect([record?.key, record?.value]).toEqual([key?.subarray(5).toString("base64"), value?.subarray(5).toString("base64")]);
    expect(value?.[5]).toBe(0);
    expect([record?.keySchemaMetadata?.dataFormat, record?.valueSchemaMetadata?.dataFormat]).toEqual(["AVRO", "PROTOBUF"]);
  });

  test.each(["JSON", "SOURCE"] as const)("filters see decoded values, with %s", async (format) => {
    const topic = await newTopic((await framed(url, "AVRO", order, values)).map((value) => ({ value })));
    const filter = compileFilter([{ value: { id: [{ numeric: [">", 100] }] } }]);
    const { events, status } = mappings.start(topic, undefined, { ...schemas(format), filter });
    await until(() => (status().partitions[0]?.committed ?? 0) >= 2);

    expect(events.flatMap(recordsOf).map(({ offset }) => offset)).toEqual([0]);
  });

  test("an unknown schema is SCHEMA_NOT_FOUND and what does not fit DESERIALIZATION_ERROR at the destination, with the original bytes; the others go on", async () => {
    const [good] = await framed(url, "AVRO", order, values);
    const [strict] = await framed(url, "JSON", '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object"}', ["{}"]);
    const unknown = Buffer.concat([confluentPrefix(999_999), Buffer.of(2)]);
    const misfits = [
      Buffer.concat([good?.subarray(0, 5) ?? Buffer.alloc(0), Buffer.of(255)]),
      Buffer.from("plain"),
      Buffer.concat([strict?.subarray(0, 5) ?? Buffer.alloc(0), Buffer.from("5")]),
    ];
    const topic = await newTopic([unknown, ...misfits, good ?? null].map((value) => ({ value })));
    const { events, givenUp, status } = mappings.start(topic, undefined, schemas("JSON"));
    await until(() => (status().partitions[0]?.committed ?? 0) >= 5);

    expect(events.flatMap(recordsOf).map(({ offset }) => offset)).toEqual([4]);
    expect(status().counts.dropped).toBe(4);
    const context = { mapping: { kind: "kafka" as const, bootstrapServers: "b", topic }, functionArn: "arn", nowMs: 0 };
    const told = givenUp.flatMap((given) => toRecordFailures(given, context)).map(({ value }) => value as never as Failure);
    expect(told.map(({ requestContext, payload }) => [requestContext.condition, recordsOf(payload)[0]?.value])).toEqual([
      ["SCHEMA_NOT_FOUND", unknown.toString("base64")],
      ...misfits.map((value) => ["DESERIALIZATION_ERROR", value.toString("base64")]),
    ]);
  });

  test("without a destination, such records are dropped with a warning", async () => {
    const topic = await newTopic([{ value: Buffer.from("plain") }]);
    const { warnings, status } = mappings.start(topic, undefined, schemas("JSON"), { giveUp: undefined as never });
    await until(() => (status().partitions[0]?.committed ?? 0) >= 1);
    expect(warnings.join("\n")).toContain("1 record(s) are dropped, as on AWS: they name no schema, or do not fit it");
  });

  test("while the registry is away, nothing is handed over, committed or dropped; afterwards everything arrives in order", async () => {
    const { hostname: host, port, pathname } = new URL(url);
    const [listenPort = 0] = await freePorts(1);
    const proxy = await startTcpProxy(listenPort, { host, port: Number(port) });
    closers.push(proxy.close);
    proxy.hangUp();
    const topic = await newTopic((await framed(url, "AVRO", order, values)).map((value) => ({ value })));
    const away = schemas("JSON", ["value"], `http://127.0.0.1:${listenPort}${pathname}`);
    const { events, givenUp, warnings, status } = mappings.start(topic, undefined, away);

    await until(() => warnings.some((line) => line.includes("The schema registry is unavailable")));
    expect([events, givenUp, status().counts.committed]).toEqual([[], [], 0]);

    proxy.heal();
    await until(() => events.flatMap(recordsOf).length === 2);
    expect(events.flatMap(recordsOf).map(({ offset }) => offset)).toEqual([0, 1]);
    expect(givenUp).toEqual([]);
  });

  test.each([
    [401, '{"error_code":40101,"message":"no"}'],
    [403, '{"error_code":40301,"message":"no"}'],
    [429, "{}"],
    [500, '{"error_code":50001,"message":"store"}'],
    [404, "<html>"],
  ])("a registry that answers %i holds the records, and drops none", async (code, body) => {
    const topic = await newTopic([{ value: Buffer.concat([confluentPrefix(7), Buffer.of(2)]) }]);
    let isUp = false;
    const registry = await receiver((response) => {
      if (isUp) response.writeHead(200).end('{"schema":"\\"long\\""}');
      else response.writeHead(code).end(body);
    });
    const { events, givenUp, warnings, status } = mappings.start(topic, undefined, schemas("JSON", ["value"], registry.url));
    await until(() => registry.seen.length >= 2 && warnings.length > 0);
    expect([events, givenUp, status().counts.committed]).toEqual([[], [], 0]);

    isUp = true;
    await until(() => events.flatMap(valuesOf).length === 1);
    expect([events.flatMap(valuesOf), givenUp]).toEqual([["1"], []]);
  });

  test("a registry that is frozen holds the records, and a stop does not wait for it", async () => {
    const topic = await newTopic([{ value: Buffer.concat([confluentPrefix(7), Buffer.of(2)]) }]);
    const registry = await receiver(() => {});
    const { events, givenUp, stop } = mappings.start(topic, undefined, schemas("JSON", ["value"], registry.url));
    await until(() => registry.seen.length >= 1);
    await stop(5_000);
    expect([events, givenUp]).toEqual([[], []]);
  });

  test.each(["JSON", "SOURCE"] as const)(
    "a route behind a mapping with %s sees the decoded value, and with SOURCE its dead letters have the original bytes",
    async (format) => {
      const [good, bad] = await framed(url, "AVRO", order, values);
      const topic = await newTopic([{ value: good ?? null }, { value: bad ?? null }]);
      const seen: (string | undefined)[] = [];
      const route = defineRoute({
        name: "behind-a-mapping",
        transform: ({ textAt, value }) => {
          if ((value as { note: unknown }).note === null) throw new Error("no note");
          return { key: textAt("value.id") ?? null };
        },
        target: answering(({ message }) => {
          seen.push(message.key?.toString());
          return { verdict: "delivered" };
        }),
      });
      const handler = relay(route, {
        kafka: mappings.kafka,
        config: parseConfig({ SCHEMA_REGISTRY_URL: url, RELAY_METRICS: "off", RELAY_EVENT_RECORD_FORMAT: format }),
      });
      const { status } = mappings.start(topic, (event) => handler(event), schemas(format));
      await until(() => (status().partitions[0]?.committed ?? 0) >= 2);

      expect(seen).toEqual(["9007199254740993"]);
      const [letter] = await readAll(mappings.kafka, `${topic}.dead-letters` as TopicName);
      expect(letter?.value).toEqual(format === "SOURCE" ? bad : Buffer.from('{"id":2,"note":null}'));
    },
  );
});

interface Failure {
  readonly requestContext: { readonly condition: string };
  readonly payload: KafkaEvent;
}
