/** The console under load: 10,000 topics of a real broker, and a live tail at 5,000 records per second. The figures are printed. */
import { describe, expect, onTestFinished, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { dropTopics, makeTopics, numbered } from "../support/api/admin-load.js";
import { createTestTopic, until } from "../support/broker/kafka.js";
import { uniqueName } from "../support/broker/unique-names.js";
import { hasBrowser, useConsole } from "../support/console/console-page.js";

const topicsCount = 10_000;
const ratePerSecond = 5_000;
const tailSeconds = 20;
const longTaskMaxMs = 200;

const watchLongTasks = `{
  window.longTasks = [];
  new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask", buffered: false });
}`;

describe.runIf(hasBrowser)("the console", () => {
  const { kafka, open, shoot } = useConsole();

  test(`follows ${ratePerSecond} records per second without a task of more than ${longTaskMaxMs} ms`, async () => {
    const topic = await createTestTopic(kafka, { partitions: 3 });
    const value = Buffer.from(JSON.stringify({ id: 1, text: "x".repeat(150), list: [1, 2, 3] }));
    const page = await open(`topics/${topic}?from=live`);
    await page.getByText("Waiting for new records").waitFor();
    await page.evaluate(watchLongTasks);

    const startedMs = Date.now();
    let sent = 0;
    while (Date.now() - startedMs < tailSeconds * 1_000) {
      const due = Math.floor(((Date.now() - startedMs) * ratePerSecond) / 1_000) - sent;
      if (due > 0) {
        const records = Array.from({ length: due }, (_, index) => ({ key: Buffer.from(String(sent + index)), value, headers: [] }));
        await kafka.producer.produce(topic, records, createDeadline(20_000));
        sent += due;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const tookSeconds = (Date.now() - startedMs) / 1_000;
    await until(async () =>
      ((await page.getByRole("status").first().textContent()) ?? "").includes(`${new Intl.NumberFormat("en-US").format(sent)} arrived`),
    );
    const longTasks = (await page.evaluate("window.longTasks")) as readonly number[];
    await shoot(page, "live-tail");
    console.log(
      `${Math.round(sent / tookSeconds)} records per second for ${Math.round(tookSeconds)} s; long tasks: ${longTasks.length}, the longest ${Math.round(Math.max(0, ...longTasks))} ms`,
    );

    expect(longTasks.filter((ms) => ms > longTaskMaxMs)).toEqual([]);
  });

  test(`lists ${topicsCount} topics, scrolls through them, and shows figures of those on the screen`, async () => {
    const names = numbered(uniqueName("many"), topicsCount);
    await makeTopics(kafka, names, 1);
    onTestFinished(() => dropTopics(kafka, names), 600_000);
    const startedMs = Date.now();
    const page = await open("topics");
    await page.getByText(names[0] ?? "").waitFor({ timeout: 60_000 });
    const shownMs = Date.now() - startedMs;
    await page.evaluate(watchLongTasks);

    for (let step = 1; step <= 40; step++) {
      await page.evaluate(`{ const rows = document.querySelector(".rows"); rows.scrollTop = (rows.scrollHeight * ${step}) / 40; }`);
      await page.waitForFunction("document.querySelectorAll('tbody tr.open').length > 5");
    }
    await page.getByText(names.at(-1) ?? "").waitFor();
    const row = page.getByRole("row").filter({ hasText: names.at(-1) ?? "" });
    await row.getByRole("cell", { name: "0", exact: true }).first().waitFor({ timeout: 60_000 });
    const longTasks = (await page.evaluate("window.longTasks")) as readonly number[];
    await shoot(page, "topics-10000");
    console.log(
      `${topicsCount} topics were shown after ${shownMs} ms; the longest task while scrolling took ${Math.round(Math.max(0, ...longTasks))} ms`,
    );

    expect(longTasks.filter((ms) => ms > longTaskMaxMs)).toEqual([]);
  });
});
