/** The command line as people and programs use it: a real process for every command. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { bundleCli } from "../../local/build/cli.js";
import { anyTimeAheadMs, createTestTopic, testKafka } from "../support/broker/kafka.js";
import { writeBatch } from "../support/broker/write-batches.js";

/** What is installed: the launcher, which in a clone runs the source; and the bundle, which starts in half the time and is what these tests run. */
const launcher = fileURLToPath(new URL("../../local/cli/bin.js", import.meta.url));
let program = launcher;
const made: string[] = [];

beforeAll(async () => {
  [program = launcher] = await bundleCli(fileURLToPath(new URL("../../.build/cli-test", import.meta.url)));
});

interface Ran {
  readonly code: number | null;
  readonly out: string;
  /** `out` before it was taken for text. */
  readonly bytes: Buffer;
  readonly err: string;
}

interface RunOptions {
  readonly input?: string | Buffer;
  readonly env?: NodeJS.ProcessEnv;
  /** Interrupted as by Ctrl-C once its output holds this. */
  readonly interruptAt?: string;
  readonly file?: string;
}

function relay(words: readonly string[], { input, env = {}, interruptAt, file = program }: RunOptions = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, ...words], { env: { ...process.env, ...env } });
    let [out, err] = ["", ""];
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    const decoder = new TextDecoder();
    child.stdout.on("data", (chunk: Buffer) => {
      out += decoder.decode(chunk, { stream: true });
      if (interruptAt !== undefined && out.includes(interruptAt)) child.kill("SIGINT");
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      err += text;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, out, bytes: Buffer.concat(chunks), err }));
    child.stdin.on("error", () => {});
    child.stdin.end(input ?? "");
  });
}

function newName(): string {
  const name = `cli-${randomBytes(4).toString("hex")}`;
  made.push(name);
  return name;
}

async function newTopic(partitions = 1): Promise<string> {
  const name = newName();
  await relay(["topics", "create", name, "-p", String(partitions)]);
  return name;
}

afterAll(async () => {
  await relay(["topics", "delete", "--if-exists", ...made]);
});

test("a topic is created, described, altered, listed and deleted", async () => {
  const topic = newName();

  const created = await relay(["topics", "create", topic, "--partitions", "2", "--config", "retention.ms=60000"]);
  const altered = await relay(["topics", "alter", topic, "-p", "3", "-c", "cleanup.policy=compact", "--delete-config", "retention.ms"]);
  const described = JSON.parse((await relay(["topics", "describe", topic, "--json"])).out);
  const listed = await relay(["topics", "list"]);
  const deleted = await relay(["topics", "delete", topic]);

  expect(created).toMatchObject({ code: 0, err: "" });
  expect(created.out).toMatch(new RegExp(`^CREATED +PARTITIONS +REPLICAS\\n${topic} +2 +1\\n$`));
  expect(altered.out).toMatch(
    new RegExp(`^topic name +${topic}\\npartitions count +3\\nchanged settings +cleanup.policy, retention.ms\\n$`),
  );
  expect(described[0]).toMatchObject({ topic_name: topic, partitions_count: 3, configs: { "cleanup.policy": "compact" } });
  expect(listed.out).toMatch(new RegExp(`^${topic} +3 +1$`, "m"));
  expect(deleted).toMatchObject({ code: 0, out: `DELETED\n${topic}\n` });
});

test("lines become records, and records lines again: keys, headers, tombstones, odd bytes", async () => {
  const topic = await newTopic();
  const input = Buffer.concat([
    Buffer.from("k1:one\nk2:zwei ü\r\nno key\n\ngone:-\nbytes:"),
    Buffer.from([0xff, 0xfe]),
    Buffer.from("\nlast:without newline"),
  ]);

  const produced = await relay(["produce", topic, "--key-separator", ":", "--null-marker", "-", "-H", "source=test"], { input });
  const consumed = await relay(["consume", topic, "--from-beginning", "--until-end", "--json"]);
  const copy = await newTopic();
  const copied = await relay(["produce", copy, "--json"], { input: Buffer.from(`${consumed.out}{"key":"k"}\n{"value":1}\n`) });
  const again = await relay(["consume", copy, "--from-beginning", "--until-end", "--json"]);
  expect(JSON.parse(copied.out)).toMatchObject({ written: 7, failed: 2 });
  expect(copied.err).toContain("line 8: value: is missing");
  expect(copied.err).toContain("line 9: value: must be text or null");
  expect(again.out).toBe(consumed.out);
  const filtered = await relay([
    "consume",
    topic,
    "--from-beginning",
    "--until-end",
    "--filter",
    '{"key":["k1","gone"]}',
    "--print",
    "key",
  ]);
  expect(filtered.out).toBe("k1\ngone\n");
  const misspelt = await relay(["consume", topic, "--filter", '{"kee":["k1"]}']);
  expect([misspelt.code, misspelt.err]).toEqual([2, expect.stringContaining('Did you mean "key"?')]);
  const plain = await relay(["consume", topic, "--from-beginning", "-n", "2", "--print", "offset,key,value,headers"]);

  const records = consumed.out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(produced).toMatchObject({ code: 0, out: "", err: `7 record(s) written to ${topic}\n` });
  expect(records.map(({ key, value, value_encoding }) => [key, value, value_encoding])).toEqual([
    ["k1", "one", undefined],
    ["k2", "zwei ü", undefined],
    [null, "no key", undefined],
    [null, "", undefined],
    ["gone", null, undefined],
    ["bytes", "//4=", "base64"],
    ["last", "without newline", undefined],
  ]);
  expect(records[0].headers).toEqual([{ name: "source", value: "test" }]);
  expect(plain.out).toBe("0\tk1\tone\tsource:test\n1\tk2\tzwei ü\tsource:test\n");
});

test("bytes that are not text come out of a pipe as they went in", async () => {
  const topic = await newTopic();
  const odd = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte !== 0x0a && byte !== 0x0d));
  await relay(["produce", topic], { input: Buffer.concat([odd, Buffer.from("\n")]) });

  const { bytes } = await relay(["consume", topic, "--from-beginning", "--until-end", "--print", "offset,value"]);

  expect(bytes).toEqual(Buffer.concat([Buffer.from("0\t"), odd, Buffer.from("\n")]));
});

test("a record whose time no date can say is printed with its number", async () => {
  const kafka = testKafka();
  const topic = await createTestTopic(kafka, { aheadMaxMs: anyTimeAheadMs });
  made.push(topic);
  await kafka.producer.produce(
    topic,
    [{ key: null, value: null, headers: [], timestampMs: 1_700_000_000_000_000_000 }],
    createDeadline(10_000),
  );
  await kafka.close();

  const consumed = await relay(["consume", topic, "--from-beginning", "--until-end", "--json"]);
  const plain = await relay(["consume", topic, "--from-beginning", "-n", "1", "--print", "timestamp,offset"]);

  expect([consumed.code, JSON.parse(consumed.out).timestamp]).toEqual([0, "1700000000000000000"]);
  expect([plain.code, plain.out]).toEqual([0, "1700000000000000000\t0\n"]);
});

test("ten thousand lines arrive, each once and in order", async () => {
  const topic = await newTopic();
  const lines = Array.from({ length: 10_000 }, (_, index) => `line ${index}`);

  await relay(["produce", topic], { input: lines.join("\n") });
  const consumed = await relay(["consume", topic, "--from-beginning", "--limit", "10000"]);

  expect(consumed.out).toBe(`${lines.join("\n")}\n`);
});

test("consume reports an unreadable partition once, prints the others, and exits with 1", async () => {
  const kafka = testKafka();
  const topic = (await createTestTopic(kafka, { partitions: 2 })) as string;
  made.push(topic);
  await writeBatch(kafka, topic, 0, [{ value: Buffer.alloc(70_000_000) }], { compression: "gzip" });
  await writeBatch(kafka, topic, 1, ["a", "b"]);
  await kafka.close();

  const consumed = await relay(["consume", topic, "--from-beginning", "--until-end"]);

  expect(consumed).toMatchObject({ code: 1, out: "a\nb\n" });
  expect(consumed.err).toMatch(/^error: The batch in partition 0 of \S+ at offset 0 has more than 67108864 bytes after decompression.*\n$/);
});

test("consume runs until Ctrl-C and then exits cleanly", async () => {
  const topic = await newTopic();
  await relay(["produce", topic], { input: "first\n" });

  const consumed = await relay(["consume", topic, "--from-beginning"], { interruptAt: "first" });

  expect(consumed).toMatchObject({ code: 0, out: "first\n", err: "" });
});

test("a group's offsets are reset, shown and deleted, and the group is deleted", async () => {
  const [topic, group] = [await newTopic(2), `team a/${newName()}`];
  await relay(["produce", topic, "--partition", "0"], { input: "a\nb\nc\n" });

  const planned = await relay(["groups", "reset-offsets", group, "-t", topic, "--to-latest", "--dry-run", "--json"]);
  const reset = await relay(["groups", "reset-offsets", group, "-t", topic, "--to-offset", "1"]);
  const all = await relay(["groups", "reset-offsets", group, "--all-topics", "--shift-by", "0", "--dry-run"]);
  const [described] = JSON.parse((await relay(["groups", "describe", group, "--json"])).out);
  const listed = await relay(["groups", "list", "--state", "empty"]);
  const forgotten = await relay(["groups", "delete-offsets", group, "-t", topic]);
  const deleted = await relay(["groups", "delete", group]);
  const again = await relay(["groups", "delete", group]);

  expect(JSON.parse(planned.out)).toEqual([
    { topic_name: topic, partition_id: 0, offset_before: null, offset_after: 3 },
    { topic_name: topic, partition_id: 1, offset_before: null, offset_after: 0 },
  ]);
  expect(reset.out).toMatch(/^TOPIC +PARTITION +BEFORE +AFTER\n.* 0 +- +1\n.* 1 +- +0\n$/);
  expect(all.out).toMatch(/^TOPIC +PARTITION +BEFORE +WOULD BE\n.* 0 +1 +1\n.* 1 +0 +0\n$/);
  expect(described).toMatchObject({ group_id: group, state: "EMPTY", lag: 2 });
  expect(listed.out).toContain(group);
  expect([forgotten.code, deleted.code, again.code]).toEqual([0, 0, 1]);
  expect(again.err).toBe(`error: Group "${group}": the group does not exist.\n`);
});

test("a new group gets the offsets of another one, once", async () => {
  const [topic, from, to] = [await newTopic(1), newName(), newName()];
  await relay(["produce", topic], { input: "a\nb\nc\n" });
  await relay(["groups", "reset-offsets", from, "-t", topic, "--to-offset", "2"]);

  const planned = await relay(["groups", "copy-offsets", from, to, "--dry-run", "--json"]);
  const copied = await relay(["groups", "copy-offsets", from, to, "--json"]);
  const again = await relay(["groups", "copy-offsets", from, to]);
  const empty = await relay(["groups", "copy-offsets", newName(), to]);
  const [described] = JSON.parse((await relay(["groups", "describe", to, "--json"])).out);

  expect([planned.code, copied.code, again.code, empty.code]).toEqual([0, 0, 1, 1]);
  expect(JSON.parse(copied.out)).toEqual([{ topic_name: topic, partition_id: 0, offset: 2 }]);
  expect(planned.out).toBe(copied.out);
  expect(described).toMatchObject({ group_id: to, lag: 1 });
  expect(again.err).toContain(`already has committed offsets for topic "${topic}"`);
  expect(empty.err).toContain("has no committed offsets");
});

test("offsets, settings, ACLs, records, elections, reassignments, brokers and the cluster have their commands", async () => {
  const topic = await newTopic();
  await relay(["produce", topic], { input: "a\nb\n" });
  const principal = `User:${topic}`;
  const json = async (...words: string[]) => JSON.parse((await relay([...words, "--json"])).out);

  expect(await json("offsets", "get", topic)).toEqual([{ topic_name: topic, partition_id: 0, earliest_offset: 0, latest_offset: 2 }]);
  expect((await json("configs", "alter", "topic", topic, "--set", "retention.ms=600000"))[0]).toMatchObject({ altered: true });
  expect(await json("configs", "describe", "topic", topic)).toMatchObject([{ name: "retention.ms", value: "600000" }]);
  const acl = ["--resource-type", "topic", "--resource-name", topic, "--principal", principal, "--operation", "read"];
  expect((await json("acls", "create", ...acl))[0]).toMatchObject({ principal, permission: "ALLOW", host: "*" });
  expect(await json("acls", "list", "--principal", principal)).toHaveLength(1);
  expect(await json("acls", "delete", "--principal", principal)).toHaveLength(1);
  expect(await json("records", "delete", topic, "--before", "0:1")).toEqual([{ topic_name: topic, partition_id: 0, low_watermark: 1 }]);
  expect(await json("elections", "run", "--topic", topic)).toEqual([{ topic_name: topic, partition_id: 0, outcome: "not-needed" }]);
  expect((await relay(["reassignments", "cancel", topic, "--partitions", "0"])).code).toBe(1);
  expect((await json("brokers"))[0]).toMatchObject({ broker_id: expect.any(Number), port: expect.any(Number) });
  expect((await json("cluster")).cluster_id).toMatch(/^[\w-]{22}$/);
});

test("if one of several things fails, the others are done, the failure is reported, and the exit code is 1", async () => {
  const topic = newName();

  const ran = await relay(["topics", "create", topic, "not a name"]);

  expect(ran.code).toBe(1);
  expect(ran.out).toContain(topic);
  expect(ran.err).toMatch(/^error: .*not a name.*\n$/);
});

test("an existing topic with --if-not-exists, or a missing one with --if-exists, is not a failure", async () => {
  const topic = await newTopic();

  expect((await relay(["topics", "create", topic])).code).toBe(1);
  expect(await relay(["topics", "create", topic, "--if-not-exists"])).toMatchObject({
    code: 0,
    err: "",
    out: `${topic} already exists.\n`,
  });
  expect(await relay(["topics", "delete", "no-such-topic", "--if-exists"])).toMatchObject({ code: 0, err: "" });
});

test.concurrent.each([
  [["topics", "describe", "no-such-topic"], /^error: .*no-such-topic.*\n$/],
  [["produce", "no-such-topic"], /^error: .*no-such-topic.*does not exist\.\n$/],
  [["consume", "no-such-topic"], /^error: .*no-such-topic.*does not exist\.\n$/],
  [["produce", "__consumer_offsets"], /^error: .*belongs to Kafka.*\n$/],
  [["topics", "list", "--brokers", "127.0.0.1:1"], /^error: .*127\.0\.0\.1:1.*\n$/],
])("a failure is one message and exit code 1: %j", async (words, message) => {
  const ran = await relay(words, { input: "a\n" });

  expect([ran.code, ran.out]).toEqual([1, ""]);
  expect(ran.err).toMatch(message);
});

test("with --json a failure is JSON too", async () => {
  const ran = await relay(["topics", "delete", "no-such-topic", "--json"]);

  expect([ran.code, JSON.parse(ran.out)]).toEqual([1, []]);
  expect(JSON.parse(ran.err).error).toMatchObject({ code: "unknown-topic-or-partition", retriable: false });
});

test.concurrent.each([
  [[] as string[], "Usage: kafka-relay"],
  [["topics"], "Usage: kafka-relay topics"],
  [["groups", "list", "--state", "asleep"], "A state must be one of"],
  [["groups", "list", "--type", "book"], "A type must be one of"],
  [["topics", "frobnicate"], "unknown command 'frobnicate'"],
  [["topics", "create"], "missing required argument"],
  [["topics", "create", "x", "-p", "many"], "whole number"],
  [["topics", "alter", "x"], "Nothing to alter"],
  [["groups", "reset-offsets", "g", "-t", "x"], "Use exactly one of"],
  [["groups", "reset-offsets", "g", "--to-earliest"], "Use either --topic"],
  [["groups", "reset-offsets", "g", "-t", "x", "--to-earliest", "--to-latest"], "Use exactly one of"],
  [["consume", "x", "--from-time", "yesterday"], "It must be a time"],
  [["acls", "create", "--principal", "User:a"], "An ACL needs"],
  [["acls", "delete"], "every ACL"],
  [["configs", "describe", "planet", "earth"], "Name the resource"],
  [["--timeout", "0", "topics", "list"], "number of seconds"],
])("incorrect usage is reported with exit code 2: %j", async (words, message) => {
  const ran = await relay(words);

  expect([ran.code, ran.out]).toEqual([2, ""]);
  expect(ran.err).toContain(message);
});

test.concurrent.each([
  [["--help"]],
  [["topics", "--help"]],
  [["topics", "create", "--help"]],
  [["groups", "reset-offsets", "--help"]],
  [["consume", "--help"]],
])("help has examples on every level: %j", async (words) => {
  const ran = await relay(words);

  expect([ran.code, ran.err]).toEqual([0, ""]);
  expect(ran.out).toMatch(/Examples:\n {2}\$ .*kafka-relay/);
});

test("the version is that of the package", async () => {
  const { version } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));

  expect(await relay(["--version"])).toMatchObject({ code: 0, out: `${version}\n`, err: "" });
});

test("cancelling reports that no partition is being moved", async () => {
  const topic = await newTopic();

  const cancelled = await relay(["reassignments", "cancel", topic]);
  const unknown = await relay(["reassignments", "cancel", "no-such-topic"]);

  expect(cancelled).toMatchObject({ code: 0, out: `No partition of ${topic} is being moved.\n` });
  expect([unknown.code, unknown.err]).toEqual([1, 'error: Topic "no-such-topic": it does not exist.\n']);
});

test("what is piped has no colours and no progress bars", async () => {
  const ran = await relay(["topics", "list"], { env: { TERM: "xterm-256color" } });

  expect(ran.out + ran.err).not.toContain("\u001b");
});

test("the launcher runs the source of a clone, and it is the same program", async () => {
  const [source, bundle] = await Promise.all([relay(["--help"], { file: launcher }), relay(["--help"])]);

  expect(source).toEqual(bundle);
});
