/** Topics and records in the console, each action down to its effect in Kafka. */
import { describe, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { describeTopic } from "../../lib/kafka/admin/topics.js";
import { createTestTopic, until } from "../support/broker/kafka.js";
import { uniqueName } from "../support/broker/unique-names.js";
import { hasBrowser, useConsole } from "../support/console/console-page.js";

const deadline = () => createDeadline(20_000);

describe.runIf(hasBrowser)("in the console", () => {
  const harness = useConsole();
  const { kafka, open, shoot } = harness;

  const produceTexts = (topic: string, values: readonly (string | null)[], partition = 0) =>
    kafka.producer.produce(
      topic as never,
      values.map((value, index) => ({
        key: Buffer.from(`k${index}`),
        value: value === null ? null : Buffer.from(value),
        headers: [],
        partition,
      })),
      deadline(),
    );

  const recordsOf = async (topic: string) => {
    const [read] = await kafka.reader.read(
      [{ topic, partition: 0, offset: 0n }],
      { bytesMax: 1_000_000, recordsMax: 100, waitMs: 0 },
      deadline(),
    );
    return read?.records ?? [];
  };

  test("a topic is found by its name, and shows how many records it holds", async () => {
    const topic = await createTestTopic(kafka, { partitions: 3 });
    await produceTexts(topic, ["1", "2"]);
    const page = await open("topics");

    await page.getByRole("searchbox").fill(topic);

    const row = page.getByRole("row").filter({ hasText: topic });
    await row.getByRole("cell", { name: "2", exact: true }).waitFor();
    expect(await page.getByRole("row").count()).toBe(2);
    expect(await row.getByRole("cell").nth(1).textContent()).toBe("3");
    await shoot(page, "topics");
  });

  test("a topic is created with its partitions and settings, and opened", async () => {
    const name = uniqueName("made-in-console");
    const page = await open("topics");
    await page.getByRole("button", { name: "Create topic" }).click();

    await page.getByLabel("Name").fill(name);
    await page.getByLabel("Partitions").fill("4");
    await page.getByLabel("Retention in days").fill("2");
    await page.getByRole("button", { name: "Create", exact: true }).click();

    await page.getByRole("heading", { name }).waitFor();
    expect((await describeTopic(kafka, name, deadline())).partitions).toHaveLength(4);
    await page.getByRole("link", { name: "Settings" }).click();
    await page.getByRole("row").filter({ hasText: "retention.ms" }).getByText("172800000").first().waitFor();
  });

  test("a topic whose creation is refused keeps what was typed, and shows why", async () => {
    const name = await createTestTopic(kafka);
    const page = await open("topics");
    await page.getByRole("button", { name: "Create topic" }).click();

    await page.getByLabel("Name").fill(name);
    await page.getByRole("button", { name: "Create", exact: true }).click();

    await page.getByRole("alert").getByText("already exists").waitFor();
    expect(await page.getByLabel("Name").inputValue()).toBe(name);
    harness.expectComplaint(/400/);
  });

  test("records are listed with the newest first, and an opened one shows its value as a tree with every digit", async () => {
    const topic = await createTestTopic(kafka);
    await produceTexts(topic, ['{"first":true}', '{"amount":12345678901234567890.10,"list":[1,2]}']);
    const page = await open(`topics/${topic}`);

    await page.getByRole("row").nth(1).click();

    await page.getByText("12345678901234567890.10", { exact: true }).waitFor();
    expect(page.url()).toContain("record=0%2F1");
    await page.getByRole("button", { name: "Hex" }).last().click();
    await page.getByText("7b 22 61 6d").waitFor();
    await shoot(page, "record");
    await page.keyboard.press("Escape");
    await until(async () => (await page.getByText("12345678901234567890.10", { exact: true }).count()) === 0);
  });

  test("a link to a record opens it", async () => {
    const topic = await createTestTopic(kafka);
    await produceTexts(topic, ['"the first"', null]);

    const page = await open(`topics/${topic}?record=0/1`);

    await page.getByText("a tombstone, which deletes the key").waitFor();
  });

  test("binary values and headers are shown as bytes, and null as null", async () => {
    const topic = await createTestTopic(kafka);
    const record = {
      key: null,
      value: Buffer.from([0xff, 0, 1]),
      headers: [
        { name: "h", value: Buffer.from([0xfe]) },
        { name: "n", value: null },
      ],
    };
    await kafka.producer.produce(topic, [record], deadline());

    const page = await open(`topics/${topic}?record=0/0`);

    await page.getByText("ff 00 01").waitFor();
    await page.getByText("base64", { exact: true }).waitFor();
    await page.getByText("null: the record has no key").waitFor();
  });

  test("a record is produced with key and headers, its digits as they were typed", async () => {
    const topic = await createTestTopic(kafka);
    const page = await open(`topics/${topic}`);
    await page.getByRole("button", { name: "Produce" }).waitFor();
    await page.keyboard.press("n");

    await page.getByRole("combobox", { name: "Key" }).selectOption("Text");
    await page.getByLabel("Key data").fill("order-1");
    await page.getByLabel("Value data").fill('{"total": 12.50}');
    await page.getByRole("button", { name: "Header" }).click();
    await page.getByLabel("Name of header 1").fill("source");
    await page.getByLabel("Value of header 1").fill("console");
    await shoot(page, "produce");
    await page.getByRole("dialog").getByRole("button", { name: "Produce" }).click();

    await page.getByText("Written to partition 0 at offset 0.").waitFor();
    const [record] = await recordsOf(topic);
    expect(record?.key?.toString()).toBe("order-1");
    expect(record?.value?.toString()).toBe('{"total":12.50}');
    expect(record?.headers).toEqual([{ name: "source", value: Buffer.from("console") }]);
  });

  test("a tombstone is produced", async () => {
    const topic = await createTestTopic(kafka);
    const page = await open(`topics/${topic}`);
    await page.getByRole("button", { name: "Produce" }).click();

    await page.getByRole("combobox", { name: "Value" }).selectOption("null (a tombstone)");
    await page.getByRole("combobox", { name: "Key" }).selectOption("Text");
    await page.getByLabel("Key data").fill("gone");
    await page.getByRole("dialog").getByRole("button", { name: "Produce" }).click();

    await page.getByText("Written to partition 0").waitFor();
    const [record] = await recordsOf(topic);
    expect(record).toMatchObject({ key: Buffer.from("gone"), value: null });
  });

  test("a CloudEvent is produced in binary mode, and shown with its attributes", async () => {
    const topic = await createTestTopic(kafka);
    const page = await open(`topics/${topic}`);
    await page.getByRole("button", { name: "Produce" }).click();

    await page.getByRole("combobox", { name: "Value" }).selectOption("CloudEvent");
    await page.getByLabel("Type", { exact: true }).fill("order.created");
    await page.getByLabel("Data, as JSON").fill('{"total": 1}');
    await page.getByRole("dialog").getByRole("button", { name: "Produce" }).click();

    await page.getByRole("link", { name: "Show" }).click();
    await page.getByRole("heading", { name: "CloudEvent" }).waitFor();
    await page.getByText("order.created").first().waitFor();
  });

  test("a record is sent again as it is, bytes and headers included", async () => {
    const topic = await createTestTopic(kafka);
    const sent = { key: Buffer.from([0xff]), value: Buffer.from("{}"), headers: [{ name: "a", value: Buffer.from("1") }] };
    await kafka.producer.produce(topic, [sent], deadline());
    const page = await open(`topics/${topic}?record=0/0`);

    await page.getByRole("button", { name: "Resend" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Produce" }).click();

    await page.getByText("Written to partition 0 at offset 1.").waitFor();
    expect((await recordsOf(topic))[1]).toMatchObject(sent);
  });

  test("only records that match an event pattern and contain a text are listed", async () => {
    const topic = await createTestTopic(kafka);
    await produceTexts(topic, ['{"n":1,"w":"apple"}', '{"n":2,"w":"pear"}', '{"n":3,"w":"apple"}']);
    const page = await open(`topics/${topic}`);
    await page.getByRole("row").nth(3).waitFor();

    await page.getByLabel("Event pattern").fill('{"value":{"n":[{"numeric":[">",1]}]}}');
    await page.keyboard.press("Enter");
    await until(async () => (await page.getByRole("row").count()) === 3);
    await page.getByRole("searchbox").fill("apple");

    await until(async () => (await page.getByRole("row").count()) === 2);
    await page.getByText('{"n":3,"w":"apple"}').waitFor();
  });

  test("a text is found in the oldest of thousands of records, and the list says how many records were looked at", async () => {
    const topic = await createTestTopic(kafka, { partitions: 2 });
    await produceTexts(topic, ["a Needle", ...Array.from({ length: 2_999 }, (_, n) => `straw ${n}`)]);
    const page = await open(`topics/${topic}`);
    await page.getByRole("button", { name: "Older records" }).waitFor();
    expect(await page.getByText("a Needle").count()).toBe(0);

    await page.getByRole("searchbox").fill("needle");

    await page.getByText("1 match in all 3,000 records.").waitFor();
    await page.getByRole("row").filter({ hasText: "a Needle" }).waitFor();
    await page.getByRole("searchbox").fill("nowhere");
    await page.getByText("All 3,000 records from here on were looked at.").waitFor();
  });

  test("the newest records of every partition are listed, however many partitions there are", async () => {
    const topic = await createTestTopic(kafka, { partitions: 130 });
    const records = Array.from({ length: 130 }, (_, partition) => ({ key: null, value: Buffer.from("1"), headers: [], partition }));
    await kafka.producer.produce(topic, records, deadline());

    const page = await open(`topics/${topic}`);

    await page.getByText("130 records", { exact: true }).waitFor();
  });

  test("a live list is paused, and goes on after the record that it saw last", async () => {
    const topic = await createTestTopic(kafka);
    const page = await open(`topics/${topic}?from=live`);
    await page.getByText("Waiting for new records").waitFor();
    await until(async () => {
      await produceTexts(topic, ['"before"']);
      return (await page.getByText('"before"').count()) > 0;
    });

    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText(/^Paused/).waitFor();
    await produceTexts(topic, ['"meanwhile"']);
    await page.getByRole("button", { name: "Go on" }).click();

    await page.getByText('"meanwhile"').waitFor();
  });

  test("new records appear live", async () => {
    const topic = await createTestTopic(kafka);
    const page = await open(`topics/${topic}?from=live`);
    await page.getByText("Waiting for new records").waitFor();

    await until(async () => {
      await produceTexts(topic, ['"just now"']);
      return (await page.getByText('"just now"').count()) > 0;
    });
  });

  test("a setting is changed and reset", async () => {
    const topic = await createTestTopic(kafka);
    const page = await open(`topics/${topic}/settings`);
    const row = page.getByRole("row").filter({ hasText: "segment.bytes" }).first();

    await page.getByRole("searchbox").fill("segment.bytes");
    await row.click();
    await page.getByLabel("Value", { exact: true }).fill("2097152");
    await page.getByRole("button", { name: "Set", exact: true }).click();
    await row.getByText("2097152").waitFor();
    await row.click();
    await page.getByLabel("Reset it to the value of the brokers").check();
    await page.getByRole("button", { name: "Reset", exact: true }).click();

    await row.getByText("this topic").waitFor({ state: "detached" });
  });

  test("partitions are added, and the records before an offset are deleted after the topic's name was typed", async () => {
    const topic = await createTestTopic(kafka);
    await produceTexts(topic, ["1", "2", "3"]);
    const page = await open(`topics/${topic}/partitions`);
    const dialog = page.getByRole("dialog");

    await page.getByRole("button", { name: "Add partitions" }).click();
    await dialog.getByLabel("Partitions in all").fill("3");
    await dialog.getByText("topics alter").waitFor({ state: "attached" });
    await dialog.getByRole("button", { name: "Add", exact: true }).click();
    await until(async () => (await describeTopic(kafka, topic, deadline())).partitions.length === 3);
    await page.getByRole("row").nth(3).waitFor();
    await page.getByRole("button", { name: "Delete records" }).click();
    await dialog.getByLabel("Partition", { exact: true }).fill("0");
    await dialog.getByLabel("Before offset").fill("2");
    await dialog.getByLabel("to confirm").fill(topic);
    await dialog.getByRole("button", { name: "Delete records" }).click();

    await until(async () => (await kafka.reader.offsets(topic, [0], deadline()))[0]?.beginning === 2n);
  });

  test("a topic is deleted only after its name was typed", async () => {
    const topic = await createTestTopic(kafka);
    const page = await open(`topics/${topic}`);
    await page.getByRole("button", { name: "Delete" }).click();
    const confirm = page.getByRole("button", { name: "Delete the topic" });

    expect(await confirm.isDisabled()).toBe(true);
    await page.getByLabel("to confirm").fill(topic);
    await confirm.click();

    await page.getByRole("heading", { name: "Topics" }).waitFor();
    await until(async () =>
      describeTopic(kafka, topic, deadline()).then(
        () => false,
        () => true,
      ),
    );
  });
});
