/** Reading: the codec against kafkajs's, and the cursor read (reader and handler) against consumers of kafkajs and others, whose joining is not counted. */
import { createRequire } from "node:module";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { operations } from "../../functions/records.js";
import { parseConfig } from "../../lib/config.js";
import { createDeadline } from "../../lib/deadline.js";
import { httpApi } from "../../lib/http/hosts/http-api.js";
import { deleteTopics } from "../../lib/kafka/admin/topics.js";
import { encodeRecordBatch, withoutProducerId } from "../../lib/kafka/codec/record-batch-encoder.js";
import { walkRecordSet } from "../../lib/kafka/codec/record-set.js";
import { toKafkaRecord } from "../../lib/kafka/codec/record-view.js";
import { createKafka, type Kafka, toKafkaOptions } from "../../lib/kafka/kafka.js";
import type { OutgoingRecord } from "../../lib/kafka/records.js";
import { toEvent } from "../support/api/api.js";
import { createTestTopic } from "../support/broker/kafka.js";
import { writeBatch } from "../support/broker/write-batches.js";
import { amountOf, type Bench, type BenchContext, type BenchRow, type ComparedRow } from "./bench.js";
import type { BenchClient } from "./clients/client.js";
import { openKafkajs } from "./clients/kafkajs.js";
import { withOtherClients } from "./clients/others.js";

const require = createRequire(import.meta.url);
const { RecordBatch } = require("kafkajs/src/protocol/recordBatch/v0");
const Record = require("kafkajs/src/protocol/recordBatch/record/v0");
const decodeMessages = require("kafkajs/src/protocol/requests/fetch/v4/decodeMessages");
const KafkaJsDecoder = require("kafkajs/src/protocol/decoder");

const nowMs = 1_700_000_000_000;
const partitions = 4;
const batches = 100;
const batchRecords = 1_000;
const readBytes = 1_048_576;

const records: readonly OutgoingRecord[] = Array.from({ length: batchRecords }, (_, index) => ({
  key: Buffer.from(`key-${index}`),
  value: Buffer.from(JSON.stringify({ id: index, place: "somewhere", note: "x".repeat(150) })),
  headers: [{ name: "trace", value: Buffer.from("0123456789abcdef") }],
  timestampMs: nowMs + index,
}));

export const bench: Bench = {
  name: "read",
  run: async function* (context) {
    yield* codecRows(context);
    yield* readRows(context);
  },
};

async function* codecRows({ secondsPerRow }: BenchContext): AsyncIterable<BenchRow> {
  const encodeByKafkajs = () =>
    RecordBatch({
      firstTimestamp: nowMs,
      maxTimestamp: nowMs + batchRecords,
      lastOffsetDelta: batchRecords - 1,
      records: records.map(({ key, value, timestampMs }, offsetDelta) =>
        Record({ key, value, headers: { trace: "0123456789abcdef" }, offsetDelta, timestampDelta: (timestampMs ?? nowMs) - nowMs }),
      ),
    });
  const batch = encodeRecordBatch(records, { ...withoutProducerId, nowMs });
  const place = { topic: "bench", partition: 0 };
  const set = { ...place, bytes: batch, fromOffset: 0n, abortedTransactions: [] };
  const sized = Buffer.alloc(4 + batch.length);
  sized.writeInt32BE(batch.length);
  batch.copy(sized, 4);

  const size = `${batchRecords.toLocaleString("en")} records of 200 bytes`;
  const ours = await perSecond(secondsPerRow, async () => encodeRecordBatch(records, { ...withoutProducerId, nowMs }));
  const theirs = await perSecond(secondsPerRow, encodeByKafkajs);
  yield atLeast(3, { what: `encode a batch of ${size}`, ours, theirs, against: "kafkajs's encoder" });
  const oursDecoded = await perSecond(secondsPerRow, () => walkRecordSet(set, (view) => toKafkaRecord(view, place) !== undefined));
  const theirsDecoded = await perSecond(secondsPerRow, () => decodeMessages(new KafkaJsDecoder(sized)));
  yield atLeast(3, { what: `decode a batch of ${size}`, ours: oursDecoded, theirs: theirsDecoded, against: "kafkajs's decoder" });
}

/** Records a second, of the best window: what others do on the machine slows the other windows, ours and theirs alike. */
function createMeter(windowMs = 200) {
  let startedMs = performance.now();
  let count = 0;
  let best = 0;
  return {
    add: (records: number): void => {
      count += records;
      const tookMs = performance.now() - startedMs;
      if (tookMs < windowMs) return;
      best = Math.max(best, (count / tookMs) * 1_000);
      [startedMs, count] = [performance.now(), 0];
    },
    /** Of the part that was measured, where that was too short for a window. */
    best: () => (best > 0 ? best : (count / (performance.now() - startedMs)) * 1_000),
  };
}

/** Of something that handles one batch. */
const perSecond = (seconds: number, once: () => Promise<unknown>): Promise<number> =>
  measure(seconds, async () => {
    await once();
    return batchRecords;
  });

/** `once` answers how many records it handled. */
async function measure(seconds: number, once: () => Promise<number>): Promise<number> {
  for (let warmUp = 0; warmUp < 20; warmUp++) await once();
  const meter = createMeter();
  const startedMs = performance.now();
  while (performance.now() - startedMs < seconds * 1_000) meter.add(await once());
  return meter.best();
}

async function* readRows(context: BenchContext): AsyncIterable<BenchRow | ComparedRow> {
  const { brokers, secondsPerRow, log } = context;
  const config = parseConfig({ KAFKA_BROKERS: brokers.join(","), RELAY_ACCESS: "everything" });
  const kafka = createKafka(toKafkaOptions(config));
  const topic = await createTestTopic(kafka, { partitions });
  const total = amountOf(batches, context) * partitions * batchRecords;
  const kafkajs = await openKafkajs(brokers);
  try {
    for (let batch = 0; batch < amountOf(batches, context); batch++)
      for (let partition = 0; partition < partitions; partition++) await writeBatch(kafka, topic, partition, records);
    log(`${total} records in ${partitions} partitions`);

    const theirs = await consume(kafkajs, topic, total);
    const against = "kafkajs consumer, eachBatch";
    const ours = await measure(secondsPerRow, readerReads(kafka, topic));
    const what = "cursor read of 1 MB, records as objects";
    yield atLeast(3, { what, ours, theirs, against });
    yield* withOtherClients("cursor read", context, async function* (client) {
      const others = await consume(client, topic, total);
      yield { what, ours, theirs: others, unit: "records/s", against: `${client.name} consumer`, ratio: ours / others };
    });
    const handler = httpApi(operations, { config, kafka });
    const byHandlerBase64 = await measure(secondsPerRow, handlerReads(handler, topic, "&key_format=base64&value_format=base64"));
    yield atLeast(2, { what: "cursor read of 1 MB over the handler, values in base64", ours: byHandlerBase64, theirs, against });
    const byHandler = await measure(secondsPerRow, handlerReads(handler, topic, ""));
    yield atLeast(1, {
      what: "cursor read of 1 MB over the handler, values checked and returned as JSON",
      ours: byHandler,
      theirs,
      against,
    });
  } finally {
    await kafkajs.close();
    await deleteTopics(kafka, [topic], createDeadline(10_000));
    await kafka.close();
  }
}

/** Records per second of the best window, from the first batch to the last, so that joining the group is not counted. */
async function consume(client: BenchClient, topic: string, total: number): Promise<number> {
  let seen = 0;
  let meter: ReturnType<typeof createMeter> | undefined;
  let done: () => void = () => {};
  const all = new Promise<void>((resolve) => {
    done = resolve;
  });
  const consumer = await client.consume(topic, (count) => {
    seen += count;
    if (meter === undefined) meter = createMeter();
    else meter.add(count);
    if (seen >= total) done();
  });
  try {
    await Promise.race([all, consumer.failed]);
    return meter?.best() ?? Number.NaN;
  } finally {
    await consumer.stop();
  }
}

/** One read: how many records came. 0 at the end, after which it starts over. */
type Reads = () => Promise<number>;

function readerReads(kafka: Kafka, topic: string): Reads {
  const beginning = () => Array.from({ length: partitions }, (_, partition) => ({ topic, partition, offset: 0n }));
  let positions = beginning();
  return async () => {
    const partitions = await kafka.reader.read(positions, { bytesMax: readBytes, recordsMax: 100_000, waitMs: 0 }, createDeadline(10_000));
    const count = partitions.reduce((sum, one) => sum + one.records.length, 0);
    positions = count === 0 ? beginning() : partitions.map(({ partition, nextOffset }) => ({ topic, partition, offset: nextOffset }));
    return count;
  };
}

function handlerReads(handler: ReturnType<typeof httpApi>, topic: string, formats: string): Reads {
  let start = "from=beginning";
  let readBefore = 0;
  return async () => {
    const event: APIGatewayProxyEventV2 = toEvent(
      `GET /topics/${topic}/records?${start}&limit=100000&bytes_max=${readBytes}${formats}`,
      {},
      Object.keys(operations),
    );
    const { body = "" } = await handler(event, { getRemainingTimeInMillis: () => 30_000 });
    const tail = body.slice(-1_000); // where each partition's next offset and the cursor stand
    const read = [...tail.matchAll(/"next_offset":(\d+)/g)].reduce((sum, [, offset]) => sum + Number(offset), 0);
    const count = read - readBefore;
    [start, readBefore] = count === 0 ? ["from=beginning", 0] : [`cursor=${/"cursor":"([^"]+)"\}$/.exec(tail)?.[1]}`, read];
    return count;
  };
}

function atLeast(ratioMin: number, row: Pick<BenchRow, "what" | "ours" | "theirs" | "against">): BenchRow {
  const ratio = row.ours / row.theirs;
  return { ...row, unit: "records/s", ratio, budget: `at least ${ratioMin}`, withinBudget: ratio >= ratioMin };
}
