/** What every outbox promises, whatever its database: the same tests for each, with tables that have the columns `id`, `key` and `payload`. */
import { afterAll, afterEach, expect, test } from "vitest";
import type { Kafka } from "../../../lib/kafka/kafka.js";
import { defineSource, type SourceDefinition } from "../../../lib/sources/define-source.js";
import type { OutboxOptions } from "../../../lib/sources/outbox/options.js";
import type { SourceHandler } from "../../../lib/sources/source.js";
import { createTestTopic, testKafka } from "../broker/kafka.js";
import { uniqueName } from "../broker/unique-names.js";
import { headersOf, idOf, recordsOf, runSource, textsOf } from "./source-run.js";

type Given = Partial<OutboxOptions> & { readonly table: string };
type Row = readonly [key: string | null, payload: string | null];

interface OutboxDatabase {
  readonly from: (options: Given & Pick<OutboxOptions, "order">) => SourceDefinition["from"];
  /** A new table with these columns, or with `id`, `key` and `payload`. */
  readonly newTable: (columns?: string) => Promise<string>;
  readonly insert: (table: string, rows: readonly Row[]) => Promise<unknown>;
  readonly countIn: (table: string) => Promise<number>;
  /** Locks the row with the id 1 in another transaction; what it returns ends that. Undefined where the database runs one transaction at a time. */
  readonly lockFirst: (table: string) => Promise<(() => Promise<void>) | undefined>;
  /** Whether both of two runs at once must write rows. */
  readonly isShared: () => boolean;
}

interface OutboxRuns {
  readonly kafka: Kafka;
  /** A source that reads the table, and one invocation of it. */
  readonly source: (
    options: Given,
    rules?: Partial<SourceDefinition<never>>,
    cluster?: Kafka,
  ) => Promise<ReturnType<typeof runSource> & { readonly name: string; readonly topic: string }>;
}

export const rowsCount = 10_000;
const keysCount = 97;

/** Sources that are closed after each test. */
export function createOutboxRuns({ from }: Pick<OutboxDatabase, "from">): OutboxRuns {
  const kafka = testKafka();
  const handlers: SourceHandler[] = [];
  afterEach(async () => {
    await Promise.all(handlers.splice(0).map((handler) => handler.close()));
  });
  afterAll(() => kafka.close());
  return {
    kafka,
    source: async (options, rules = {}, cluster = kafka) => {
      const topic = rules.to?.topic ?? (await createTestTopic(kafka));
      const name = rules.name ?? uniqueName("outbox");
      const origin = from({ order: "id", key: "key", value: "payload", ...options });
      const run = runSource(cluster, defineSource({ name, from: origin, to: { topic }, ...rules }));
      handlers.push(run.handler);
      return { ...run, name, topic: topic as string };
    },
  };
}

/** A table with `rowsCount` rows of many keys, whose payloads are their numbers from 1. */
export async function fullTable({ newTable, insert }: Pick<OutboxDatabase, "newTable" | "insert">): Promise<string> {
  const table = await newTable();
  const rows = Array.from({ length: rowsCount }, (_, index) => [`k${(index + 1) % keysCount}`, String(index + 1)] as const);
  for (let from = 0; from < rowsCount; from += 1_000) await insert(table, rows.slice(from, from + 1_000));
  return table;
}

/** Checks that the numbers of each key came in their order, repeats left out, and returns how many numbers there are. */
export async function numbersInOrder(kafka: Kafka, topic: string): Promise<number> {
  const [seen, last] = [new Set<number>(), new Map<string, number>()];
  for (const { key, value } of await recordsOf(kafka, topic)) {
    const number = Number(value);
    if (seen.has(number)) continue;
    seen.add(number);
    expect(number).toBeGreaterThan(last.get(String(key)) ?? 0);
    last.set(String(key), number);
  }
  return seen.size;
}

export function testOutbox(database: OutboxDatabase, runs: OutboxRuns): void {
  testWhatIsWritten(database, runs);
  testWhatIsRefused(database, runs);
  testLocks(database, runs);
}

function testWhatIsWritten({ newTable, insert, countIn }: OutboxDatabase, { kafka, source }: OutboxRuns): void {
  const down = testKafka({ brokers: ["127.0.0.1:1"], connectTimeoutMs: 200 });
  afterAll(() => down.close());

  test("rows are written in the order of their column, byte for byte, and are gone once Kafka has them", async () => {
    const table = await newTable();
    await insert(table, [
      ["a", '{ "n": 12345678901234567890 }'],
      ["a", "\\x00 text"],
      ["a", "é \\ text"],
      ["b", null],
      [null, "no key"],
    ]);
    const { invoke, topic, name } = await source({ table });

    expect(await invoke({})).toEqual({ written: 5, filtered: 0, deadLettered: 0, givenBack: 0 });

    const records = await recordsOf(kafka, topic);
    expect(textsOf(records)).toEqual(['{ "n": 12345678901234567890 }', "\\x00 text", "é \\ text", undefined, "no key"]);
    expect(records.map(({ key }) => key?.toString())).toEqual(["a", "a", "a", "b", undefined]);
    expect(records.map(idOf)).toEqual([1, 2, 3, 4, 5].map((id) => `${name}/${id}`));
    expect(await countIn(table)).toBe(0);
  });

  test("while Kafka is down, the run fails and every row stays", async () => {
    const table = await newTable();
    await insert(table, [["a", "1"]]);
    const { invoke } = await source({ table }, {}, down);

    await expect(invoke({}, 8_600)).rejects.toThrow("Kafka has not acknowledged 1 of 1 rows, which stay in the table");

    expect(await countIn(table)).toBe(1);
  });
}

function testWhatIsRefused({ newTable, insert, countIn }: OutboxDatabase, { kafka, source }: OutboxRuns): void {
  test("a poison row becomes a dead letter, leaves the table, and holds no other row", async () => {
    const table = await newTable();
    await insert(table, [
      ["a", '{"n":1}'],
      ["a", "poison"],
      ["a", '{"n":3}'],
    ]);
    const transform = ({ value }: { value: unknown }) => {
      if (typeof value === "string") throw new Error("this is not an object");
      return { value };
    };
    const { invoke, topic, name } = await source({ table }, { transform: transform as never });

    expect(await invoke({})).toEqual({ written: 2, filtered: 0, deadLettered: 1, givenBack: 0 });

    expect(textsOf(await recordsOf(kafka, topic))).toEqual(['{"n":1}', '{"n":3}']);
    const [letter] = await recordsOf(kafka, `${name}.dead-letters`);
    expect([letter?.key?.toString(), letter?.value?.toString()]).toEqual(["a", "poison"]);
    expect(letter === undefined ? {} : headersOf(letter)).toMatchObject({
      "relay.error.code": "transform-failed",
      "relay.delivery-id": `${name}/2`,
    });
    expect(await countIn(table)).toBe(0);
  });

  test.each([
    [{ table: "missing_table" }, "The table missing_table does not exist in the database of the outbox."],
    [{ key: "customer", headers: "head" }, /has no column customer, head; it has id, key, payload\./],
  ] as const)("%# a table or column that does not exist is named", async (given, message) => {
    const { invoke } = await source({ table: await newTable(), ...given });

    await expect(invoke({})).rejects.toThrow(message);
  });
}

function testLocks(database: OutboxDatabase, { kafka, source }: OutboxRuns): void {
  const { newTable, insert, countIn, lockFirst, isShared } = database;

  test("a row that another transaction has locked holds the later rows of its key, and no others", async () => {
    const table = await newTable();
    await insert(table, [
      ["a", "a1"],
      ["b", "b1"],
      ["a", "a2"],
      ["b", "b2"],
    ]);
    const { invoke, topic } = await source({ table });
    const release = await lockFirst(table);
    if (release === undefined) return; // it would wait for the other transaction

    await invoke({});
    const before = textsOf(await recordsOf(kafka, topic));
    await release();
    await invoke({});

    expect(before).toEqual(["b1", "b2"]);
    expect(textsOf(await recordsOf(kafka, topic))).toEqual(["b1", "b2", "a1", "a2"]);
  });

  test("two functions at once drain 10,000 rows: none is lost or doubled, and each key keeps its order", async () => {
    const table = await fullTable(database);
    const topic = await createTestTopic(kafka, { partitions: 4 });
    const runs = await Promise.all([1, 2].map(() => source({ table }, { to: { topic } })));

    const results = (await Promise.all(runs.map(({ invoke }) => invoke({}, 60_000)))) as { written: number }[];
    // A run that finds everything in use ends, so what came between is left for the next one.
    await runs[0]?.invoke({}, 60_000);

    expect(await numbersInOrder(kafka, topic)).toBe(rowsCount);
    expect((await recordsOf(kafka, topic)).length).toBe(rowsCount);
    expect(await countIn(table)).toBe(0);
    if (isShared()) expect(results.filter(({ written }) => written > 0)).toHaveLength(2);
    expect(results.reduce((sum, { written }) => sum + written, 0)).toBeGreaterThan(0);
  }, 90_000);
}
