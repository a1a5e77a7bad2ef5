/** A batch goes into a worker as bytes: what comes out there is the event that would be made here. */
import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";
import { expect, test } from "vitest";
import { encodeRecordBatch } from "../../../lib/kafka/codec/record-batch-encoder.js";
import { walkRecordSet } from "../../../lib/kafka/codec/record-set.js";
import type { OutgoingRecord } from "../../../lib/kafka/records.js";
import { buffersOf, type PackedEvent, packEvent, unpackEvent } from "../../../local/kafka-trigger/src/handlers/packed.js";
import type { Mapping } from "../../../local/kafka-trigger/src/mapping.js";
import { toEvent } from "../../../local/kafka-trigger/src/poll/event.js";
import { compact, Rows, WaitingRecord } from "../../../local/kafka-trigger/src/poll/rows.js";
import type { Run } from "../../../local/kafka-trigger/src/poll/run.js";

const topic = "orders";
const mapping: Mapping = {
  name: "orders",
  kind: "msk",
  eventSourceArn: "arn:aws:kafka:eu-west-1:1:cluster/c/1",
  bootstrapServers: "b-1:9092",
  topic,
  consumerGroupId: "g",
  batchSize: 100,
  windowMs: 500,
  startingPosition: { kind: "TRIM_HORIZON" },
  failure: { retriesMax: -1, recordAgeMaxMs: -1, isBisecting: false, takesPartialResponses: false },
  backoff: { firstMs: 1, maxMs: 1 },
};

async function fetched(records: readonly Partial<OutgoingRecord>[], isKept: (offset: number) => boolean = () => true): Promise<Rows> {
  const bytes = encodeRecordBatch(
    records.map((record) => ({ key: null, value: null, headers: [], timestampMs: 1_700_000_000_123, ...record })),
    { producerId: -1n, producerEpoch: -1, baseSequence: -1, nowMs: 1 },
  );
  const rows = new Rows(topic, 3, bytes, "CREATE_TIME");
  await walkRecordSet({ topic, partition: 3, bytes, fromOffset: 0n, abortedTransactions: [] }, (view) => {
    if (isKept(view.offset)) rows.add(view, 100);
    return true;
  });
  return rows;
}

function runOf(rows: Rows): Run {
  const records = Array.from({ length: rows.count }, (_, row) => new WaitingRecord(rows, row));
  return { partition: 3, records, nextOffset: 99 };
}

/** Through a real port, which takes the buffers away. */
function sent(event: PackedEvent): PackedEvent {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(event, buffersOf(event));
  const received = receiveMessageOnPort(port2)?.message as PackedEvent;
  port1.close();
  return received;
}

const all: readonly Partial<OutgoingRecord>[] = [
  { key: Buffer.from("k"), value: Buffer.from("v") },
  {},
  { value: Buffer.alloc(0), key: Buffer.alloc(0) },
  { value: Buffer.from([0, 255]), headers: ["a", "b", "a"].map((name) => ({ name, value: Buffer.from([0xdc]) })) },
  { key: Buffer.from("last"), headers: [{ name: "grüße", value: null }] },
];

test.each<[string, readonly Partial<OutgoingRecord>[], (offset: number) => boolean]>([
  ["every kind of record", all, () => true],
  ["records that lie apart", [...all, { value: Buffer.alloc(5_000) }, ...all], (offset) => offset !== 5],
  ["nothing but nulls", [{}, {}], () => true],
])("a batch of %s arrives as it was", async (_what, records, isKept) => {
  const run = runOf(await fetched(records, isKept));

  const arrived = unpackEvent(sent(packEvent(mapping, [run])));

  expect(JSON.stringify(arrived)).toBe(JSON.stringify(toEvent(mapping, [run])));
});

test("a batch that is tried again is packed again: the first attempt has taken nothing away", async () => {
  const run = runOf(await fetched(all));

  sent(packEvent(mapping, [run]));

  expect(unpackEvent(sent(packEvent(mapping, [run])))).toEqual(toEvent(mapping, [run]));
});

test("a few records of much that was filtered out keep their own bytes alone", async () => {
  const rows = await fetched([...all, { value: Buffer.alloc(100_000) }], (offset) => offset < 5);

  const kept = compact(rows);

  expect(kept.bytes.length).toBeLessThan(100);
  expect(toEvent(mapping, [runOf(kept)])).toEqual(toEvent(mapping, [runOf(rows)]));
});
