/** Streams with schemas: what is streamed in is encoded, and what is streamed out is decoded, as in calls that are answered at once. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { confluentPrefix } from "../../lib/schemas/framing.js";
import { createTestTopic, keepsEveryDate, testKafka } from "../support/broker/kafka.js";
import { openEvents } from "../support/serve/event-stream.js";
import { type ServeProcess, startServe } from "../support/serve/process.js";
import { clusterIdOf, openReportStream } from "../support/serve/report-stream.js";

const registry = process.env.TEST_SCHEMA_REGISTRY_URL ?? "";
const person = JSON.stringify({ type: "record", name: "Person", fields: [{ name: "name", type: "string" }] });

/** Where there is no registry, the end of the run says so. */
describe.runIf(registry !== "")("with a schema registry, a stream", () => {
  const kafka = testKafka();
  let server: ServeProcess;
  beforeAll(async () => {
    server = await startServe(["--access", "everything"], { SCHEMA_REGISTRY_URL: registry });
  });
  afterAll(async () => {
    await server.end();
    await kafka.close();
  });

  test("encodes records by their schemas, reports what does not fit, and decodes them for readers and their filters", async () => {
    const topic = await createTestTopic(kafka, { configs: keepsEveryDate });
    const value = (data: object) => JSON.stringify({ value: { type: "AVRO", schema: person, data } });
    const writer = openReportStream(server.url, await clusterIdOf(server.url), topic);
    const live = openEvents(server.url, topic, `?filter=${encodeURIComponent('{"value":{"name":[{"prefix":"G"}]}}')}`);

    for (const data of [{ name: "Ada" }, { name: 1 }, { name: "Grace" }]) {
      writer.send(value(data));
      await writer.reported(writer.reports.length + 1);
    }
    writer.end();
    await live.received(1);
    const all = openEvents(server.url, topic, "?limit=2");
    await all.over();
    const { records } = (await (await fetch(`${server.url}/topics/${topic}/records`)).json()) as { records: unknown[] };
    live.close();

    expect(writer.reports.map(({ error_code }) => error_code)).toEqual([200, expect.any(Number), 200]);
    expect(writer.reports[1]?.error_code).not.toBe(200);
    expect(all.records.map(({ data }) => data)).toEqual(records);
    expect(live.records.map(({ data }) => data)).toMatchObject([{ value: { name: "Grace" }, value_format: "avro" }]);
  });

  test("goes on past records whose schema does not exist, each with the reason", async () => {
    const topic = await createTestTopic(kafka, { configs: keepsEveryDate });
    const unknown = Buffer.concat([confluentPrefix(999_999), Buffer.from("x")]);
    const outgoing = Array.from({ length: 30 }, () => ({ key: null, value: unknown, headers: [] }));
    await kafka.producer.produce(topic, [...outgoing, { key: null, value: Buffer.from("last"), headers: [] }], createDeadline(20_000));
    const reader = openEvents(server.url, topic);
    await reader.received(31);
    reader.close();

    expect(reader.records[29]?.data).toMatchObject({ value_format: "base64", value_error: expect.stringContaining("999999") });
    expect(reader.records[30]?.data).toMatchObject({ offset: 30, value: "last" });
  });
});
