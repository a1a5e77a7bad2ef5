/** Dead letters after they were written: listed by what they are, redriven to route or topic, discarded, and never for ever. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import type { KafkaRecord, TopicName } from "../../lib/kafka/records.js";
import { invokeFunction, invokeInProcess } from "../../lib/relay/dead-letters/invoke-route.js";
import { findLetters, type LetterChoice } from "../../lib/relay/dead-letters/letters.js";
import { discard, type RedriveOptions, redrive } from "../../lib/relay/dead-letters/redrive.js";
import type { Delivery } from "../../lib/relay/delivery.js";
import { defineRoute } from "../../lib/relay/route.js";
import { createTestTopic, testKafka } from "../support/broker/kafka.js";
import { delivered, failed } from "../support/relay/relay-bench.js";
import { answering, outgoing, readAll, runRoute, write } from "../support/relay/relay-on-broker.js";

const kafka = testKafka();
afterAll(() => kafka.close());
const soon = () => createDeadline(20_000);

/** A topic with three records, all dead-lettered by a route whose target can be repaired. */
async function deadLettered() {
  const source = await createTestTopic(kafka);
  await write(
    kafka,
    source,
    [0, 1, 2].map((n) => outgoing({ key: Buffer.from(`k${n}`), json: { n }, headers: [{ name: "h", value: null }] })),
  );
  const state = { isMended: false };
  const deliveries: Delivery[] = [];
  const route = defineRoute({
    name: "fragile",
    target: answering((delivery) => {
      if (state.isMended) deliveries.push(delivery);
      return state.isMended ? delivered : failed("record-refused", { targetStatus: 422 });
    }),
  });
  const run = runRoute(kafka, route);
  await run.invoke(await readAll(kafka, source));
  return { source, letters: `${source}.dead-letters`, state, deliveries, run };
}

async function find(topic: string, choice: LetterChoice = {}) {
  const found: { readonly place: string; readonly state: string; readonly code: string | undefined; readonly redrives: number }[] = [];
  for await (const { letter, state } of findLetters(kafka, topic, choice, soon())) {
    found.push({ place: `${letter.at.partition}/${letter.at.offset}`, state, code: letter.code, redrives: letter.redrives });
  }
  return found;
}

function options(run: Awaited<ReturnType<typeof deadLettered>>["run"], own: Partial<RedriveOptions> = {}): RedriveOptions {
  return {
    choice: {},
    to: "route",
    invoke: invokeInProcess(async (name) => (name === "fragile" ? run.handler : undefined)),
    ratePerSecond: 1_000,
    lettersMax: 100,
    redrivesMax: 5,
    deadline: soon(),
    ...own,
  };
}

describe("redriving to the route", () => {
  test("delivers letters after a repair, under the same ids and at the first coordinates, and marks it", async () => {
    const { source, letters, state, deliveries, run } = await deadLettered();
    state.isMended = true;

    const result = await redrive(kafka, letters, options(run));

    expect(result).toEqual({ redriven: 3, failed: 0, skipped: 0, hasMore: false });
    expect(deliveries.map(({ id }) => id)).toEqual([0, 1, 2].map((offset) => `kafka/${source}/0/${offset}`));
    expect(deliveries[1]).toMatchObject({
      source: { topic: source, partition: 0, offset: 1n },
      message: { headers: [{ name: "h", value: null }] },
    });
    expect(await find(letters)).toEqual([]);
    expect(await find(letters, { state: "redriven" })).toHaveLength(3);
    expect(await redrive(kafka, letters, options(run))).toEqual({ redriven: 0, failed: 0, skipped: 0, hasMore: false });
  });

  test("of a letter that fails again makes a new dead letter with a higher count, and stops when it came back too often", async () => {
    const { letters, run } = await deadLettered();
    const choice = { places: [{ partition: 0, offset: 0n }] };

    const first = await redrive(kafka, letters, options(run, { choice, redrivesMax: 1 }));
    const second = await redrive(kafka, letters, options(run, { choice: { places: [{ partition: 0, offset: 3n }] }, redrivesMax: 1 }));

    expect(first.redriven).toBe(1);
    expect(second).toMatchObject({ redriven: 0, skipped: 1 });
    expect((await find(letters)).map(({ place, redrives }) => [place, redrives])).toEqual([
      ["0/1", 0],
      ["0/2", 0],
      ["0/3", 1],
    ]);
  });

  test("leaves a letter open where the route gives its record back", async () => {
    const source = await createTestTopic(kafka);
    await write(kafka, source, [outgoing()]);
    let answer = failed("record-refused");
    const run = runRoute(kafka, defineRoute({ name: "fragile", target: answering(() => answer), retry: { attemptsMax: 1 } }));
    await run.invoke(await readAll(kafka, source));
    answer = failed("target-failed");

    const result = await redrive(kafka, `${source}.dead-letters`, options(run));

    expect(result).toMatchObject({ redriven: 0, failed: 1 });
    expect(await find(`${source}.dead-letters`)).toHaveLength(1);
  });
});

describe("redriving through the route's deployed function", () => {
  /** Lambda's API for invocations, as serverless-offline has it: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
  async function lambdaApi(handler: (name: string, event: unknown) => Promise<unknown>) {
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const [, name = ""] = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(request.url ?? "") ?? [];
      try {
        const answer = await handler(name, JSON.parse(Buffer.concat(chunks).toString()));
        response.writeHead(200).end(JSON.stringify(answer));
      } catch (error) {
        response
          .writeHead(200, { "x-amz-function-error": "Unhandled" })
          .end(JSON.stringify({ errorMessage: (error as Error).message, errorType: "Error" }));
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { invoke: invokeFunction({ prefix: "kafka-relay-test-", region: "us-east-1", endpoint }), stop: () => server.close() };
  }

  test("hands it one record at a time and marks what it has dealt with", async () => {
    const { letters, state, deliveries, run } = await deadLettered();
    state.isMended = true;
    const names: string[] = [];
    const api = await lambdaApi((name, event) => {
      names.push(name);
      return run.handler(event);
    });

    const result = await redrive(kafka, letters, options(run, { invoke: api.invoke, name: "fragile-route" }));
    api.stop();

    expect(result).toMatchObject({ redriven: 3, failed: 0 });
    expect(names).toEqual(Array(3).fill("kafka-relay-test-fragileRoute"));
    expect(deliveries.map(({ source }) => source.offset)).toEqual([0n, 1n, 2n]);
  });

  test("leaves letters open where the function fails, gives back, or is not there", async () => {
    const { letters, run } = await deadLettered();
    const answers = [
      () => Promise.reject(new Error("out of order")),
      () => Promise.resolve({ batchItemFailures: [{ itemIdentifier: { partition: "x-0", offset: 0 } }] }),
      () => Promise.reject(new Error("still")),
    ];
    const api = await lambdaApi(() => (answers.shift() ?? answers[0] ?? (() => Promise.resolve(null)))());
    const errors: string[] = [];

    const result = await redrive(
      kafka,
      letters,
      options(run, {
        invoke: api.invoke,
        onLetter: (_, outcome) => errors.push(outcome.outcome === "redriven" ? "" : outcome.error.message),
      }),
    );
    api.stop();

    expect(result).toMatchObject({ redriven: 0, failed: 3 });
    expect(errors[0]).toContain("out of order");
    expect(errors[1]).toContain("gave the record back");
    expect(await find(letters)).toHaveLength(3);
  });
});

test("redriving to the topic writes the record without the reasons, and the route relays it as a new record that counts its redrives", async () => {
  const { source, letters, state, deliveries, run } = await deadLettered();
  state.isMended = true;

  const result = await redrive(kafka, letters, options(run, { to: "topic" }));
  const again = (await readAll(kafka, source)).slice(3);
  await run.invoke(again);

  expect(result.redriven).toBe(3);
  expect(again.map(({ key, headers }) => [String(key), headers.map(({ name }) => name)])).toEqual(
    [0, 1, 2].map((n) => [`k${n}`, ["h", "relay.redrive"]]),
  );
  expect(deliveries.map(({ id }) => id)).toEqual([3, 4, 5].map((offset) => `kafka/${source}/0/${offset}`));
  expect(deliveries[0]?.message.headers).toEqual([{ name: "h", value: null }]);
  state.isMended = false;
  await run.invoke(again.slice(0, 1));
  expect((await find(letters)).map(({ redrives }) => redrives)).toEqual([1]);
});

test("a record of the topic that claims to be redriven is relayed at the place where it lies, whatever coordinates it claims", async () => {
  const source = await createTestTopic(kafka);
  const claim = { count: 2, topic: "accounts", partition: 9, offset: "9007199254740991", namespace: "elsewhere" };
  await write(kafka, source, [outgoing({ headers: [{ name: "relay.redrive", value: Buffer.from(JSON.stringify(claim)) }] })]);
  const deliveries: Delivery[] = [];
  const target = answering((delivery) => {
    deliveries.push(delivery);
    return delivered;
  });

  await runRoute(kafka, defineRoute({ name: "careful", target })).invoke(await readAll(kafka, source));

  expect(deliveries.map(({ id }) => id)).toEqual([`kafka/${source}/0/0`]);
  expect(deliveries[0]?.source).toMatchObject({ topic: source, partition: 0, offset: 0n });
  expect(deliveries[0]?.message.headers).toEqual([]);
});

test("letters are chosen by route, cause, time and place, and what is discarded is open no more", async () => {
  const { letters } = await deadLettered();

  expect(await find(letters, { route: "fragile", code: "record-refused" })).toHaveLength(3);
  expect(await find(letters, { route: "another" })).toEqual([]);
  expect(await find(letters, { code: "transform-failed" })).toEqual([]);
  expect(await find(letters, { fromMs: Date.now() + 60_000 })).toEqual([]);
  expect(await find(letters, { toMs: Date.now() + 60_000 })).toHaveLength(3);
  expect(await find(letters, { after: { partition: 0, offset: 0n } })).toHaveLength(2);

  expect(await discard(kafka, letters, { places: [{ partition: 0, offset: 1n }] }, 10, soon())).toEqual({ discarded: 1, hasMore: false });
  expect((await find(letters)).map(({ place }) => place)).toEqual(["0/0", "0/2"]);
  expect((await find(letters, { state: "any" })).map(({ state }) => state)).toEqual(["open", "discarded", "open"]);
});

describe("a run whose time ends before the letters do", () => {
  /** Three letters, one in each of three partitions. */
  async function spread(): Promise<TopicName> {
    const letters = await createTestTopic(kafka, { partitions: 3 });
    await write(
      kafka,
      letters,
      [0, 1, 2].map((partition) => outgoing({ partition, headers: [{ name: "relay.error.route", value: Buffer.from("fragile") }] })),
    );
    return letters;
  }
  /** Ends on demand. */
  function endable() {
    let isOver = false;
    const end = (): void => {
      isOver = true;
    };
    return { deadline: { leftMs: () => (isOver ? 0 : 20_000) }, end };
  }

  test("says of a redrive that there is more", async () => {
    const letters = await spread();
    const { deadline, end } = endable();
    const invoke = async () => {};
    const first = await redrive(kafka, letters, {
      choice: {},
      to: "route",
      invoke,
      ratePerSecond: 1,
      lettersMax: 100,
      redrivesMax: 5,
      deadline,
      sleep: async () => end(),
    });
    const rest = await redrive(kafka, letters, {
      choice: {},
      to: "route",
      invoke,
      ratePerSecond: 1_000,
      lettersMax: 100,
      redrivesMax: 5,
      deadline: soon(),
    });

    expect(first).toEqual({ redriven: 1, failed: 0, skipped: 0, hasMore: true });
    expect(rest).toEqual({ redriven: 2, failed: 0, skipped: 0, hasMore: false });
  });

  test("does not look like the end of the letters to those who search for them", async () => {
    const letters = await spread();
    const { deadline, end } = endable();
    const found: number[] = [];
    const looking = (async () => {
      for await (const { letter } of findLetters(kafka, letters, {}, deadline)) {
        found.push(letter.at.partition);
        end();
      }
    })();

    await expect(looking).rejects.toMatchObject({ code: "deadline-exceeded" });
    expect(found).toEqual([0]);
  });

  test("leaves a letter open whose mark could not be written, and says so", async () => {
    const letters = await spread();
    const { deadline, end } = endable();
    const messages: string[] = [];
    const result = await redrive(kafka, letters, {
      choice: {},
      to: "route",
      invoke: async () => end(),
      ratePerSecond: 1_000,
      lettersMax: 100,
      redrivesMax: 5,
      deadline,
      onLetter: (_, outcome) => messages.push(outcome.outcome === "redriven" ? "" : outcome.error.message),
    });

    expect(result).toEqual({ redriven: 0, failed: 1, skipped: 0, hasMore: true });
    expect(messages[0]).toContain("still listed as open");
  });
});

test("a limit stops a redrive and says that there is more", async () => {
  const { letters, state, run } = await deadLettered();
  state.isMended = true;

  expect(await redrive(kafka, letters, options(run, { lettersMax: 2 }))).toEqual({ redriven: 2, failed: 0, skipped: 0, hasMore: true });
});

describe("a dead letter of somebody else", () => {
  const text = (value: string) => Buffer.from(value);
  const original = {
    topic: "orders",
    partition: 3,
    offset: 42,
    timestamp: 5,
    timestampType: "CREATE_TIME",
    key: text("k").toString("base64"),
    value: text("v").toString("base64"),
    headers: [{ a: [-36] }],
  };
  const lambdaRecord = {
    requestContext: {
      requestId: "x",
      functionArn: "arn:aws:lambda:eu-central-1:123456789012:function:billing",
      condition: "RetryAttemptsExhausted",
      approximateInvokeCount: 4,
    },
    responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
    version: "1.0",
    timestamp: "2026-01-31T12:00:00.000Z",
    recordInfo: { offset: 42, timestamp: 5 },
    payload: { eventSource: "aws:kafka", records: { "orders-3": [original] } },
  };

  test.each([
    [
      "Kafka Connect",
      outgoing({
        key: text("k"),
        value: text("v"),
        headers: [
          { name: "a", value: text("1") },
          { name: "__connect.errors.topic", value: text("orders") },
          { name: "__connect.errors.partition", value: text("3") },
          { name: "__connect.errors.offset", value: text("42") },
          { name: "__connect.errors.exception.message", value: text("no") },
          { name: "__connect.errors.connector.name", value: text("sink") },
        ],
      }),
      { writtenBy: "connect", route: "sink", message: "no", origin: { topic: "orders", partition: 3, offset: 42n } },
      [{ name: "a", value: text("1") }],
    ],
    [
      "Lambda",
      outgoing({ json: lambdaRecord }),
      {
        writtenBy: "lambda",
        route: "billing",
        code: "RetryAttemptsExhausted",
        attempts: 4,
        lastTime: "2026-01-31T12:00:00.000Z",
        origin: { topic: "orders", partition: 3, offset: 42n },
      },
      [{ name: "a", value: Buffer.from([0xdc]) }],
    ],
    [
      "Knative",
      outgoing({
        key: text("k"),
        value: text("v"),
        headers: [
          { name: "ce_id", value: text("partition:3/offset:42") },
          { name: "ce_source", value: text("/apis/v1/namespaces/a/kafkasources/b#orders") },
          { name: "ce_subject", value: text("partition:3#42") },
          { name: "ce_knativeerrordest", value: text("http://receiver") },
          { name: "ce_knativeerrorcode", value: text("500") },
          { name: "ce_knativeerrordata", value: text(text("broken").toString("base64")) },
        ],
      }),
      {
        writtenBy: "knative",
        target: "http://receiver",
        status: "500",
        answer: "broken",
        origin: { topic: "orders", partition: 3, offset: 42n },
      },
      undefined,
    ],
    ["nobody known", outgoing({ key: text("k"), value: text("v") }), { writtenBy: "unknown", origin: undefined }, []],
  ])("of %s is read, and its record is as it was", async (_, letterRecord, expected, headers) => {
    const letters = await createTestTopic(kafka);
    await write(kafka, letters, [letterRecord]);
    let record: KafkaRecord | undefined;
    for await (const { letter } of findLetters(kafka, letters as TopicName, {}, soon())) {
      expect(letter).toMatchObject(expected);
      record = letter.record;
    }

    expect([String(record?.key), String(record?.value)]).toEqual(["k", "v"]);
    if (headers === undefined) expect(record?.headers.map(({ name }) => name)).toEqual(["ce_id", "ce_source", "ce_subject"]);
    else expect(record?.headers).toEqual(headers);
  });
});
