/** Live records in a program: the typed client and `consume --url`, where the API streams and where it does not. */
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createClient } from "../../lib/client/client.js";
import type { LiveRecords } from "../../lib/client/live-records.js";
import { createDeadline } from "../../lib/deadline.js";
import { nodeHttp } from "../../lib/http/hosts/node-http.js";
import type { TopicName } from "../../lib/kafka/records.js";
import { createCli } from "../../local/cli/cli.js";
import { registerConsume } from "../../local/cli/records/consume.js";
import { allOperations } from "../../local/serve/operations.js";
import { testConfig } from "../support/api/api.js";
import { createTestTopic, testKafka, until } from "../support/broker/kafka.js";
import { type ServeProcess, startServe } from "../support/serve/process.js";

const kafka = testKafka();
const servers: ServeProcess[] = [];
let streaming: string;
let plain: Server;
let withoutStreams: string;

beforeAll(async () => {
  const server = await startServe();
  servers.push(server);
  streaming = server.url;
  plain = createServer(nodeHttp(allOperations, { config: testConfig(), kafka }));
  await new Promise<void>((resolve) => plain.listen(0, "127.0.0.1", resolve));
  withoutStreams = `http://127.0.0.1:${(plain.address() as AddressInfo).port}`;
});
afterAll(async () => {
  for (const { child } of servers) child.kill("SIGKILL");
  plain.closeAllConnections();
  await new Promise((resolve) => plain.close(resolve));
  await kafka.close();
});

const write = async (topic: string, values: readonly (string | Buffer | null)[]) => {
  const records = values.map((value, index) => ({
    key: Buffer.from(`k${index}`),
    value: value === null ? null : Buffer.from(value),
    headers: [{ name: "h", value: Buffer.from([0xff]) }],
    partition: 0,
  }));
  await kafka.producer.produce(topic as TopicName, records, createDeadline(20_000));
};

/** Runs a command line until it ends or `until` says so. */
async function run(words: readonly string[], isEnough: (out: string) => boolean = () => false) {
  const [stdout, stderr, interruption] = [new PassThrough(), new PassThrough(), new AbortController()];
  let [out, err] = [Buffer.alloc(0), ""];
  stdout.on("data", (chunk: Buffer) => {
    out = Buffer.concat([out, chunk]);
    if (isEnough(out.toString())) interruption.abort();
  });
  stderr.on("data", (chunk: Buffer) => (err += chunk));
  const cli = createCli({ env: process.env, stdin: new PassThrough(), stdout, stderr, interrupted: interruption.signal });
  registerConsume(cli);
  const code = await cli.run(["consume", ...words]);
  return { code, out, err };
}

test("consume --url prints what consume prints, byte for byte, where the API streams and where it does not", async () => {
  const topic = await createTestTopic(kafka);
  await write(topic, ["one", '{ "pretty":\n 1.50 }', Buffer.from([0xff, 0x00, 0x0a]), null, ""]);
  for (const words of [["--until-end"], ["--until-end", "--json"], ["--limit", "3", "--print", "partition,offset,key,headers,value"]]) {
    const brokers = await run([topic, "--from-beginning", "--brokers", process.env.KAFKA_BROKERS ?? "", ...words]);
    for (const url of [streaming, withoutStreams]) {
      const api = await run([topic, "--from-beginning", "--url", url, ...words]);
      expect([api.code, api.err]).toEqual([0, ""]);
      expect(api.out.equals(brokers.out), `${url} ${words.join(" ")}`).toBe(true);
    }
  }
});

test("consume --url follows a topic until it is interrupted, passes its filter on, and says what is wrong", async () => {
  const topic = await createTestTopic(kafka);
  for (const url of [streaming, withoutStreams]) {
    const running = run([topic, "--url", url, "--filter", '{"value":{"n":[{"numeric":[">",1]}]}}'], (out) => out.includes('{"n":3}'));
    let isOver = false;
    void running.finally(() => (isOver = true));
    // The command starts at the end that the topic has when it arrives.
    await until(async () => {
      await write(topic, ['{"n":1}', '{"n":2}', '{"n":3}']);
      return isOver;
    });
    const { code, out } = await running;
    expect(code).toBe(0);
    expect(out.toString()).toMatch(/^({"n":2}\n{"n":3}\n)+/);
  }
  const [missing, noUrl, wrong] = [
    await run(["no-such-topic", "--url", streaming]),
    await run([topic, "--url", "localhost:1"]),
    await run([topic, "--url", streaming, "--from-offset", "1"]),
  ];

  expect([missing.code, missing.err]).toEqual([1, expect.stringContaining('Topic "no-such-topic" does not exist')]);
  expect([noUrl.code, noUrl.err]).toEqual([2, expect.stringContaining("http://")]);
  expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining("--partitions 0")]);
});

test("the client goes on after the last record when its connection breaks or the server is replaced, without a gap or a repeat", async () => {
  const topic = await createTestTopic(kafka);
  let target = await startServe();
  servers.push(target);
  // The client has one address; what stands behind it changes.
  const sockets = new Set<ReturnType<typeof connect>>();
  const front = (await import("node:net")).createServer((client) => {
    const back = connect(target.port, "127.0.0.1");
    for (const [one, other] of [[client, back] as const, [back, client] as const]) {
      one.on("error", () => other.destroy()).once("close", () => other.destroy());
      one.pipe(other);
    }
    sockets.add(client as never);
  });
  await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
  const client = createClient({
    baseUrl: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
    retry: { attemptsMax: 50, firstPauseMs: 20, pauseMaxMs: 200 },
  });
  const received: number[] = [];
  const stop = new AbortController();
  const reading = (async () => {
    for await (const { records } of client.live(topic, { from: "beginning", signal: stop.signal }))
      for (const { value } of records) received.push(Number(value));
  })().catch((reason) => reason);

  let written = 0;
  for (let round = 0; round < 12; round++) {
    await write(
      topic,
      Array.from({ length: 100 }, () => String(written++)),
    );
    if (round % 4 === 3) {
      target.child.kill("SIGKILL");
      target = await startServe();
      servers.push(target);
    } else for (const socket of sockets) socket.destroy();
    sockets.clear();
  }
  await until(() => received.length >= written);
  stop.abort();
  await reading;
  front.close();

  expect(received).toEqual(Array.from({ length: written }, (_, index) => index));
});

test("the client reads page by page where there are no streams, ends at its limit, and throws what is refused", async () => {
  const topic = await createTestTopic(kafka);
  await write(topic, ["1", "2", "3"]);
  for (const baseUrl of [streaming, withoutStreams]) {
    const client = createClient({ baseUrl });
    const batches: LiveRecords[] = [];
    for await (const batch of client.live(topic, { limit: "2" })) batches.push(batch);

    expect(batches.flatMap(({ records }) => records.map(({ value }) => value))).toEqual([1, 2]);
    await expect(client.live("no-such-topic").next()).rejects.toMatchObject({ status: 404, kind: "topic-not-found" });
    await expect(client.live(topic, { signal: AbortSignal.abort(new Error("stop")) }).next()).rejects.toThrow("stop");
  }
});
