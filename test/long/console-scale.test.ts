/**
 * The console with what large clusters have: a topic of 100 million records, 5,000 groups, and tens of thousands of partitions on three
 * brokers of its own. The figures are printed.
 */
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { createTopics } from "../../lib/kafka/admin/topics.js";
import { crc32c } from "../../lib/kafka/codec/crc32c.js";
import { encodeRecordBatch, withoutProducerId } from "../../lib/kafka/codec/record-batch-encoder.js";
import type { Kafka } from "../../lib/kafka/kafka.js";
import type { TopicName } from "../../lib/kafka/records.js";
import { type Cluster, startBroker } from "../../local/broker/cluster.js";
import { makeGroups, numbered } from "../support/api/admin-load.js";
import { createTestTopic, keepsEveryDate, testKafka, until } from "../support/broker/kafka.js";
import { uniqueName } from "../support/broker/unique-names.js";
import { sendBatch } from "../support/broker/write-batches.js";
import { hasBrowser, startConsoleServer, useConsole } from "../support/console/console-page.js";
import { runFolder } from "../support/run/run-folder.js";

const deadline = () => createDeadline(120_000);
const watchLongTasks = `{
  window.longTasks = [];
  new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask", buffered: false });
}`;
const longestTask = async (page: Page): Promise<number> => Math.max(0, ...((await page.evaluate("window.longTasks")) as readonly number[]));

/** How long the page takes from an action to what it shows then. */
async function timed(what: string, act: () => Promise<unknown>): Promise<number> {
  const startedMs = Date.now();
  await act();
  const tookMs = Date.now() - startedMs;
  console.log(`${what}: ${tookMs} ms`);
  return tookMs;
}

describe.runIf(hasBrowser)("the console on a topic of 100 million records", () => {
  const recordsPerBatch = 100_000;
  const batches = 1_000;
  const firstTimeMs = Date.parse("2026-01-01T00:00:00Z");
  const needleBatch = 500;
  const { kafka, open, shoot } = useConsole();
  let topic = "";

  beforeAll(async () => {
    topic = await createTestTopic(kafka, { configs: keepsEveryDate });
    const straw = Array.from({ length: recordsPerBatch }, (_, n) => ({ key: null, value: Buffer.from(String(n % 10)), headers: [] }));
    const needle = straw.with(0, { key: null, value: Buffer.from("The Needle"), headers: [] });
    const encode = (records: typeof straw) => encodeRecordBatch(records, { ...withoutProducerId, nowMs: firstTimeMs, compression: "gzip" });
    const [plain, special] = [encode(straw), encode(needle)];
    await timed("100,000,000 records were written", async () => {
      for (let batch = 0; batch < batches; batch++)
        await sendBatch(kafka, topic, 0, dated(batch === needleBatch ? special : plain, firstTimeMs + batch * 60_000));
    });
  }, 900_000);

  test("jumps to an offset, to a time, and to the newest", async () => {
    const page = await open(`topics/${topic}/partitions`);
    await page.getByText("100,000,000").first().waitFor();

    await timed("the newest records", async () => {
      await page.goto(`${page.url().split("#")[0]}#/topics/${topic}`);
      await page.getByRole("cell", { name: "99,999,999", exact: true }).waitFor();
    });
    await timed("offset 50,000,000", async () => {
      await page.getByRole("button", { name: "Offset", exact: true }).click();
      await page.getByRole("spinbutton", { name: "Offset" }).fill("50000000");
      await page.keyboard.press("Enter");
      await page.getByRole("cell", { name: "The Needle" }).waitFor();
    });
    expect(await page.getByRole("row").nth(1).getByRole("cell").nth(2).textContent()).toBe("50,000,000");
    await timed("a time in the middle", async () => {
      await page.goto(`${page.url().split("#")[0]}#/topics/${topic}?from=time&time=2026-01-01T05:00:00Z`);
      await page.getByRole("cell", { name: "30,000,000", exact: true }).waitFor();
    });
    await page.getByRole("button", { name: "More records" }).click();
    await page.getByText("400 records").waitFor();
    await shoot(page, "records-100-million");
  });

  test("searches from a place on, says how far it looked, stops, and goes on when it is asked to", async () => {
    const page = await open(`topics/${topic}?from=offset&offset=49300000`);
    await page.getByRole("button", { name: "More records" }).waitFor();

    await timed("500,000 records were looked at", async () => {
      await page.getByRole("searchbox").fill("needle");
      await page.getByText("0 matches in 500,000 of 50,700,000 records that were looked at.").waitFor({ timeout: 60_000 });
    });
    await shoot(page, "search-on");
    await page.getByRole("button", { name: "Search on" }).click();
    await page.getByRole("cell", { name: "The Needle" }).waitFor({ timeout: 60_000 });
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText(/^1 match in [\d,]+ of 50,700,000 records that were looked at\.$/).waitFor();
    await page.getByRole("button", { name: "Search on" }).waitFor();
  });

  test("searches back from the newest by an event pattern", async () => {
    const page = await open(`topics/${topic}?pattern=${encodeURIComponent('{"value":[7],"offset":[{"numeric":["<",99900000]}]}')}`);

    await page.getByRole("cell", { name: "99,899,997", exact: true }).waitFor({ timeout: 60_000 });
    await page.getByText(/matches in [\d,]+ of 100,000,000 records that were looked at/).waitFor();
  });
});

/** The same batch with another time: records keep their distances to it. The sum covers everything after itself. */
function dated(batch: Buffer, timeMs: number): Buffer {
  const changed = Buffer.from(batch);
  changed.writeBigInt64BE(BigInt(timeMs), 27);
  changed.writeBigInt64BE(BigInt(timeMs), 35);
  changed.writeUInt32BE(crc32c(changed, 21) >>> 0, 17);
  return changed;
}

describe.runIf(hasBrowser)("the console with 5,000 groups", () => {
  const groupsCount = 5_000;
  const { kafka, open, shoot } = useConsole();

  test("lists them with the one that is behind first, scrolls through them, and finds one by its name", async () => {
    const topic = await createTestTopic(kafka, { partitions: 10 });
    const ids = numbered(uniqueName("many"), groupsCount);
    await makeGroups(kafka, ids, topic, 10);
    const late = ids[4_321] ?? "";
    const records = Array.from({ length: 10 }, (_, partition) => ({ key: null, value: Buffer.from("1"), headers: [], partition }));
    await kafka.producer.produce(topic, records, deadline());
    const page = await open("topics");
    await page.getByRole("row").nth(1).waitFor();
    await page.evaluate(watchLongTasks);
    await timed(`${groupsCount} groups without their lag`, async () => {
      await page.getByRole("link", { name: "Groups" }).click();
      await page.getByRole("row").nth(5).waitFor({ timeout: 60_000 });
    });
    await timed(`${groupsCount} groups with their lag`, () =>
      page
        .getByRole("row")
        .filter({ hasText: `${topic}` })
        .first()
        .waitFor({ timeout: 60_000 }),
    );

    await page.evaluate(`{ const rows = document.querySelector(".rows"); rows.scrollTop = rows.scrollHeight; }`);
    await page.waitForFunction("document.querySelectorAll('tbody tr.open').length > 5");
    expect(await page.getByRole("row").count()).toBeLessThan(80);
    await page.getByRole("searchbox").fill(late);
    await until(async () => (await page.getByRole("row").count()) === 2);
    await shoot(page, "groups-5000");
    console.log(`the longest task with ${groupsCount} groups: ${Math.round(await longestTask(page))} ms`);
  });
});

/** As many as three brokers on one machine hold: each partition costs one of the 20,000 files that a process may open, and two of its 65,530 mapped ranges. */
const topicsCount = Number(process.env.TEST_CONSOLE_TOPICS ?? 500);
const partitionsEach = 100;
const partitionsCount = topicsCount * partitionsEach;

describe.runIf(hasBrowser)(`the console with ${partitionsCount} partitions`, () => {
  // The controller refuses calls that make more than 10,000 records of its log.
  const topicsPerCall = 50;
  let broker: Cluster;
  let kafka: Kafka;
  const names = numbered("wide", topicsCount);
  const last = names.at(-1) ?? "";
  const { open, shoot } = useConsole({
    start: async () => {
      broker = await startBroker({ nodes: 3, dataFolder: join(runFolder(), "many-partitions"), heapMb: 1_024 });
      kafka = testKafka({ brokers: broker.brokers });
      return startConsoleServer(kafka);
    },
  });
  afterAll(async () => {
    await kafka?.close();
    await broker?.stop();
  });

  test("lists the topics, shows figures of those on the screen, and opens one", async () => {
    await timed(`${partitionsCount} partitions were made`, async () => {
      for (let from = 0; from < names.length; from += topicsPerCall) {
        const specs = names
          .slice(from, from + topicsPerCall)
          .map((name) => ({ name, partitionsCount: partitionsEach, replicationFactor: 1 }));
        const refused = (await createTopics(kafka, specs, deadline())).find((result) => result instanceof Error);
        if (refused !== undefined) throw refused;
        await until(async () => hasLeaders(kafka, specs.at(-1)?.name ?? ""), 300_000);
      }
    });
    const page = await open("topics");
    await page.evaluate(watchLongTasks);
    await timed(`${topicsCount} topics of ${partitionsEach} partitions`, () =>
      page.getByText("wide-0", { exact: true }).waitFor({ timeout: 120_000 }),
    );
    await page.getByRole("searchbox").fill(last);
    const row = page.getByRole("row").filter({ hasText: last });
    await timed("their figures", () => row.getByRole("cell", { name: "0", exact: true }).first().waitFor({ timeout: 60_000 }));
    await shoot(page, "partitions-many");

    const records = Array.from({ length: partitionsEach }, (_, partition) => ({
      key: null,
      value: Buffer.from("1"),
      headers: [],
      partition,
    }));
    await kafka.producer.produce(last as TopicName, records, deadline());
    await timed("the newest records of all partitions of one", async () => {
      await page.goto(`${page.url().split("#")[0]}#/topics/${last}`);
      await page.getByText("100 records", { exact: true }).waitFor({ timeout: 60_000 });
    });
    const longest = await longestTask(page);
    console.log(`the longest task with ${partitionsCount} partitions: ${Math.round(longest)} ms`);
  });
});

async function hasLeaders(kafka: Kafka, name: string): Promise<boolean> {
  const topic = (await kafka.metadata.describe([name], deadline())).topics.get(name);
  return topic !== undefined && !(topic instanceof Error) && topic.partitions.every(({ leader }) => leader !== null);
}
