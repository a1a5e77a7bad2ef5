/** What holds for the whole console: accessibility, weight, phones, the keyboard, permissions, and long lists. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { createTestTopic, until } from "../support/broker/kafka.js";
import { hasBrowser, useConsole } from "../support/console/console-page.js";

const firstViewBytesMax = 120_000;
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** Violations of WCAG 2.2 A and AA, with the elements. */
async function violationsOn(
  page: Page,
  runOnly: readonly string[] | { readonly type: "rule"; readonly values: readonly string[] },
): Promise<readonly string[]> {
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(axeSource);
  return (await page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(runOnly)} }).then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => id + ": " + html.slice(0, 160) + " " + failureSummary.slice(0, 300))))`,
  )) as readonly string[];
}

describe.runIf(hasBrowser)("the console", () => {
  const { kafka, open, shoot, url } = useConsole();

  async function topicWithRecords() {
    const topic = await createTestTopic(kafka, { partitions: 2 });
    const records = [1, 2, 3].map((n) => ({
      key: Buffer.from(`k${n}`),
      value: Buffer.from(`{"n":${n},"list":[true,null,"a"]}`),
      headers: [{ name: "h", value: Buffer.from("v") }],
    }));
    await kafka.producer.produce(topic, records, createDeadline(20_000));
    return topic;
  }

  const places: readonly (readonly [name: string, place: (topic: string) => string, ready: string])[] = [
    ["flow", () => "", "h1, .empty"],
    ["topics", () => "topics", "tbody tr"],
    ["records", (topic) => `topics/${topic}`, "tbody tr.open"],
    ["a record", (topic) => `topics/${topic}?record=0/0`, ".drawer h3"],
    ["partitions", (topic) => `topics/${topic}/partitions`, "tbody tr"],
    ["settings", (topic) => `topics/${topic}/settings`, "tbody tr"],
    ["groups", () => "groups", "h1"],
    ["sources", () => "sources", ".empty"],
    ["routes", () => "routes", ".empty"],
    ["dead letters", () => "dead-letters", "h1"],
    ["cluster", () => "cluster", "tbody tr"],
    ["a broker", () => "cluster/1", "tbody tr"],
  ];

  test.each([
    ["light", rules],
    ["dark", { type: "rule", values: ["color-contrast", "link-in-text-block"] }],
  ] as const)("every view follows WCAG 2.2 AA in the %s theme, where only the colours differ", async (colorScheme, runOnly) => {
    const topic = await topicWithRecords();
    const page = await open("topics", { colorScheme });
    for (const [name, place, ready] of places) {
      await page.goto(`${url()}/console#/${place(topic)}`);
      await page.locator(ready).first().waitFor();
      expect(await violationsOn(page, runOnly), name).toEqual([]);
      await shoot(page, `${colorScheme}-${name.replaceAll(" ", "-")}`);
    }
    await page.goto(`${url()}/console#/topics/${topic}`);
    await page.getByRole("button", { name: "Produce" }).click();
    expect(await violationsOn(page, runOnly), "produce").toEqual([]);
  });

  test(`the first view weighs at most ${firstViewBytesMax / 1_000} kB compressed, and loads nothing from elsewhere`, async () => {
    const sizes: Promise<number>[] = [];
    const hosts = new Set<string>();
    const page = await open("", {
      prepare: async (prepared) => {
        prepared.on("requestfinished", (request) => {
          hosts.add(new URL(request.url()).host);
          if (request.url().includes("/console")) sizes.push(request.sizes().then(({ responseBodySize }) => responseBodySize));
        });
      },
    });
    await page.getByRole("heading", { name: "Flow", exact: true }).waitFor();
    const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    console.log(`The first view of the console weighs ${bytes} bytes, compressed.`);

    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThanOrEqual(firstViewBytesMax);
    expect([...hosts]).toEqual([new URL(url()).host]);
  });

  test("the page forbids inline scripts, other origins and text that becomes markup, and sets no cookie", async () => {
    const response = await fetch(`${url()}/console`);

    const policy = response.headers.get("content-security-policy") ?? "";
    for (const directive of ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "require-trusted-types-for 'script'"])
      expect(policy).toContain(directive);
    expect(policy).not.toMatch(/unsafe|\*/);
    expect(response.headers.get("set-cookie")).toBeNull();
    expect(await response.text()).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/);
  });

  test("every view fits on a phone without scrolling sideways", async () => {
    const topic = await topicWithRecords();
    const page = await open("topics", { viewport: { width: 390, height: 800 }, hasTouch: true });
    for (const [name, place, ready] of places) {
      await page.goto(`${url()}/console#/${place(topic)}`);
      await page.locator(ready).first().waitFor();
      expect(await page.evaluate("document.documentElement.scrollWidth - window.innerWidth"), name).toBeLessThanOrEqual(0);
      await shoot(page, `phone-${name.replaceAll(" ", "-")}`);
    }
  });

  test("keys go from view to view, search, open a row, and close it again", async () => {
    const topic = await topicWithRecords();
    const page = await open("");
    await page.getByRole("heading", { name: "Flow", exact: true }).waitFor();

    await page.keyboard.press("g");
    await page.keyboard.press("t");
    await page.getByRole("heading", { name: "Topics", exact: true }).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type(topic);
    await page.keyboard.press("Tab");
    await page.getByRole("row").filter({ hasText: topic }).focus();
    await page.keyboard.press("Enter");
    // The rows of topics are still there for a moment.
    await page.getByRole("columnheader", { name: "Offset" }).waitFor();
    await page.getByRole("cell").first().waitFor();
    await page.getByRole("row").nth(1).focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("complementary").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("complementary").waitFor({ state: "detached" });
    await page.keyboard.press("?");

    await page.getByRole("dialog", { name: "Shortcuts" }).waitFor();
  });

  test("in read-only mode nothing is offered that changes anything", async () => {
    const topic = await topicWithRecords();
    const page = await open(`topics/${topic}?record=0/0`);
    await page.getByRole("button", { name: "Produce" }).waitFor();

    await page.getByLabel("Read only").check();

    for (const name of ["Produce", "Delete", "Resend"]) await page.getByRole("button", { name }).waitFor({ state: "detached" });
  });

  test("of 10,000 topics only those on the screen are in the page, wherever it is scrolled to", async () => {
    const data = Array.from({ length: 10_000 }, (_, index) => ({
      topic_name: `topic-${String(index).padStart(5, "0")}`,
      is_internal: false,
      partitions_count: 10,
      replication_factor: 3,
      under_replicated_count: 0,
      offline_count: 0,
    }));
    const page = await open("topics", {
      prepare: (prepared) =>
        prepared.route("**/topic-summaries*", (route) => {
          const named = new URL(route.request().url()).searchParams.get("topic_name")?.split(",");
          return route.fulfill({
            json: { data: named === undefined ? data : data.filter(({ topic_name }) => named.includes(topic_name)), next_after: null },
          });
        }),
    });
    await page.getByText("topic-00000").waitFor();

    for (const position of [0.25, 0.5, 1]) {
      await page.evaluate(`{ const rows = document.querySelector(".rows"); rows.scrollTop = rows.scrollHeight * ${position}; }`);
      await page
        .getByText(position === 1 ? "topic-09999" : `topic-0${10_000 * position}`.slice(0, 8))
        .first()
        .waitFor();
      expect(await page.getByRole("row").count()).toBeLessThan(80);
    }
    await page.getByRole("searchbox").fill("topic-0777");
    await until(async () => (await page.getByRole("row").count()) === 11);
  });
});
