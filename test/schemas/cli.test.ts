/** The command line with a schema registry: schemas, produce and consume, on a real registry and a real broker. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { afterAll, describe, expect, test } from "vitest";
import { confluentPrefix } from "../../lib/schemas/framing.js";
import { createCli } from "../../local/cli/cli.js";
import { registerConsume } from "../../local/cli/records/consume.js";
import { registerProduce } from "../../local/cli/records/produce.js";
import { registerSchemas } from "../../local/cli/schemas/schemas.js";
import { createTestTopic, keepsEveryDate, testKafka } from "../support/broker/kafka.js";
import { uniqueName } from "../support/broker/unique-names.js";
import { outgoing, readAll, write } from "../support/relay/relay-on-broker.js";

const url = process.env.TEST_SCHEMA_REGISTRY_URL ?? "";
const folder = mkdtempSync(join(tmpdir(), "kafka-relay-schemas-"));
const kafka = testKafka();
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await kafka.close();
});

/** In this process: what is asked of the registry is what counts here. */
async function relay(words: readonly string[], input = "", env: NodeJS.ProcessEnv = {}) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const [out, err] = [stdout, stderr].map((stream) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    return () => Buffer.concat(chunks);
  });
  const cli = createCli({
    env: { KAFKA_BROKERS: process.env.KAFKA_BROKERS, SCHEMA_REGISTRY_URL: url, ...env },
    stdin: Readable.from([Buffer.from(input)]),
    ...{ stdout, stderr, interrupted: new AbortController().signal },
  });
  for (const register of [registerSchemas, registerProduce, registerConsume]) register(cli);
  const code = await cli.run(words);
  return { code, out: out?.().toString() ?? "", bytes: out?.() ?? Buffer.alloc(0), err: err?.().toString() ?? "" };
}

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

const quake = file("quake.avsc", {
  type: "record",
  name: "Quake",
  fields: [
    { name: "id", type: "long" },
    { name: "place", type: ["null", "string"] },
  ],
});
const all = ["--from-beginning", "--until-end"];

/** Where there is no registry, the end of the run says so. */
describe.runIf(url !== "")("schemas", () => {
  test("are registered once, listed, shown by subject and by id, and checked against what the subject accepts", async () => {
    const subject = uniqueName("cli");
    const registered = await relay(["schemas", "register", subject, quake, "--json"]);
    expect(registered).toMatchObject({ code: 0, err: "" });
    const { id } = JSON.parse(registered.out) as { readonly id: number };
    expect(await relay(["schemas", "register", subject, quake])).toMatchObject({
      code: 0,
      out: expect.stringContaining(`with the id ${id}`),
    });

    expect(JSON.parse((await relay(["schemas", "list", subject, "--json"])).out)).toEqual([{ subject, version: 1, id, type: "AVRO" }]);
    expect(JSON.parse((await relay(["schemas", "show", subject, "--raw"])).out)).toMatchObject({ name: "Quake" });
    expect(JSON.parse((await relay(["schemas", "show", "--id", String(id), "--json"])).out)).toMatchObject({ id, type: "AVRO" });

    const headers = { "content-type": "application/json" };
    await fetch(`${url}/config/${subject}`, { method: "PUT", headers, body: '{"compatibility":"BACKWARD"}' });
    const other = file("other.avsc", { type: "record", name: "Quake", fields: [{ name: "id", type: "string" }] });
    expect(await relay(["schemas", "check", subject, quake])).toMatchObject({
      code: 0,
      out: expect.stringContaining("accepts the schema"),
    });
    expect(await relay(["schemas", "check", subject, other])).toMatchObject({
      code: 1,
      err: expect.stringContaining("does not accept the schema"),
    });
  });

  test.each([
    [["show"], 2, "Name either a subject, --id or --guid"],
    [["show", "no-such-subject"], 1, "no-such-subject"],
    [["show", "--id", "999999"], 1, "no schema with the id 999999"],
    [["register", "a", "missing.avsc"], 2, "missing.avsc cannot be read"],
    [["register", "a", file("schema.txt", "")], 2, "Give --type"],
    [["register", "a", file("broken.proto", "message {")], 1, "The Protobuf schema is not valid"],
    [["register", "a", quake, "--reference", "x"], 2, "name=subject:version"],
  ])("schemas %j fails with the reason", async (words, code, reason) => {
    expect(await relay(["schemas", ...words])).toMatchObject({ code, err: expect.stringContaining(reason) });
  });

  test("without a registry, commands that need one say how to name it", async () => {
    for (const words of [
      ["schemas", "list"],
      ["produce", await createTestTopic(kafka), "--value-format", "avro"],
    ])
      expect(await relay(words, "", { SCHEMA_REGISTRY_URL: "" })).toMatchObject({
        code: 1,
        err: expect.stringContaining("Set SCHEMA_REGISTRY_URL, or give --registry"),
      });
  });

  test("produce writes lines of JSON by the schema in a file, then by the subject's latest, and consume prints them with every digit", async () => {
    const topic = await createTestTopic(kafka, { configs: keepsEveryDate });
    const lines = ['k1={"id":9007199254740993,"place":{"string":"here"}}', 'k2={"id":2,"place":"there"}', "k3=-"];
    const keys = ["-k", "=", "--null-marker", "-", "--key-format", "avro", "--key-schema-file", file("key.avsc", '"string"')];
    const first = await relay(["produce", topic, ...keys, "--value-format", "avro", "--schema-file", quake], lines.join("\n"));
    expect(first).toMatchObject({ code: 0, err: expect.stringContaining("3 record(s) written") });
    await relay(["produce", topic, "--value-format", "avro"], '{"id":3,"place":null}');

    expect((await relay(["consume", topic, ...all, "--print", "key,value"])).out.split("\n")).toEqual([
      'k1\t{"id":9007199254740993,"place":{"string":"here"}}',
      'k2\t{"id":2,"place":{"string":"there"}}',
      "k3\tnull",
      'null\t{"id":3,"place":null}',
      "",
    ]);
    const filter = ["--filter", '{"value":{"id":[9007199254740993]}}'];
    const [line] = (await relay(["consume", topic, ...all, ...filter, "--json"])).out.split("\n");
    expect(JSON.parse(line ?? "")).toMatchObject({
      key: "k1",
      value: '{"id":9007199254740993,"place":{"string":"here"}}',
      key_schema: { type: "AVRO", id: expect.any(Number) },
      value_schema: { type: "AVRO", id: expect.any(Number) },
    });
  });

  test("a line that does not fit its schema fails alone, with its number and the place", async () => {
    const topic = await createTestTopic(kafka);
    const ran = await relay(
      ["produce", topic, "--value-format", "avro", "--schema-file", quake],
      '{"id":1,"place":null}\n{"id":"x","place":null}\nnot json',
    );

    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/line 2: .* at id: expected .*\n.*line 3: .*not valid JSON.*\n.*1 record\(s\) written .*, 2 failed/);
  });

  test("records are copied byte for byte with --no-decode; decoded ones are not written as plain JSON unseen", async () => {
    const [from, to] = [
      await createTestTopic(kafka, { configs: keepsEveryDate }),
      await createTestTopic(kafka, { configs: keepsEveryDate }),
    ];
    await relay(["produce", from, "--value-format", "avro", "--schema-file", quake], '{"id":1,"place":null}');
    const decoded = await relay(["consume", from, ...all, "--json"]);
    const bytes = await relay(["consume", from, ...all, "--json", "--no-decode"]);

    expect(await relay(["produce", to, "--json"], decoded.out)).toMatchObject({ code: 1, err: expect.stringContaining("--no-decode") });
    expect(await relay(["produce", to, "--json"], bytes.out)).toMatchObject({ code: 0 });
    expect(await relay(["produce", to, "--json", "--value-format", "avro", "--schema-file", quake], decoded.out)).toMatchObject({
      code: 0,
    });

    const [original] = await readAll(kafka, from);
    const copies = await readAll(kafka, to);
    expect(copies.map(({ value }) => value)).toEqual([original?.value, expect.any(Buffer)]);
    expect(copies[1]?.value?.subarray(5)).toEqual(original?.value?.subarray(5));
  });

  test("what cannot be decoded is printed as its bytes, with the reason and exit code 1; a registry that is away ends the command", async () => {
    const topic = await createTestTopic(kafka, { configs: keepsEveryDate });
    const unknown = Buffer.concat([confluentPrefix(999_999), Buffer.from("a")]);
    await write(kafka, topic, [outgoing({ value: unknown }), outgoing({ value: Buffer.from("plain") })]);

    const ran = await relay(["consume", topic, ...all]);
    expect(ran.bytes).toEqual(Buffer.concat([unknown, Buffer.from("\nplain\n")]));
    expect(ran).toMatchObject({ code: 1, err: expect.stringContaining("partition 0, offset 0, value: The schema registry has no schema") });

    const away = await relay(["consume", topic, ...all, "--registry", "http://127.0.0.1:1"]);
    expect(away).toMatchObject({ code: 1, out: "", err: expect.stringContaining("The schema registry is unavailable") });
  });
});
