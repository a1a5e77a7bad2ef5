/** A trace that comes in over HTTP goes on with the records. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Api, createApi } from "../support/api/api.js";
import { createTestTopic } from "../support/broker/kafka.js";
import { readAll } from "../support/relay/relay-on-broker.js";

let api: Api;
let clusterId: string;
beforeAll(async () => {
  api = await createApi();
  clusterId = (await api.call("GET /v3/clusters")).json.data[0].cluster_id;
});
afterAll(() => api.close());

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const headers = { traceparent, tracestate: "vendor=1" };

async function headersAfter(write: (topic: string) => Promise<{ readonly status: number }>) {
  const topic = await createTestTopic(api.kafka);
  expect((await write(topic)).status).toBe(200);
  return (await readAll(api.kafka, topic)).map((record) =>
    record.headers.filter(({ name }) => name.startsWith("trace")).map(({ name, value }) => `${name}: ${value}`),
  );
}

test.each([
  [
    "v2 records",
    (topic: string) =>
      api.call(`POST /topics/${topic}`, { headers, contentType: "application/vnd.kafka.json.v2+json", body: { records: [{ value: 1 }] } }),
  ],
  [
    "a v3 record",
    (topic: string) =>
      api.call(`POST /v3/clusters/${clusterId}/topics/${topic}/records`, { headers, body: { value: { type: "JSON", data: 1 } } }),
  ],
  [
    "a CloudEvent",
    (topic: string) =>
      api.call(`POST /topics/${topic}/events`, {
        headers: { ...headers, "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t" },
        body: {},
      }),
  ],
])("%s carry traceparent and tracestate of the request", async (_, write) => {
  expect(await headersAfter(write)).toEqual([[`traceparent: ${traceparent}`, "tracestate: vendor=1"]]);
});

test("a record's own traceparent stays, and an invalid one is not passed on", async () => {
  const own = Buffer.from(traceparent.replace("-01", "-00")).toString("base64");
  const body = { headers: [{ name: "traceparent", value: own }], value: { type: "JSON", data: 1 } };

  expect(await headersAfter((topic) => api.call(`POST /v3/clusters/${clusterId}/topics/${topic}/records`, { headers, body }))).toEqual([
    [`traceparent: ${traceparent.replace("-01", "-00")}`],
  ]);
  expect(
    await headersAfter((topic) =>
      api.call(`POST /v3/clusters/${clusterId}/topics/${topic}/records`, {
        headers: { traceparent: "00-0-0-01" },
        body: { value: { type: "JSON", data: 1 } },
      }),
    ),
  ).toEqual([[]]);
});
