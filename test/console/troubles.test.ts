/** When things go wrong, the console says what happened, tries again after a pause, and keeps what was typed. */
import { describe, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { RelayError } from "../../lib/errors.js";
import { deleteTopics } from "../../lib/kafka/admin/topics.js";
import { createTestTopic, until } from "../support/broker/kafka.js";
import { hasBrowser, useConsole } from "../support/console/console-page.js";

const deadline = () => createDeadline(20_000);

describe.runIf(hasBrowser)("when an API fails, the console", () => {
  const { kafka, open, expectComplaint, shoot } = useConsole();

  const problem = (status: number, message: string) => ({
    status,
    contentType: "application/json",
    body: JSON.stringify({
      error_code: status,
      message,
      type: "urn:kafka-relay:error:overloaded",
      title: "",
      status,
      retriable: true,
      maybe_written: false,
    }),
  });

  test.each([
    [503, "Too many calls are in progress."],
    [429, "The rate of calls is limited."],
  ])("shows a %i in the API's words, and goes on by itself when the API answers again", async (status, message) => {
    let isDown = true;
    await createTestTopic(kafka);
    const page = await open("topics", {
      prepare: (prepared) =>
        prepared.route("**/topic-summaries*", (route) => (isDown ? route.fulfill(problem(status, message)) : route.continue())),
    });

    await page.getByRole("alert").getByText(message).waitFor();
    await page.getByText(/Trying again/).waitFor();
    isDown = false;

    await page.getByRole("row").first().waitFor();
    await page.getByRole("alert").waitFor({ state: "detached" });
    expectComplaint(new RegExp(`${status}`));
  });

  test("keeps what it shows while the API is gone, and says so", async () => {
    const topic = await createTestTopic(kafka);
    const page = await open(`topics/${topic}/partitions`);
    await page.getByRole("row").nth(1).waitFor();

    await page.context().setOffline(true);
    await page.getByRole("alert").getByText("The API cannot be reached.").waitFor();
    expect(await page.getByRole("row").count()).toBe(2);
    await shoot(page, "api-gone");
    await page.context().setOffline(false);

    await page.getByRole("alert").waitFor({ state: "detached" });
    expectComplaint(/ERR_INTERNET_DISCONNECTED/);
  });

  test("keeps a record that could not be written, and writes it when the API is back", async () => {
    const topic = await createTestTopic(kafka);
    const page = await open(`topics/${topic}`);
    await page.getByRole("button", { name: "Produce" }).click();
    await page.getByLabel("Value data").fill('{"kept":true}');

    await page.context().setOffline(true);
    await page.getByRole("dialog").getByRole("button", { name: "Produce" }).click();
    await page.getByRole("dialog").getByRole("alert").waitFor();
    expect(await page.getByLabel("Value data").inputValue()).toBe('{"kept":true}');
    await page.context().setOffline(false);
    await page.getByRole("dialog").getByRole("button", { name: "Produce" }).click();

    await page.getByText("Written to partition 0").waitFor();
    expectComplaint(/ERR_INTERNET_DISCONNECTED/);
  });

  test("shows that it waits for a slow API, and then what it answers", async () => {
    let answer = (): void => {};
    await createTestTopic(kafka);
    const slow = new Promise<void>((resolve) => (answer = resolve));
    const page = await open("topics", {
      prepare: (prepared) => prepared.route("**/topic-summaries*", (route) => slow.then(() => route.continue())),
    });

    await page.getByRole("status").getByText("Loading").waitFor({ state: "attached" });
    answer();

    await page.getByRole("row").first().waitFor();
  });

  test("says that a topic is gone that was deleted while it was open", async () => {
    const topic = await createTestTopic(kafka);
    const page = await open(`topics/${topic}/partitions`);
    await page.getByRole("row").nth(1).waitFor();

    await deleteTopics(kafka, [topic], deadline());

    await page.getByRole("alert").getByText("does not exist").waitFor();
    expectComplaint(/404/);
  });

  test("shows a record of 1 MB, and one with a binary header", async () => {
    const topic = await createTestTopic(kafka, { configs: { "max.message.bytes": "2000000" } });
    const value = Buffer.from(JSON.stringify({ text: "x".repeat(1_000_000), last: "the end" }));
    const [outcome] = await kafka.producer.produce(
      topic,
      [{ key: null, value, headers: [{ name: "bytes", value: Buffer.from([0, 255]) }] }],
      deadline(),
    );
    if (outcome?.outcome !== "written") throw new Error(`The record was not written: ${JSON.stringify(outcome)}`);
    const page = await open(`topics/${topic}`);

    await page.getByRole("row").nth(1).click();

    await page.getByRole("complementary").getByText("the end").waitFor();
    await page.getByRole("complementary").getByText("AP8=").waitFor();
  });
});

describe.runIf(hasBrowser)("when an API asks for a token, the console", () => {
  const grants = [
    { who: ["jwt:reader"], may: ["service:describe", "cluster:describe", "topic:*", "record:read"], on: ["*"] },
    { who: ["jwt:reader"], may: ["record:read", "topic:describe"] },
  ];
  let accepted = "first";
  const { kafka, open, expectComplaint, shoot } = useConsole({
    env: { RELAY_ACCESS: "grants", RELAY_ACCESS_GRANTS: JSON.stringify(grants) },
    callerOf: ({ headers }) => {
      if (headers.authorization !== `Bearer ${accepted}`) throw new RelayError("unauthenticated", "The token is not valid.");
      return { kind: "jwt", name: "reader", scopes: [], groups: [] };
    },
  });

  test("asks for one, offers only what it permits, and asks again when it ends, with everything still in place", async () => {
    accepted = "first";
    const topic = await createTestTopic(kafka);
    const page = await open(`topics/${topic}`);
    const sign = page.getByRole("dialog", { name: "Sign in" });
    await sign.waitFor();
    await shoot(page, "sign-in");
    await page.getByLabel("Token").fill("first");
    await sign.getByRole("button", { name: "Use this token" }).click();

    await page.getByText("There are no records here").waitFor();
    expect(await page.getByRole("button", { name: "Produce" }).count()).toBe(0);
    expect(await page.getByRole("link", { name: "ACLs" }).count()).toBe(0);
    await page.getByLabel("Find text in records").fill("typed before");
    accepted = "second";
    await page.getByRole("button", { name: "Read again" }).click();
    await sign.waitFor();
    await page.getByLabel("Token").fill("second");
    await sign.getByRole("button", { name: "Use this token" }).click();
    await sign.waitFor({ state: "detached" });

    expect(await page.getByLabel("Find text in records").inputValue()).toBe("typed before");
    await until(
      async () => (await page.evaluate("JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }])")) === '["",{},{}]',
    );
    expectComplaint(/401/);
  });
});
