/** Compressed requests and answers, through the handlers as the gateway calls them: what is unpacked and up to where, and what is compressed for whom. */
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { lambdaPayload } from "../../lib/http/hosts/lambda.js";
import { createTopics, deleteTopics } from "../../lib/kafka/admin/topics.js";
import { type Api, type ApiRequest, createApi } from "../support/api/api.js";
import { recordsAt } from "../support/broker/topic-contents.js";
import { uniqueName } from "../support/broker/unique-names.js";

let api: Api;
const topic = uniqueName("coded");
const long = uniqueName("coded-long");
const v2 = "application/vnd.kafka.json.v2+json";
const deadline = () => createDeadline(20_000);

beforeAll(async () => {
  api = await createApi();
  await createTopics(api.kafka, [{ name: topic }, { name: long }], deadline());
  const records = Array.from({ length: 200 }, (_, n) => ({ value: { n, text: "the same text again and again, é €" } }));
  const filled = await api.call(`POST /topics/${long}`, { contentType: v2, body: { records } });
  expect(filled.status).toBe(200);
});
afterAll(async () => {
  await deleteTopics(api.kafka, [topic, long], deadline());
  await api.close();
});

const codings = [
  ["gzip", gzipSync],
  ["x-gzip", gzipSync],
  ["GZIP", gzipSync],
  ["identity, gzip", gzipSync],
  ["deflate", deflateSync],
  ["br", brotliCompressSync],
] as const;

test.each(codings)("a body in the Content-Encoding %s is written as what it unpacks to", async (coding, pack) => {
  const send = (path: string, body: string, request: ApiRequest) =>
    api.call(`POST /topics/${topic}${path}`, {
      ...request,
      body: pack(Buffer.from(body)),
      headers: { ...request.headers, "content-encoding": coding },
    });

  const records = await send("", '{"records":[{"value":{"n":12345678901234567890}}]}', { contentType: v2 });
  const json = await send("", '{"records":[{"value":"é"}]}', { contentType: "application/json" });
  const event = await send("/events", '{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"n":1.50}}', {
    contentType: "application/cloudevents+json",
  });
  const bytes = await send("/events", "\u0000plain", {
    contentType: "application/octet-stream",
    headers: { "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t" },
  });

  const answers = [records, json, event, bytes];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  const places = answers.flatMap(({ json: answer }) => answer.offsets ?? answer.events);
  const written = await recordsAt(api.kafka, topic, places);
  expect(written.map(({ value }) => value?.toString())).toEqual(['{"n":12345678901234567890}', '"é"', '{"n":1.50}', "\u0000plain"]);
});

test("a body that unpacks to more than the limit is 413 with the limit, and nothing is written", async () => {
  const limited = await createApi({ kafka: api.kafka, env: { RELAY_REQUEST_BYTES_MAX: "100000" } });
  const bomb = gzipSync(Buffer.from(JSON.stringify({ records: [{ value: "x".repeat(50_000_000) }] })));
  const small = gzipSync(Buffer.from(JSON.stringify({ records: [{ value: "x".repeat(90_000) }] })));
  const request = { contentType: v2, headers: { "content-encoding": "gzip" } };

  const byDefault = await api.call(`POST /topics/${topic}`, { ...request, body: bomb });
  const configured = await limited.call(`POST /topics/${topic}`, { ...request, body: bomb });

  expect([byDefault.status, byDefault.json.message]).toEqual([413, expect.stringContaining("16777216 bytes once it is decompressed")]);
  expect([configured.status, configured.json.message]).toEqual([413, expect.stringContaining("100000 bytes")]);
  expect((await limited.call(`POST /topics/${topic}`, { ...request, body: small })).status).toBe(200);
});

test("a request may hold more than Lambda's limit once it is unpacked", async () => {
  const records = Array.from({ length: 10 }, () => ({ value: "x".repeat(900_000) }));
  const body = gzipSync(Buffer.from(JSON.stringify({ records })));

  const answer = await api.call(`POST /topics/${topic}`, { body, contentType: v2, headers: { "content-encoding": "gzip" } });

  expect(answer.json.offsets.map(({ error_code: code }: { readonly error_code?: number }) => code ?? null)).toEqual(Array(10).fill(null));
});

test.each([
  ["bytes that are not of that coding", "gzip", Buffer.from('{"records":[]}'), 400, /not valid gzip/],
  ["half of a body", "gzip", gzipSync(Buffer.from("x".repeat(10_000))).subarray(0, 20), 400, /not valid gzip/],
  [
    "a coding that is not known",
    "zstd",
    Buffer.from("{}"),
    415,
    /"zstd" is not supported\. Compress the body with one of gzip, deflate, br/,
  ],
  ["two codings", "gzip, br", gzipSync(Buffer.from("{}")), 415, /"gzip, br" is not supported/],
  ["a name that every object has", "constructor", Buffer.from("{}"), 415, /is not supported/],
])("%s is refused, and what would be right is named", async (_, coding, body, status, message) => {
  const answer = await api.call(`POST /topics/${topic}`, { body, contentType: v2, headers: { "content-encoding": coding } });

  expect([answer.status, answer.json.message]).toEqual([status, expect.stringMatching(message)]);
  expect(answer.headers["accept-encoding"]).toBe(status === 415 ? "gzip, deflate, br" : undefined);
});

test("a compressed body that a host has turned into text is refused before anything is written", async () => {
  const body = gzipSync(Buffer.from('{"records":[{"value":1}]}'));

  const answer = await api.call(`POST /topics/${topic}`, {
    body,
    contentType: "application/json",
    headers: { "content-encoding": "gzip" },
    sentAs: "text",
  });

  expect([answer.status, answer.json.message]).toEqual([400, expect.stringContaining("its bytes were lost")]);
});

const read = (acceptEncoding?: string, method = "GET", path = `/topics/${long}/records`) =>
  api.call(`${method} ${path}`, acceptEncoding === undefined ? {} : { headers: { "accept-encoding": acceptEncoding } });

test.each([
  [undefined, undefined],
  ["", undefined],
  ["gzip", "gzip"],
  ["gzip, deflate", "gzip"],
  ["gzip, deflate, br", "br"],
  ["GZip", "gzip"],
  ["br;q=0.5, gzip;q=0.8", "gzip"],
  ["br;q=0, *", "gzip"],
  ["*", "br"],
  ["gzip;q=0", undefined],
  ["identity;q=1, gzip;q=0.5", undefined],
  ["deflate", undefined],
  ["zstd", undefined],
  ["gzip;q=nonsense", undefined],
])("Accept-Encoding %j is answered in the coding %s, and the text is the same", async (accept, coding) => {
  const plain = await read();
  const answer = await read(accept);

  expect([answer.status, answer.headers["content-encoding"], answer.text]).toEqual([200, coding, plain.text]);
  expect(answer.headers.vary).toBe("accept-encoding");
  if (coding !== undefined) expect(answer.bytes.length).toBeLessThan(plain.bytes.length / 4);
});

test("a HEAD is answered like its GET, so that its length is that of the compressed answer", async () => {
  const [get, head] = [await read("gzip"), await read("gzip", "HEAD")];

  expect([head.headers["content-encoding"], head.bytes.length]).toEqual(["gzip", get.bytes.length]);
});

test("a short answer and a failure stay as they are", async () => {
  for (const answer of [await read("gzip", "GET", `/topics/${topic}/partitions`), await read("gzip", "GET", "/topics/no-such-topic")]) {
    expect(answer.headers["content-encoding"]).toBeUndefined();
    expect(answer.headers.vary).toBeUndefined();
    expect(answer.json).toBeDefined();
  }
});

test("an answer at Lambda's limit that compresses badly is sent as it is, since base64 would not fit", async () => {
  const full = uniqueName("coded-full");
  await createTopics(api.kafka, [{ name: full }], deadline());
  let state = 1;
  const noise = () =>
    Array.from({ length: 600_000 }, () => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return String.fromCharCode(0x23 + ((state >> 8) % 57));
    }).join("");
  for (let at = 0; at < 12; at++) {
    const written = await api.call(`POST /topics/${full}`, {
      contentType: "application/vnd.kafka.text.v2+json",
      body: { records: [{ value: noise() }] },
    });
    expect(written.status).toBe(200);
  }

  const answer = await read("gzip", "GET", `/topics/${full}/records?bytes_max=8000000`);

  expect(answer.status).toBe(200);
  expect(answer.json.records.length).toBeGreaterThan(5);
  const sentBytes = answer.headers["content-encoding"] === undefined ? answer.bytes.length : Math.ceil(answer.bytes.length / 3) * 4;
  expect(sentBytes).toBeLessThan(lambdaPayload.bytesMax);
  await deleteTopics(api.kafka, [full], deadline());
});
