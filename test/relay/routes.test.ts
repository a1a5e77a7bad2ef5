/** Routes on a real broker: from a topic through filter and transform into a topic, with dead letters that keep every byte. */
import { afterAll, describe, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { describeConfigs } from "../../lib/kafka/admin/configs.js";
import type { RecordHeader } from "../../lib/kafka/records.js";
import { defineRoute } from "../../lib/relay/route.js";
import { topic } from "../../lib/targets/topic.js";
import { createTestTopic, testKafka } from "../support/broker/kafka.js";
import { delivered, failed } from "../support/relay/relay-bench.js";
import { answering, outgoing, readAll, runRoute, toEvent, write } from "../support/relay/relay-on-broker.js";

const kafka = testKafka();
afterAll(() => kafka.close());

const header = (name: string, value: string | Buffer | null): RecordHeader => ({
  name,
  value: typeof value === "string" ? Buffer.from(value) : value,
});
const errorHeaders = (headers: readonly RecordHeader[]): Record<string, string> =>
  Object.fromEntries(
    headers.filter(({ name }) => name.startsWith("relay.error.")).map(({ name, value }) => [name.slice(12), value?.toString() ?? ""]),
  );

const oddRecords = [
  outgoing({ key: null, value: null }),
  outgoing({ key: Buffer.alloc(0), value: Buffer.alloc(0) }),
  outgoing({ key: Buffer.from([0xff, 0x00, 0xdc]), value: Buffer.from([0x80, 0xff, 0x00]), timestampMs: 1 }),
  outgoing({ key: Buffer.from("ключ 🗝"), value: Buffer.from("значение 🎁") }),
  outgoing({
    headers: [header("a", "1"), header("a", "2"), header("a", null), header("", ""), header("bin", Buffer.from([0xdc, 0x80, 0x00, 0xff]))],
  }),
  outgoing({
    headers: [header("evil\r\nhost", "x\r\ny: z"), header("host", "example.org"), header("content-length", "7"), header("é", "ü")],
  }),
];

describe("topic to topic", () => {
  test("a record that matches arrives transformed, one that does not is gone, and nothing else happens", async () => {
    const [source, target] = await Promise.all([createTestTopic(kafka, { partitions: 3 }), createTestTopic(kafka, { partitions: 3 })]);
    await write(
      kafka,
      source,
      Array.from({ length: 300 }, (_, n) => outgoing({ key: Buffer.from(`k${n % 7}`), json: { n, size: n % 10 } })),
    );
    const route = defineRoute<{ n: number; size: number }>({
      name: "sized",
      filter: { value: { size: [{ numeric: [">=", 5] }] } },
      transform: ({ value }) => ({ value: { number: value.n } }),
      target: topic({ topic: target }),
    });

    const answer = await runRoute(kafka, route).invoke(await readAll(kafka, source));

    const arrived = await readAll(kafka, target);
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(arrived.map(({ value }) => (JSON.parse(String(value)) as { number: number }).number).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 300 }, (_, n) => n).filter((n) => n % 10 >= 5),
    );
    for (const key of ["k0", "k3"]) {
      const numbers = arrived
        .filter((record) => String(record.key) === key)
        .map(({ value }) => (JSON.parse(String(value)) as { number: number }).number);
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    }
  });

  test("odd records arrive byte for byte: tombstones, empty and null keys, binary, repeated and null headers", async () => {
    const [source, target] = await Promise.all([createTestTopic(kafka), createTestTopic(kafka)]);
    await write(kafka, source, oddRecords);

    await runRoute(kafka, defineRoute({ name: "odd", target: topic({ topic: target }) })).invoke(await readAll(kafka, source));

    const arrived = await readAll(kafka, target);
    expect(arrived.map(({ key, value, headers, timestampMs }) => ({ key, value, headers, timestampMs }))).toEqual(oddRecords);
  });
});

describe("a dead letter", () => {
  test("is the record byte for byte, with the reason and its time in headers, in a topic made with room for them", async () => {
    const source = await createTestTopic(kafka, { configs: { "max.message.bytes": "200000" } });
    await write(kafka, source, oddRecords);
    const target = answering(() => failed("record-refused", { targetStatus: 422, targetAnswer: "x".repeat(10_000) }));
    const run = runRoute(kafka, defineRoute({ name: "refused", target }));

    const answer = await run.invoke(await readAll(kafka, source));

    const letters = await readAll(kafka, `${source}.dead-letters`);
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(
      letters.map(({ key, value, headers }) => ({
        key,
        value,
        headers: headers.filter(({ name }) => !name.startsWith("relay.error.")),
        timestampMs: Number(errorHeaders(headers).timestamp),
      })),
    ).toEqual(oddRecords);
    expect(errorHeaders(letters[2]?.headers ?? [])).toMatchObject({
      route: "refused",
      target: `test ${target.name}`,
      code: "record-refused",
      message: "the target says record-refused",
      stage: "deliver",
      status: "422",
      answer: "x".repeat(4096),
      attempts: "1",
      topic: source,
      partition: "0",
      offset: "2",
      redrives: "0",
    });
    const [configs] = await describeConfigs(kafka, [{ kind: "topic", name: `${source}.dead-letters` }], createDeadline(10_000), {
      names: ["max.message.bytes"],
    });
    expect(configs).toMatchObject([{ value: String(200_000 + 65_536) }]);
    expect(run.lines.join("\n")).not.toContain("значение");
  });

  test("that fails again has its reasons replaced, not doubled", async () => {
    const source = await createTestTopic(kafka);
    await write(kafka, source, [outgoing()]);
    const route = (name: string) =>
      defineRoute({ name, target: answering(() => failed("record-refused")), deadLetters: { topic: `${source}.${name}` } });
    await runRoute(kafka, route("first")).invoke(await readAll(kafka, source));

    await runRoute(kafka, route("second")).invoke(await readAll(kafka, `${source}.first`));

    const [letter] = await readAll(kafka, `${source}.second`);
    const names = letter?.headers.map(({ name }) => name) ?? [];
    expect(new Set(names).size).toBe(names.length);
    expect(errorHeaders(letter?.headers ?? []).route).toBe("second");
  });

  test("that its topic refuses is not lost: the record is given back with all after it, and is dead-lettered once the topic takes it", async () => {
    const source = await createTestTopic(kafka);
    const letters = await createTestTopic(kafka, { configs: { "max.message.bytes": "1000" } });
    await write(kafka, source, [
      outgoing({ json: { n: 0 } }),
      outgoing({ json: { n: 1, text: "y".repeat(2_000) } }),
      outgoing({ json: { n: 2 } }),
    ]);
    const route = (topicName: string) =>
      defineRoute({
        name: "full",
        target: answering(({ message }) => ((message.document() as { n: number }).n === 1 ? failed("record-refused") : delivered)),
        deadLetters: { topic: topicName },
      });
    const records = await readAll(kafka, source);

    const held = await runRoute(kafka, route(letters)).invoke(records);
    const taken = await runRoute(kafka, route(`${source}.dead-letters`)).invoke(records.slice(1));

    expect(held.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual([
      { partition: `${source}-0`, offset: 1 },
      { partition: `${source}-0`, offset: 2 },
    ]);
    expect(taken).toEqual({ batchItemFailures: [] });
    expect(await readAll(kafka, letters)).toEqual([]);
    expect(await readAll(kafka, `${source}.dead-letters`)).toHaveLength(1);
  });

  test("is not made where the target is missing: the records wait until it is there", async () => {
    const source = await createTestTopic(kafka);
    await write(kafka, source, [outgoing(), outgoing()]);
    const run = runRoute(
      kafka,
      defineRoute({ name: "missing", target: topic({ topic: `${source}.nowhere` }), retry: { attemptsMax: 2, firstDelayMs: 10 } }),
    );

    const answer = await run.invoke(await readAll(kafka, source));

    expect(answer.batchItemFailures).toHaveLength(2);
    await expect(kafka.reader.offsets(`${source}.dead-letters`, "all", createDeadline(5_000))).rejects.toMatchObject({
      code: "topic-not-found",
    });
  });
});

test("without partial failures the function throws if a record is given back, so that the batch is delivered again", async () => {
  const source = await createTestTopic(kafka);
  await write(kafka, source, [outgoing(), outgoing()]);
  const route = defineRoute({
    name: "throwing",
    target: answering(() => failed("target-refused", { targetStatus: 401 })),
    retry: { attemptsMax: 1 },
  });
  const run = runRoute(kafka, route, { RELAY_PARTIAL_RESPONSES: "false" });

  await expect(run.invoke(await readAll(kafka, source))).rejects.toMatchObject({
    code: "target-refused",
    message: expect.stringContaining("2 of 2 records are given back"),
  });
});

test("a batch that is delivered again after a throw repeats nothing that was settled, and one that is replayed later gets everything", async () => {
  const source = await createTestTopic(kafka);
  await write(
    kafka,
    source,
    [0, 1, 2, 3].map((n) => outgoing({ json: { n } })),
  );
  const offsets: bigint[] = [];
  let isDown = true;
  const target = answering(({ source: { offset } }) => {
    if (offset === 1n) return failed("record-refused");
    if (offset === 2n && isDown) return failed("target-failed");
    offsets.push(offset);
    return delivered;
  });
  const run = runRoute(kafka, defineRoute({ name: "again", target, retry: { attemptsMax: 1 }, breaker: { openMs: 1 } }), {
    RELAY_PARTIAL_RESPONSES: "false",
  });
  const records = await readAll(kafka, source);

  await expect(run.invoke(records)).rejects.toMatchObject({ code: "target-failed" });
  await expect(run.invoke(records)).rejects.toMatchObject({ code: "target-failed" });
  isDown = false;
  await run.invoke(records);
  expect(offsets).toEqual([0n, 2n, 3n]);
  expect(await readAll(kafka, `${source}.dead-letters`)).toHaveLength(1);

  await run.invoke(records);
  expect(offsets).toEqual([0n, 2n, 3n, 0n, 2n, 3n]);
});

test("an event that is not Kafka's is refused with the place", async () => {
  const run = runRoute(kafka, defineRoute({ name: "strict", target: answering(() => delivered) }));

  for (const [event, place] of [
    [undefined, "event: "],
    [{ Records: [] }, "event: "],
    [{ records: { "t-0": {} } }, 'event.records["t-0"]: '],
    [{ records: { "t-0": [{ topic: "t", partition: 0, offset: -1, timestamp: 0 }] } }, 'event.records["t-0"][0].offset: '],
    [{ records: { "t-0": [{ topic: "t", partition: 0, offset: 1, timestamp: 0, value: 5 }] } }, 'event.records["t-0"][0].value: '],
    [
      { records: { "t-0": [{ topic: "t", partition: 0, offset: 1, timestamp: 0, headers: { a: [1] } }] } },
      'event.records["t-0"][0].headers: ',
    ],
  ] as const) {
    await expect(run.handler(event)).rejects.toMatchObject({ code: "bad-request", message: expect.stringContaining(place) });
  }
});

test("metrics count every verdict, and log lines tell where a record lies and never what it holds", async () => {
  const source = await createTestTopic(kafka);
  await write(kafka, source, [outgoing({ json: { n: 0, secret: "s3cret" } }), outgoing({ json: { n: 1 } }), outgoing({ json: { n: 2 } })]);
  const route = defineRoute({
    name: "counted",
    filter: { value: { n: [{ numeric: ["<", 2] }] } },
    target: answering(({ source: { offset } }) => (offset === 0n ? failed("record-refused", { targetStatus: 400 }) : delivered)),
  });
  const run = runRoute(kafka, route);

  await run.handler(toEvent(await readAll(kafka, source)));

  const lines = run.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.find((line) => "_aws" in line)).toMatchObject({
    Route: "counted",
    RecordsIn: 3,
    Delivered: 1,
    Filtered: 1,
    DeadLettered: 1,
    GivenBack: 0,
  });
  expect(lines.find(({ message }) => message === "dead letter")).toMatchObject({
    topic: source,
    partition: 0,
    offset: "0",
    code: "record-refused",
    status: 400,
  });
  expect(run.lines.join("")).not.toContain("s3cret");
});
