/** Dead letters over HTTP: listed without what they hold, shown, redriven to their topic, discarded. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { type Api, createApi } from "../support/api/api.js";
import { anyTimeAheadMs, createTestTopic } from "../support/broker/kafka.js";

let api: Api;
beforeAll(async () => {
  api = await createApi();
});
afterAll(() => api.close());

/** A dead letter topic with three letters of two causes. */
async function deadLetters() {
  const [source, letters] = await Promise.all([createTestTopic(api.kafka), createTestTopic(api.kafka)]);
  const headers = (offset: number, code: string) =>
    Object.entries({
      route: "billing",
      code,
      message: "no",
      topic: source,
      partition: 0,
      offset,
      "last-time": "2026-01-31T12:00:00.000Z",
      redrives: 0,
    }).map(([name, value]) => ({
      name: `relay.error.${name}`,
      value: Buffer.from(String(value)),
    }));
  const records = [0, 1, 2].map((n) => ({
    key: Buffer.from(`k${n}`),
    value: Buffer.from(`{"secret":${n}}`),
    headers: headers(n, n === 1 ? "transform-failed" : "record-refused"),
  }));
  await api.kafka.producer.produce(letters, records, createDeadline(10_000));
  return { source, letters };
}

test("a list tells why and where from, page by page, and never what the records hold", async () => {
  const { source, letters } = await deadLetters();

  const first = await api.call(`GET /dead-letters/${letters}?limit=2`);
  const second = await api.call(`GET /dead-letters/${letters}?limit=2&after=${encodeURIComponent(first.json.next_after)}`);
  const refused = await api.call(`GET /dead-letters/${letters}?code=transform-failed`);

  expect(first.json.letters[0]).toMatchObject({
    partition: 0,
    offset: 0,
    state: "open",
    route: "billing",
    code: "record-refused",
    origin: { topic: source, partition: 0, offset: 0 },
  });
  expect([first.json.letters.length, first.json.next_after, second.json.letters.length, second.json.next_after]).toEqual([
    2,
    "0/1",
    1,
    null,
  ]);
  expect(refused.json.letters.map((letter: { offset: number }) => letter.offset)).toEqual([1]);
  expect(first.text).not.toContain("secret");
});

test("one letter is shown with its record as it was", async () => {
  const { letters } = await deadLetters();

  const shown = await api.call(`GET /dead-letters/${letters}/0/1`);
  const missing = await api.call(`GET /dead-letters/${letters}/0/77`);

  expect(shown.json).toMatchObject({
    code: "transform-failed",
    record: { key: { text: "k1" }, value: { text: '{"secret":1}' }, headers: [] },
  });
  expect(missing.status).toBe(404);
});

test("a redrive to the topic writes the records again and marks the letters", async () => {
  const { source, letters } = await deadLetters();

  const answer = await api.call(`POST /dead-letters/${letters}/redrive`, {
    body: { all: true, destination: "topic", rate_per_second: 1000 },
  });

  const [offsets] = await api.kafka.reader.offsets(source, "all", createDeadline(10_000));
  expect(answer.json).toMatchObject({ redriven: 3, failed: 0, skipped: 0, has_more: false });
  expect(answer.json.outcomes[0]).toEqual({ partition: 0, offset: 0, outcome: "redriven", to: `topic ${source}` });
  expect(offsets?.end).toBe(3n);
  expect((await api.call(`GET /dead-letters/${letters}`)).json.letters).toEqual([]);
});

test("what is discarded is open no more", async () => {
  const { letters } = await deadLetters();

  const answer = await api.call(`POST /dead-letters/${letters}/discard`, { body: { letters: [{ partition: 0, offset: 1 }] } });

  expect(answer.json).toEqual({ discarded: 1, has_more: false });
  expect((await api.call(`GET /dead-letters/${letters}?state=discarded`)).json.letters).toHaveLength(1);
});

test.each([
  ["nothing is chosen", {}, 422, "does not say which dead letters are meant"],
  ["an option is unknown", { al: true }, 422, "al"],
  ["a time is not valid", { from: "yesterday" }, 400, "must be a time"],
  ["a rate is zero", { all: true, rate_per_second: 0 }, 400, "rate_per_second"],
])("a redrive is refused where %s", async (_, body, status, message) => {
  const { letters } = await deadLetters();

  const answer = await api.call(`POST /dead-letters/${letters}/redrive`, { body });

  expect(answer.status).toBe(status);
  expect(answer.json.message).toContain(message);
});

test("an unknown topic is a 404", async () => {
  expect((await api.call("GET /dead-letters/nowhere.dead-letters")).status).toBe(404);
});

test("a letter with a time that no date can say is listed, shown and discarded like any other", async () => {
  const letters = await createTestTopic(api.kafka, { aheadMaxMs: anyTimeAheadMs });
  const values = [Buffer.from("plain"), Buffer.from(`{"requestContext":${"[".repeat(5_000)}${"]".repeat(5_000)}}`), Buffer.from([0xff])];
  await api.kafka.producer.produce(
    letters,
    [1_700_000_000_000_000_000, 8_640_000_000_000_001, 0].map((timestampMs, index) => ({
      key: null,
      value: values[index] ?? null,
      headers: [],
      timestampMs,
    })),
    createDeadline(10_000),
  );

  const listed = await api.call(`GET /dead-letters/${letters}`);
  const shown = await api.call(`GET /dead-letters/${letters}/0/0`);
  const discarded = await api.call(`POST /dead-letters/${letters}/discard`, { body: { all: true } });

  expect(listed.json.letters.map((letter: { last_time: string }) => letter.last_time)).toEqual([
    "+275760-09-13T00:00:00.000Z",
    "+275760-09-13T00:00:00.000Z",
    "1970-01-01T00:00:00.000Z",
  ]);
  expect(shown.json).toMatchObject({ written_by: "unknown", record: { timestamp: 1_700_000_000_000_000_000, value: { text: "plain" } } });
  expect([discarded.status, discarded.json]).toEqual([200, { discarded: 3, has_more: false }]);
});
