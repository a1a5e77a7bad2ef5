/** Webhooks from other systems: verified, written, and only then answered with success. */
import { createHmac } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import { parseConfig } from "../../../lib/config.js";
import { defineSource, type SourceDefinition } from "../../../lib/sources/define-source.js";
import { meta } from "../../../lib/sources/webhook/challenge-schemes.js";
import { github, slack } from "../../../lib/sources/webhook/schemes.js";
import { type WebhookSourceOptions, webhooks } from "../../../lib/sources/webhook.js";
import {
  albHost,
  functionUrlHost,
  type HostAnswer,
  type HttpHost,
  httpApiHost,
  nodeHost,
  restApiHost,
} from "../../support/api/http-hosts.js";
import { createTestTopic, testKafka } from "../../support/broker/kafka.js";
import { uniqueName } from "../../support/broker/unique-names.js";
import { headersOf, idOf, recordsOf, runSource, textsOf } from "../../support/relay/source-run.js";

const kafka = testKafka();
afterAll(() => kafka.close());

const secret = "a secret of both sides";

function signed(body: string | Buffer, id: string, by = secret) {
  return {
    "content-type": "application/json",
    "x-hub-signature-256": `sha256=${createHmac("sha256", by).update(body).digest("hex")}`,
    "x-github-delivery": id,
    "x-github-event": "push",
  };
}

interface Given extends Partial<Omit<SourceDefinition<never>, "from">> {
  readonly from?: Partial<WebhookSourceOptions>;
}

async function aSource({ from = {}, to, ...rules }: Given = {}) {
  const topic = to?.topic ?? (await createTestTopic(kafka));
  const name = uniqueName("hook");
  const run = runSource(
    kafka,
    defineSource({ name, from: webhooks({ verify: github({ secrets: [secret] }), ...from }), to: { topic }, ...rules }),
  );
  const { operations = {} } = run.handler;
  const host = httpApiHost(operations, { config: parseConfig({ RELAY_ACCESS_GRANTS: "[]" }), kafka, log: () => undefined });
  const send = (body: string | Buffer, id: string, headers: Record<string, string> = {}) =>
    post(host, name, body, { ...signed(body, id), ...headers });
  return { ...run, name, topic: topic as string, operations, send };
}

const post = (host: HttpHost, name: string, body: string | Buffer, headers: Record<string, string>): Promise<HostAnswer> =>
  host.ask({ method: "POST", target: `/sources/${name}`, headers, body });

test("a signed call is written byte for byte before it is answered, with its id and the headers that say what it is", async () => {
  const { send, topic, name } = await aSource();
  const body = '{ "number": 12345678901234567890,  "é": "\\u00e9" }\n';

  const answer = await send(body, "delivery-1");

  expect(answer).toMatchObject({ status: 200, text: JSON.stringify({ delivery_id: `${name}/delivery-1`, verdict: "delivered" }) });
  const [record, ...others] = await recordsOf(kafka, topic);
  expect(others).toEqual([]);
  expect(record?.value?.toString()).toBe(body);
  expect(record === undefined ? {} : headersOf(record)).toEqual({
    "content-type": "application/json",
    "x-github-event": "push",
    "relay.delivery-id": `${name}/delivery-1`,
  });
});

test("a call with a wrong signature, or none, is refused with 401 and not written", async () => {
  const { send, topic } = await aSource();

  const answers = await Promise.all([
    send("{}", "1", { "x-hub-signature-256": signed("{} ", "1")["x-hub-signature-256"] }),
    send("{}", "1", { "x-hub-signature-256": "" }),
    send("{}", "1", signed("{}", "1", "another secret")),
  ]);

  expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
  expect(await recordsOf(kafka, topic)).toEqual([]);
});

test("the same call works on every host, with any caller of the host, because its signature is what counts", async () => {
  const { name, topic, operations } = await aSource();
  const options = { config: parseConfig({ RELAY_ACCESS_GRANTS: "[]" }), kafka, log: () => undefined };
  const refuseCallers = { callerOf: () => Promise.reject(new Error("no caller is to be established")) };
  const hosts = [
    httpApiHost(operations, options),
    functionUrlHost(operations, options),
    restApiHost(operations, options),
    albHost(operations, options, false),
    albHost(operations, options, true),
    await nodeHost(operations, { ...options, ...refuseCallers }),
  ];

  const statuses: number[] = [];
  for (const [index, host] of hosts.entries()) {
    const body = Buffer.from([0xff, 0x00, index]);
    statuses.push((await post(host, name, body, { ...signed(body, `${index}`), "content-type": "application/octet-stream" })).status);
    await host.close();
  }

  expect(statuses).toEqual(hosts.map(() => 200));
  expect((await recordsOf(kafka, topic)).map(({ value }) => value?.toString("hex")).sort()).toEqual(
    hosts.map((_, index) => `ff000${index}`),
  );
});

test.each([
  ["HTTP API", { version: "2.0", routeKey: "POST" }],
  ["Function URL", { version: "2.0", routeKey: "$default" }],
  ["REST API", { httpMethod: "POST", resource: "/{proxy+}" }],
  ["load balancer", { httpMethod: "POST", requestContext: { elb: {} } }],
] as const)("its function knows a call that comes through a %s", async (_, parts) => {
  const { invoke, name, topic } = await aSource();
  const path = `/sources/${name}`;
  const headers = { host: "x", ...signed("{}", "1") };
  const isV2 = "version" in parts;
  const event = {
    ...parts,
    ...(isV2 && parts.routeKey === "POST" ? { routeKey: `POST ${path}` } : {}),
    ...(isV2 ? { rawPath: path, rawQueryString: "" } : { path, multiValueHeaders: undefined }),
    headers,
    requestContext: { http: { method: "POST", path }, path, identity: {}, ...("requestContext" in parts ? parts.requestContext : {}) },
    body: Buffer.from("{}").toString("base64"),
    isBase64Encoded: true,
  };

  expect(await invoke(event)).toMatchObject({ statusCode: 200 });
  expect(textsOf(await recordsOf(kafka, topic))).toEqual(["{}"]);
});

test("while the topic does not exist, the sender is asked to send again, and nothing counts as accepted", async () => {
  const { send } = await aSource({ to: { topic: uniqueName("missing") }, from: { answerWithinMs: 600 } });

  const answer = await send("{}", "1");

  expect(answer.status).toBe(503);
  expect(Number(answer.headers["retry-after"])).toBeGreaterThanOrEqual(5);
  expect(answer.text).toContain("Kafka has not acknowledged the record, so it is not accepted. Send it again.");
});

test("a body that Kafka refuses for its size becomes a dead letter with its bytes and reason, and the sender is done", async () => {
  const topic = await createTestTopic(kafka, { configs: { "max.message.bytes": "20000" } });
  const { send, name } = await aSource({ to: { topic } });
  const body = JSON.stringify("x".repeat(30_000));

  const answer = await send(body, "large");

  expect(answer).toMatchObject({ status: 200, text: expect.stringContaining('"verdict":"dead-lettered"') });
  const [letter] = await recordsOf(kafka, `${name}.dead-letters`);
  expect(letter?.value?.toString()).toBe(body);
  expect(letter === undefined ? {} : headersOf(letter)).toMatchObject({
    "relay.error.route": name,
    "relay.error.code": "record-too-large",
    "relay.delivery-id": `${name}/large`,
  });
});

test("a filter and a transform are those of routes, and what a transform writes keeps the delivery id", async () => {
  const { send, topic, name } = await aSource({
    filter: { value: { wanted: [true] } },
    transform: (({ value }: { value: { items: string[] } }) =>
      value.items.map((item) => ({ key: item, value: { item }, headers: {} }))) as never,
  });

  const answers = [await send('{"wanted":false}', "1"), await send('{"wanted":true,"items":["a","b"]}', "2")];

  expect(answers.map(({ text }) => (JSON.parse(text) as { verdict: string }).verdict)).toEqual(["filtered", "delivered"]);
  const records = await recordsOf(kafka, topic);
  expect(records.map((record) => [record.key?.toString(), record.value?.toString(), idOf(record)])).toEqual([
    ["a", '{"item":"a"}', `${name}/2#0`],
    ["b", '{"item":"b"}', `${name}/2#1`],
  ]);
});

test("as a CloudEvent, a webhook has its delivery id as the event's id", async () => {
  const { send, topic, name } = await aSource({ envelope: "cloudevents" });

  await send('{"a":1}', "7");

  const [record] = await recordsOf(kafka, topic);
  expect(record === undefined ? {} : headersOf(record)).toMatchObject({
    ce_specversion: "1.0",
    ce_id: `${name}/7`,
    ce_source: `/sources/${name}`,
    ce_type: "webhook.github",
    "content-type": "application/json",
  });
  expect(record?.value?.toString()).toBe('{"a":1}');
});

test("within its window a repeat is answered without being written again, also while the first is under way", async () => {
  const { send, topic } = await aSource({ from: { dedupe: { windowMs: 60_000 } } });

  const answers = [...(await Promise.all([send("{}", "1"), send("{}", "1")])), await send("{}", "1"), await send("{}", "2")];

  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(textsOf(await recordsOf(kafka, topic))).toEqual(["{}", "{}"]);
});

test("a repeat of a delivery that failed is written", async () => {
  const topic = uniqueName("later");
  const { send } = await aSource({ to: { topic }, from: { dedupe: { windowMs: 60_000 }, answerWithinMs: 600 } });
  const first = await send("{}", "1");
  await createTestTopic(kafka, { name: topic });

  let second = await send("{}", "1");
  for (let tries = 0; second.status === 503 && tries < 20; tries++) second = await send("{}", "1");

  expect([first.status, second.status]).toEqual([503, 200]);
  expect(textsOf(await recordsOf(kafka, topic))).toEqual(["{}"]);
});

test("a body beyond the limit, a compressed one and a call beyond the rate are refused with what would be right", async () => {
  const { send } = await aSource({ from: { bytesMax: 10, rate: { perSecond: 1, burst: 1 } } });

  const answers = [
    await send("12345678901", "1"),
    await send("{}", "2", { "content-encoding": "gzip", "content-type": "application/octet-stream" }),
    await send("{}", "3"),
    await send("{}", "4"),
  ];

  expect(answers.map(({ status }) => status)).toEqual([413, 400, 200, 429]);
  expect(answers[0]?.text).toContain("accepts at most 10");
  expect(answers[3]?.headers["retry-after"]).toBe("1");
});

test("Slack's question whether the address is ours is answered with its challenge, if it is signed", async () => {
  const { operations, name, topic } = await aSource({ from: { verify: slack({ secrets: [secret] }) } });
  const host = httpApiHost(operations, { config: parseConfig({ RELAY_ACCESS_GRANTS: "[]" }), kafka, log: () => undefined });
  const body = '{"type":"url_verification","challenge":"3eZbrw1a"}';
  const time = String(Math.floor(Date.now() / 1_000));
  const signature = `v0=${createHmac("sha256", secret).update(`v0:${time}:${body}`).digest("hex")}`;
  const headers = { "content-type": "application/json", "x-slack-request-timestamp": time };

  const answer = await post(host, name, body, { ...headers, "x-slack-signature": signature });
  const forged = await post(host, name, body, { ...headers, "x-slack-signature": "v0=00" });

  expect([answer.status, answer.text, forged.status]).toEqual([200, "3eZbrw1a", 401]);
  expect(await recordsOf(kafka, topic)).toEqual([]);
});

test("WhatsApp's question by GET is answered on every host, and nothing is written", async () => {
  const { operations, name, topic } = await aSource({ from: { verify: meta({ secrets: [secret], verifyToken: "meatyhamhock" }) } });
  const options = { config: parseConfig({ RELAY_ACCESS_GRANTS: "[]" }), kafka, log: () => undefined };
  const hosts = [
    httpApiHost(operations, options),
    restApiHost(operations, options),
    albHost(operations, options, false),
    await nodeHost(operations, options),
  ];
  const target = `/sources/${name}?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=`;

  for (const host of hosts) {
    const answer = await host.ask({ method: "GET", target: `${target}meatyhamhock`, headers: {}, body: "" });
    const forged = await host.ask({ method: "GET", target: `${target}other`, headers: {}, body: "" });
    expect([answer.status, answer.text, answer.headers["x-content-type-options"], forged.status]).toEqual([
      200,
      "1158201444",
      "nosniff",
      401,
    ]);
  }
  expect(await recordsOf(kafka, topic)).toEqual([]);
});

test("dedupe without ids of the sender is refused when the source is defined", () => {
  expect(() => webhooks({ verify: slack({ secrets: ["a"] }), dedupe: { windowMs: 1_000 } })).toThrow(
    "the scheme slack has no id for each delivery",
  );
});
