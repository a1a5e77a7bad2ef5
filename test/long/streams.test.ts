/** A million records through one request, and a million to a reader that is cut again and again: every report and every record, with flat memory. Prints its figures. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { createTestTopic, testKafka, until } from "../support/broker/kafka.js";
import { openEvents } from "../support/serve/event-stream.js";
import { type ServeProcess, startServe } from "../support/serve/process.js";
import { clusterIdOf } from "../support/serve/report-stream.js";
import { residentMegabytes, sendRecords, serverCpuUs, watchMemory } from "../support/serve/stream-load.js";

const count = Number(process.env.STREAM_RECORDS ?? 1_000_000);
const perConnectionMax = 70_000;
/** Heap that waits for a collection, and buffers on their way. */
const growthMegabytesMax = 150;

const kafka = testKafka();
let server: ServeProcess;
let topic: string;
beforeAll(async () => {
  server = await startServe();
  topic = await createTestTopic(kafka, { partitions: 3, configs: { "retention.ms": "-1" } });
});
afterAll(async () => {
  await server.end();
  await kafka.close();
});

test("a million records in one request get a million reports, in order, with flat memory", async () => {
  const clusterId = await clusterIdOf(server.url);
  await sendRecords(server.url, clusterId, await createTestTopic(kafka), 20_000);
  const before = { megabytes: residentMegabytes(server.pid), cpuUs: await serverCpuUs(server.url) };
  const stopWatching = watchMemory(server.pid);

  const { reports, wrong, seconds } = await sendRecords(server.url, clusterId, topic, count);

  const most = stopWatching();
  const cpuUs = ((await serverCpuUs(server.url)) - before.cpuUs) / count;
  console.log(
    `${count} records in ${seconds.toFixed(1)} s (${Math.round(count / seconds)} records/s), ${cpuUs.toFixed(1)} µs CPU a record, memory ${before.megabytes.toFixed(0)} MB before, ${most.toFixed(0)} MB at most`,
  );
  expect({ reports, wrong }).toEqual({ reports: count, wrong: [] });
  expect(most - before.megabytes).toBeLessThan(growthMegabytesMax);
});

test("thousands of open streams of one topic cost the broker one read, and the server little memory", async () => {
  const readersCount = 3_000;
  const own = await startServe(["--access", "everything"], {
    RELAY_STREAMS_MAX: "5000",
    RELAY_STREAMS_PER_CALLER_MAX: "5000",
    RELAY_SERVE_CALLS_MAX: "6000",
  });
  const live = await createTestTopic(kafka);
  const before = { megabytes: residentMegabytes(own.pid), sockets: brokerSockets(own.pid) };
  const readers = Array.from({ length: readersCount }, () => openEvents(own.url, live, "?from=end"));
  await until(() => readers.every(({ lastId }) => lastId() !== ""), 120_000);
  const value = Buffer.from('"x"');
  for (let round = 0; round < 20; round++) await kafka.producer.produce(live, [{ key: null, value, headers: [] }], createDeadline(20_000));
  await until(() => readers.every(({ records }) => records.length === 20), 120_000);
  const [megabytes, sockets] = [residentMegabytes(own.pid), brokerSockets(own.pid)];
  console.log(
    `${readersCount} streams: memory ${before.megabytes.toFixed(0)} MB before, ${megabytes.toFixed(0)} MB with them; ${sockets - before.sockets} more connections to the broker`,
  );
  for (const reader of readers) reader.close();
  await own.end();

  for (const { records } of readers)
    expect(records.map(({ data }) => data.offset)).toEqual(Array.from({ length: 20 }, (_, index) => index));
  expect(sockets - before.sockets).toBeLessThan(5);
});

/** Connections of a process to the brokers of the run, as Linux lists them. */
function brokerSockets(pid: number): number {
  const ports = new Set((process.env.KAFKA_BROKERS ?? "").split(",").map((broker) => Number(broker.split(":")[1])));
  const lines = readFileSync(`/proc/${pid}/net/tcp`, "utf8").split("\n").slice(1);
  const own = new Set(readdirSync(`/proc/${pid}/fd`).flatMap((fd) => /socket:\[(\d+)\]/.exec(linkOf(pid, fd))?.[1] ?? []));
  return lines.filter((line) => {
    const fields = line.trim().split(/\s+/);
    return own.has(fields[9] ?? "") && ports.has(Number.parseInt(fields[2]?.split(":")[1] ?? "", 16));
  }).length;
}

function linkOf(pid: number, fd: string): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`);
  } catch {
    return ""; // closed meanwhile
  }
}

test("a reader that is cut again and again has each of them once, in the order of its partition", async () => {
  const next = new Map<number, number>();
  let [received, id, connections] = [0, "", 0];
  const before = residentMegabytes(server.pid);
  const stopWatching = watchMemory(server.pid);
  const startedMs = performance.now();
  while (received < count) {
    const reader = openEvents(server.url, topic, "", id === "" ? {} : { "last-event-id": id });
    connections++;
    await reader.received(Math.min(count - received, 1 + Math.floor(Math.random() * perConnectionMax)), 120_000);
    reader.close();
    await reader.over();
    for (const { data } of reader.records) {
      const { partition, offset } = data as { partition: number; offset: number };
      expect(offset, `partition ${partition}`).toBe(next.get(partition) ?? 0);
      next.set(partition, offset + 1);
    }
    received += reader.records.length;
    id = reader.lastId();
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  const most = stopWatching();
  console.log(
    `${received} records over ${connections} connections in ${seconds.toFixed(1)} s, memory ${before.toFixed(0)} MB before, ${most.toFixed(0)} MB at most`,
  );

  expect(received).toBe(count);
  expect(most - before).toBeLessThan(growthMegabytesMax);
});
