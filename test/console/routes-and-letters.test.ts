/** Routes, what flows through them, and dead letters in the console, with routes that `kafka-relay serve` runs. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import type { TopicName } from "../../lib/kafka/records.js";
import { buildServe } from "../../local/build/serve.js";
import { projectFolder } from "../../local/build/service-map.js";
import { createTestTopic, testKafka, until } from "../support/broker/kafka.js";
import { readAll } from "../support/broker/topic-contents.js";
import { uniqueName } from "../support/broker/unique-names.js";
import { hasBrowser, useConsole } from "../support/console/console-page.js";
import { startServe } from "../support/serve/process.js";

describe.runIf(hasBrowser)("in the console", () => {
  const folder = mkdtempSync(join(tmpdir(), "kafka-relay-console-routes-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let source: TopicName;
  let target: TopicName;
  const letters = () => `${source}.dead-letters`;

  /** A server whose route `copy` has delivered two records and refused one. */
  async function start() {
    const kafka = testKafka();
    await buildServe({ folder: join(projectFolder, "test/support/serve/projects/routes"), outFolder: folder });
    source = await createTestTopic(kafka);
    target = await createTestTopic(kafka);
    const values = ['"one"', "broken", '"two"'];
    await kafka.producer.produce(
      source,
      values.map((value) => ({ key: null, value: Buffer.from(value), headers: [] })),
      createDeadline(20_000),
    );
    const env = { TEST_SOURCE: source, TEST_TARGET: target, TEST_GROUP: uniqueName("copiers") };
    const server = await startServe(["--access", "everything", "--routes", "copy", "--console"], env, folder, join(folder, "serve.js"));
    await until(async () => (await readAll(kafka, target)).length === 2);
    await kafka.close();
    return server;
  }
  const { kafka, open, shoot } = useConsole({ start });

  test("the home view shows what flows from topic to route to target, and where records ended", async () => {
    const page = await open("");

    await page.getByRole("link", { name: /copy/ }).first().waitFor();
    for (const name of [source, target, letters()]) await page.locator(".flow-node", { hasText: name }).first().waitFor();
    await shoot(page, "flow-of-test");
    await page.locator(".flow-node.route").click();
    await page.getByRole("heading", { name: "copy" }).waitFor();
  });

  test("a route shows its counts, positions, and the failure of the record that it refused", async () => {
    const page = await open("routes");
    await page.getByRole("row").filter({ hasText: "copy" }).click();

    await page.getByText("The value is broken.").first().waitFor();
    await page.getByRole("cell", { name: "running" }).waitFor({ state: "detached" });
    await page.getByRole("link", { name: "Definition" }).click();
    await page.getByText("anything-but").waitFor();
  });

  test("a route is tried with a record, and nothing is sent", async () => {
    const before = (await readAll(kafka, target)).length;
    const page = await open("routes/copy/try");
    const value = page.getByLabel("Value");
    await until(async () => (await value.inputValue()) !== "");

    await value.fill("broken");
    await page.getByRole("button", { name: "Try", exact: true }).click();
    await page.getByText("It would become a dead letter").waitFor();
    await value.fill("skip");
    await page.getByRole("button", { name: "Try", exact: true }).click();
    await page.getByText("The filter would drop it").waitFor();
    await value.fill("fine");
    await page.getByRole("button", { name: "Try", exact: true }).click();

    await page.getByText("It would be delivered").waitFor();
    expect((await readAll(kafka, target)).length).toBe(before);
  });

  test("a dead letter shows its reason beside the record, leads to its origin, and is redriven to its topic", async () => {
    const page = await open("dead-letters");
    await page
      .getByRole("link", { name: letters() })
      .or(page.getByRole("heading", { name: letters() }))
      .first()
      .waitFor();
    await page.goto(`${page.url().split("#")[0]}#/dead-letters/${letters()}`);
    await page.getByRole("row").filter({ hasText: "transform-failed" }).first().click();

    await page.getByRole("complementary").getByText("The value is broken.").waitFor();
    await page.getByRole("complementary").getByText("broken", { exact: true }).waitFor();
    await shoot(page, "dead-letter");
    await page.getByRole("complementary").getByRole("button", { name: "Redrive" }).click();
    await page.getByLabel("Send them to").selectOption("the topic that they come from: every route sees them again");
    await page.getByRole("dialog").getByRole("button", { name: "Redrive 1 dead letter" }).click();

    await page.getByText("1 letter was redriven.").waitFor();
    await until(async () => (await readAll(kafka, source)).filter(({ value }) => value?.toString() === "broken").length === 2);
    await page.getByRole("complementary").getByText("redriven", { exact: true }).waitFor();
  });

  test("dead letters go back to their route: one, those that are marked, and all at a rate with progress", async () => {
    const repaired = join(folder, "repaired");
    const values = Array.from({ length: 24 }, () => JSON.stringify(`broken until ${repaired}`));
    const delivered = async () => (await readAll(kafka, target)).filter(({ value }) => value?.toString().includes("broken until")).length;
    await kafka.producer.produce(
      source,
      values.map((value) => ({ key: null, value: Buffer.from(value), headers: [] })),
      createDeadline(20_000),
    );
    const page = await open(`dead-letters/${letters()}`);
    await page.getByLabel("Search in reasons").fill("broken for now");
    const rows = page.getByRole("row").filter({ hasText: "broken for now" });
    await until(async () => (await rows.count()) === 24);
    writeFileSync(repaired, "");

    await rows.first().click();
    await page.getByRole("complementary").getByRole("button", { name: "Redrive" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Redrive 1 dead letter" }).click();
    await page.getByText("1 letter was redriven.").waitFor();
    expect(await delivered()).toBe(1);
    await page.keyboard.press("Escape");
    await until(async () => (await rows.count()) === 23);

    for (const row of [0, 1]) await rows.nth(row).getByRole("checkbox").check();
    await page.getByRole("button", { name: "Redrive 2 marked" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Redrive 2 dead letters" }).click();
    await page.getByText("2 letters were redriven.").waitFor();
    expect(await delivered()).toBe(3);
    await until(async () => (await rows.count()) === 21);

    const startedMs = Date.now();
    await page.getByRole("button", { name: "Redrive these" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("At most per second").fill("10");
    await dialog.getByText("--rate 10").waitFor({ state: "attached" });
    await dialog.getByRole("button", { name: "Redrive 21 dead letters" }).click();
    await dialog.getByText(/^\d+ done/).waitFor();
    await page.getByText("21 letters were redriven.").waitFor();

    // 21 letters at 10 per second.
    expect(Date.now() - startedMs).toBeGreaterThan(1_800);
    expect(await delivered()).toBe(24);
  });

  test("open dead letters of a code are discarded together", async () => {
    const page = await open(`dead-letters/${letters()}`);
    // The record that was redriven to its topic has failed again.
    await page.getByRole("row").filter({ hasText: "transform-failed" }).first().waitFor();
    await page.getByLabel("Code").selectOption("transform-failed");

    await page.getByRole("button", { name: "Discard all" }).click();
    await page
      .getByRole("dialog")
      .getByRole("button", { name: /Discard \d+ dead letter/ })
      .click();

    await page.getByText("No dead letters are open").waitFor();
    await page.getByRole("button", { name: "Discarded" }).click();
    await page.getByRole("row").filter({ hasText: "discarded" }).first().waitFor();
  });
});
