/** Schemas in the console, with a real registry: records that are shown decoded, and records that are produced with a schema in every format. */
import { describe, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { createTestTopic } from "../support/broker/kafka.js";
import { readAll } from "../support/broker/topic-contents.js";
import { uniqueName } from "../support/broker/unique-names.js";
import { hasBrowser, useConsole } from "../support/console/console-page.js";

const url = process.env.TEST_SCHEMA_REGISTRY_URL ?? "";
const deadline = () => createDeadline(20_000);

/** Where there is no registry or no browser, the end of the run says so. */
describe.runIf(url !== "" && hasBrowser)("in the console with a schema registry", () => {
  const { kafka, open, shoot, expectComplaint } = useConsole({ env: { SCHEMA_REGISTRY_URL: url } });

  const name = `R${uniqueName("x").replace(/\W/g, "")}`;
  const formats = {
    Avro: { type: "AVRO", text: JSON.stringify({ type: "record", name, fields: [{ name: "n", type: "long" }] }) },
    "JSON Schema": { type: "JSON", text: JSON.stringify({ title: name, type: "object", properties: { n: { type: "integer" } } }) },
    Protobuf: { type: "PROTOBUF", text: `syntax = "proto3"; message ${name} { int64 n = 1; }` },
  } as const;

  async function register(subject: string, { type, text }: { readonly type: string; readonly text: string }): Promise<number> {
    const answer = await fetch(`${url}/subjects/${subject}/versions`, {
      method: "POST",
      headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
      body: JSON.stringify({ schema: text, schemaType: type }),
    });
    expect(answer.status).toBe(200);
    return ((await answer.json()) as { id: number }).id;
  }

  test.each(Object.keys(formats) as (keyof typeof formats)[])(
    "a record is produced with a schema in %s that is written into the form, and shown decoded with the schema that it names",
    async (format) => {
      const topic = await createTestTopic(kafka);
      const page = await open(`topics/${topic}`);
      await page.getByRole("button", { name: "Produce" }).click();

      await page.getByRole("combobox", { name: "Value", exact: true }).selectOption("With a schema");
      await page.getByRole("combobox", { name: "Value schema", exact: true }).selectOption("Written here");
      await page.getByRole("combobox", { name: "Value schema type" }).selectOption(format);
      await page.getByLabel("Value schema text").fill(formats[format].text);
      await page.getByLabel("Value data, as JSON").fill('{"n": 9007199254740993}');
      if (format === "Avro") await shoot(page, "produce-schema");
      await page.getByRole("dialog").getByRole("button", { name: "Produce" }).click();

      await page.getByRole("link", { name: "Show" }).click();
      const panel = page.getByRole("complementary");
      await panel.getByRole("heading", { name: "Value, decoded" }).waitFor();
      await panel.getByText("9007199254740993").first().waitFor();
      await panel.getByText(/^(avro|jsonschema|protobuf), id \d+/).waitFor();
      if (format === "Avro") await shoot(page, "record-decoded");
      const [record] = await readAll(kafka, topic);
      expect(record?.value?.[0]).toBe(0);
    },
  );

  test("the latest schema of a subject and one by its id encode what was typed, and a value that does not fit is refused at the form", async () => {
    const topic = await createTestTopic(kafka);
    const id = await register(`${topic}-value`, formats.Avro);
    const page = await open(`topics/${topic}`);
    await page.getByRole("button", { name: "Produce" }).click();
    const form = page.getByRole("dialog");

    await page.getByRole("combobox", { name: "Value", exact: true }).selectOption("With a schema");
    await page.getByLabel("Value data, as JSON").fill('{"n": "not a number"}');
    await form.getByRole("button", { name: "Produce" }).click();
    await form.getByRole("alert").waitFor();
    expect(await form.getByRole("alert").textContent()).toContain("does not fit its Avro schema at n");
    expect(await page.getByLabel("Value data, as JSON").inputValue()).toBe('{"n": "not a number"}');
    await page.getByLabel("Value data, as JSON").fill('{"n": 5}');
    await form.getByRole("button", { name: "Produce" }).click();
    await page.getByText("Written to partition 0 at offset 0.").waitFor();

    await page.getByRole("button", { name: "Produce" }).first().click();
    await page.getByRole("combobox", { name: "Value", exact: true }).selectOption("With a schema");
    await page.getByRole("combobox", { name: "Value schema", exact: true }).selectOption("By its id");
    await page.getByLabel("Value schema id").fill(String(id));
    await page.getByLabel("Value data, as JSON").fill('{"n": 6}');
    await form.getByRole("button", { name: "Produce" }).click();
    await page.getByText("Written to partition 0 at offset 1.").waitFor();

    const bytes = (await readAll(kafka, topic)).map(({ value }) => value);
    expect(bytes.map((value) => value?.subarray(5))).toEqual([Buffer.of(10), Buffer.of(12)]);
    expect(bytes.map((value) => value?.readInt32BE(1))).toEqual([id, id]);
    expectComplaint(/400/);
  });

  test("a value that cannot be decoded says why, and shows its bytes", async () => {
    const topic = await createTestTopic(kafka);
    const value = Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 1, 2]);
    await kafka.producer.produce(topic, [{ key: null, value, headers: [] }], deadline());

    const page = await open(`topics/${topic}?record=0/0`);

    await page.getByText(/It is not decoded: .*2147483647/).waitFor();
    await page.getByText("00 7f ff ff ff 01 02").waitFor();
  });
});
