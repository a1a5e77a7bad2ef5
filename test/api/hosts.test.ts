/** The same calls through every host give the same answers: behind each gateway of AWS, and on a server of its own. */
import { gzipSync } from "node:zlib";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { httpApi } from "../../lib/http/hosts/http-api.js";
import { operation } from "../../lib/http/operation.js";
import { createTopics, deleteTopics } from "../../lib/kafka/admin/topics.js";
import { createKafka, type Kafka, toKafkaOptions } from "../../lib/kafka/kafka.js";
import { operationsOfEveryFunction, testConfig } from "../support/api/api.js";
import {
  albHost,
  functionUrlHost,
  type HostAnswer,
  type HostCall,
  type HttpHost,
  httpApiHost,
  nodeHost,
  restApiHost,
} from "../support/api/http-hosts.js";
import { keptForAnyTime } from "../support/broker/kafka.js";
import { uniqueName } from "../support/broker/unique-names.js";

const written = uniqueName("hosts-written");
const read = uniqueName("hosts-read");
const config = testConfig();
let kafka: Kafka;
let clusterId: string;
let hosts: readonly HttpHost[];

/** What an operation is given of a call. */
const echo = operation({
  may: "service:describe",
  summary: "Returns what it was given.",
  path: v.object({ name: v.string() }),
  query: v.record(v.string(), v.union([v.string(), v.array(v.string())])),
  produces: [],
  answers: { 200: v.unknown() },
  run: async ({ path, query, headers, rawBody }, { baseUrl, method }) => ({
    status: 200,
    contentType: "application/json",
    body: { path, query, repeated: headers["x-repeated"]?.replaceAll(", ", ","), body: rawBody.toString("base64"), baseUrl, method },
  }),
});

beforeAll(async () => {
  kafka = createKafka(toKafkaOptions(config));
  const deadline = createDeadline(30_000);
  await createTopics(kafka, [{ name: written }, { name: read, configs: keptForAnyTime }], deadline);
  ({ clusterId } = await kafka.metadata.describe([], deadline));
  const records = Array.from({ length: 50 }, (_, index) => ({
    key: null,
    value: Buffer.from(JSON.stringify({ number: index, text: "the same in every answer" })),
    headers: [],
    timestampMs: 1_767_225_600_000,
  }));
  await kafka.producer.produce(read as never, records as never, deadline);
  const operations = { ...(await operationsOfEveryFunction()), "POST /echo/{name}": echo, "GET /echo/{name}": echo };
  const options = { config, kafka, log: () => {} };
  hosts = [
    httpApiHost(operations, options),
    functionUrlHost(operations, options),
    restApiHost(operations, options),
    albHost(operations, options, true),
    albHost(operations, options, false),
    functionUrlHost(operations, options, httpApi),
    restApiHost(operations, options, httpApi),
    albHost(operations, options, true, httpApi),
    await nodeHost(operations, options),
  ];
});
afterAll(async () => {
  for (const host of hosts ?? []) await host.close();
  await deleteTopics(kafka, [written, read], createDeadline(30_000));
  await kafka.close();
});

const v2 = "application/vnd.kafka.json.v2+json";
const json = { "content-type": "application/json" };
const png = Buffer.from([0x89, 0x50, 0xff, 0x00, 0x80, 0xfe]);
const v3 = (path: string) => () => `/v3/clusters/${clusterId}${path}`;
const event = { "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/shop", "ce-type": "order.placed" };

interface Row {
  readonly call: Omit<HostCall, "target">;
  readonly target: string | (() => string);
  readonly status: number;
  /** In the text of the answer. */
  readonly holds?: string | RegExp;
  readonly headers?: Readonly<Record<string, string>>;
  /** Only hosts that pass on all values of a repeated header or parameter. */
  readonly isRepeated?: boolean;
  /** The message names the host's own limit. */
  readonly isLimit?: boolean;
}

const rows: Readonly<Record<string, Row>> = {
  "a path": { call: { method: "GET" }, target: `/topics/${read}/partitions`, status: 200, holds: '"partition":0' },
  "a trailing slash is ignored": { call: { method: "GET" }, target: `/topics/${read}/partitions/`, status: 200, holds: '"partition":0' },
  "a doubled slash is another path": { call: { method: "GET" }, target: "/topics//partitions", status: 404, holds: "does not exist" },
  "a stream, where records can be read but not streamed, is 501 with what would work": {
    call: { method: "GET", headers: { accept: "text/event-stream" } },
    target: `/topics/${read}/records`,
    status: 501,
    holds: "continue with the cursor of each answer. `kafka-relay serve` streams",
  },
  "a caller who prefers a stream and accepts a read gets the read": {
    call: { method: "GET", headers: { accept: "text/event-stream, application/json;q=0.5" } },
    target: `/topics/${read}/records?limit=1`,
    status: 200,
    headers: { "content-type": "application/json" },
  },
  "records one after another": {
    call: { method: "POST", headers: json, body: '{"value":{"type":"JSON","data":1}}\n{"value":{"type":"JSON","data":2}}' },
    target: v3(`/topics/${written}/records`),
    status: 200,
    holds: /"error_code":200.*\r\n.*"error_code":200/s,
  },
  "an unknown path is 404": { call: { method: "GET" }, target: "/no/such/path", status: 404, holds: '"error_code":404' },
  "an unknown method is 405 with the methods": {
    call: { method: "DELETE" },
    target: "/topics",
    status: 405,
    headers: { allow: "GET, HEAD, OPTIONS" },
    holds: "DELETE is not allowed",
  },
  "OPTIONS answers the methods": { call: { method: "OPTIONS" }, target: "/topics", status: 204, headers: { allow: "GET, HEAD, OPTIONS" } },
  "a literal wins over a parameter": {
    call: { method: "GET" },
    target: v3(`/topics/-/configs?topic_name=${read}&name=retention.ms`),
    status: 200,
    holds: '"KafkaTopicConfigList"',
  },
  "an encoded slash stays in its parameter": { call: { method: "GET" }, target: "/echo/a%2Fb", status: 200, holds: '"name":"a/b"' },
  "a group with a slash": { call: { method: "GET" }, target: v3("/consumer-groups/a%2Fb"), status: 404, holds: "a/b" },
  "a colon in a path, plain": { call: { method: "POST", headers: json, body: '{"data":[]}' }, target: v3("/acls:batch"), status: 204 },
  "a colon in a path, encoded": { call: { method: "POST", headers: json, body: '{"data":[]}' }, target: v3("/acls%3Abatch"), status: 204 },
  "query parameters are decoded once": {
    call: { method: "GET" },
    target: "/echo/x?one=%C3%A9+z&two=100%2525&three=",
    status: 200,
    holds: '{"one":"é z","two":"100%25","three":""}',
  },
  "a repeated query parameter is a list": {
    call: { method: "GET" },
    target: "/echo/x?a=1&a=2&b=3",
    status: 200,
    holds: '{"a":["1","2"],"b":"3"}',
    isRepeated: true,
  },
  "a repeated header is joined": {
    call: { method: "GET", headers: { "x-repeated": ["one", "two"] } },
    target: "/echo/x",
    status: 200,
    holds: '"repeated":"one,two"',
    isRepeated: true,
  },
  "links are built from the host that was called": {
    call: { method: "GET" },
    target: "/v3/clusters",
    status: 200,
    holds: '"self":"https://api.example.com/v3/clusters"',
  },
  "HEAD is GET without a body": { call: { method: "HEAD" }, target: `/topics/${read}`, status: 200, holds: /^$/ },
  "bytes arrive unchanged": {
    call: { method: "POST", headers: { "content-type": "image/png" }, body: png },
    target: "/echo/x",
    status: 200,
    holds: `"body":"${png.toString("base64")}"`,
  },
  "text beyond ASCII arrives unchanged": {
    call: { method: "POST", headers: { "content-type": "text/plain; charset=utf-8" }, body: "é €" },
    target: "/echo/x",
    status: 200,
    holds: `"body":"${Buffer.from("é €").toString("base64")}"`,
  },
  "a gzip body is decompressed": {
    call: { method: "POST", headers: { ...json, "content-encoding": "gzip" }, body: gzipSync('{"records":[{"value":1}]}') },
    target: `/topics/${written}`,
    status: 200,
    holds: '"error":null',
  },
  "a long answer is compressed for a caller that accepts it": {
    call: { method: "GET", headers: { "accept-encoding": "gzip" } },
    target: `/topics/${read}/records?from=beginning`,
    status: 200,
    headers: { "content-encoding": "gzip", vary: "accept-encoding" },
    holds: '"number":49',
  },
  "a read": { call: { method: "GET" }, target: `/topics/${read}/records?from=beginning&limit=3`, status: 200, holds: '"number":2' },
  "a v2 produce": {
    call: { method: "POST", headers: { "content-type": v2 }, body: '{"records":[{"key":"k","value":{"n":1}}]}' },
    target: `/topics/${written}`,
    status: 200,
    holds: '"partition":0',
  },
  "a v3 produce of two records": {
    call: { method: "POST", headers: json, body: '{"value":{"type":"JSON","data":1}}{"value":{"type":"JSON","data":2}}' },
    target: v3(`/topics/${written}/records`),
    status: 200,
    holds: '"error_code":200',
  },
  "a CloudEvent in binary mode": {
    call: { method: "POST", headers: { ...event, "content-type": "image/png" }, body: png },
    target: `/topics/${written}/events`,
    status: 200,
    holds: '"index":0',
  },
  "a CloudEvent without a Content-Type": {
    call: { method: "POST", headers: event, body: '{"n":1}' },
    target: `/topics/${written}/events`,
    status: 200,
    holds: '"index":0',
  },
  "invalid JSON": {
    call: { method: "POST", headers: json, body: '{"topic_name":' },
    target: v3("/topics"),
    status: 400,
    holds: "is not valid: at byte 14",
  },
  "a missing body": { call: { method: "POST", headers: json }, target: v3("/topics"), status: 422, holds: "42206" },
  "another media type": {
    call: { method: "POST", headers: { "content-type": "text/csv" }, body: "a,b" },
    target: v3("/topics"),
    status: 415,
    holds: "text/csv",
  },
  "an Accept header that fits nothing": {
    call: { method: "GET", headers: { accept: "image/png" } },
    target: "/v3/clusters",
    status: 406,
    holds: "application/json",
  },
  "a consumer instance": {
    call: { method: "POST", headers: { "content-type": "application/vnd.kafka.v2+json" }, body: "{}" },
    target: "/consumers/g",
    status: 501,
    holds: "cursor",
  },
  "a body that is too large": {
    call: { method: "POST", headers: { "content-type": v2 }, body: Buffer.alloc(20_000_000, " ") },
    target: `/topics/${written}`,
    status: 413,
    holds: "at most",
    isLimit: true,
  },
};

const compared = ["content-type", "content-encoding", "vary", "allow", "location"];

/** Without what differs from call to call. */
const settled = ({ text }: HostAnswer) => text.replace(/"offset":\d+/g, '"offset":0').replace(/"timestamp":"[^"]+"/g, '"timestamp":""');

describe.each(Object.entries(rows))("%s", (_, { call, target, status, holds, headers = {}, isRepeated, isLimit }) => {
  test("has the same answer on every host", async () => {
    const asked = hosts.filter(({ name }) => isRepeated !== true || name !== "ALB");
    const answers: (readonly [string, HostAnswer])[] = [];
    for (const host of asked)
      answers.push([host.name, await host.ask({ ...call, target: typeof target === "string" ? target : target() })]);

    const [first] = answers;
    for (const [name, answer] of answers) {
      expect(answer.status, `${name}: ${answer.text.slice(0, 500)}`).toBe(status);
      expect(answer.headers, name).toMatchObject(headers);
      if (holds !== undefined)
        expect(answer.text, name).toMatch(holds instanceof RegExp ? holds : new RegExp(holds.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")));
      expect(
        compared.map((header) => answer.headers[header]),
        name,
      ).toEqual(compared.map((header) => first?.[1].headers[header]));
      if (isLimit !== true) expect(settled(answer), name).toBe(settled(first?.[1] as HostAnswer));
    }
  });
});
