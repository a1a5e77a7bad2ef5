/** Bookkeeping of a fault test: writers send records that are all different, and the topic is read back to see what became of each. */
import { createDeadline } from "../../../lib/deadline.js";
import { RelayError } from "../../../lib/errors.js";
import type { Kafka } from "../../../lib/kafka/kafka.js";
import type { ProduceOutcome } from "../../../lib/kafka/produce/outcome.js";
import type { OutgoingRecord, TopicName } from "../../../lib/kafka/records.js";

interface LedgerTable {
  readonly sent: number;
  readonly acknowledged: number;
  /** Acknowledged and not in the topic at the offset that was answered. */
  readonly lost: number;
  /** Values in the topic more than once. */
  readonly doubled: number;
  /** Said to be not written, and yet in the topic. */
  readonly wronglyDenied: number;
  /** Said to be maybe written. */
  readonly inDoubt: number;
  /** Acknowledged records of one key that stand in another order than they were sent. */
  readonly outOfOrder: number;
  readonly slowestMs: number;
  /** Calls that were answered after their deadline. */
  readonly late: number;
}

export interface Writing {
  readonly writers: number;
  readonly recordsPerCall: number;
  readonly deadlineMs: number;
}

/** Timers are late on a machine that is busy with brokers. */
const lateToleranceMs = 3_000;

/** One outcome per record; a RelayError stands for all of them. */
export type Write = (topic: TopicName, records: readonly OutgoingRecord[], deadlineMs: number) => Promise<readonly ProduceOutcome[]>;

export class Ledger {
  readonly #kafka: Kafka;
  readonly #topic: TopicName;
  readonly #write: Write;
  readonly #acknowledged = new Map<string, { readonly partition: number; readonly offset: bigint }>();
  readonly #denied = new Set<string>();
  readonly #inDoubt = new Set<string>();
  readonly failures = new Map<string, number>();
  #sent = 0;
  #slowestMs = 0;
  #late = 0;
  #isWriting = true;

  /** `write`: absent, the client's own producer. */
  constructor(kafka: Kafka, topic: TopicName, write?: Write) {
    this.#kafka = kafka;
    this.#topic = topic;
    this.#write = write ?? ((name, records, deadlineMs) => kafka.producer.produce(name, records, createDeadline(deadlineMs)));
  }

  get acknowledged(): number {
    return this.#acknowledged.size;
  }

  /** Writers send one call after the other, each under keys of its own and some without a key, while `during` goes on. */
  async writeDuring({ writers, recordsPerCall, deadlineMs }: Writing, during: () => Promise<void>): Promise<void> {
    this.#isWriting = true;
    const writing = Promise.all(
      Array.from({ length: writers }, async (_, writer) => {
        for (let call = 0; this.#isWriting; call++) {
          const values = Array.from({ length: recordsPerCall }, (_, index) => `${this.#sent++}:${writer}:${call}:${index}`);
          await this.#send(values, writer, deadlineMs);
        }
      }),
    );
    try {
      await during();
    } finally {
      this.#isWriting = false;
      await writing;
    }
  }

  async #send(values: readonly string[], writer: number, deadlineMs: number): Promise<void> {
    const records = values.map((value, index): OutgoingRecord => {
      const key = index % 3 === 2 ? null : Buffer.from(`key-${writer}-${index % 7}`);
      return { key, value: Buffer.from(value), headers: [] };
    });
    const startMs = performance.now();
    let outcomes: readonly ProduceOutcome[];
    try {
      outcomes = await this.#write(this.#topic, records, deadlineMs);
    } catch (error) {
      if (!(error instanceof RelayError)) throw error;
      outcomes = records.map(() => ({ outcome: "failed", error }));
    }
    const tookMs = performance.now() - startMs;
    this.#slowestMs = Math.max(this.#slowestMs, tookMs);
    if (tookMs > deadlineMs + lateToleranceMs) this.#late++;
    for (const [index, outcome] of outcomes.entries()) this.#note(values[index] ?? "", outcome);
  }

  #note(value: string, outcome: ProduceOutcome): void {
    if (outcome.outcome === "written") {
      this.#acknowledged.set(value, { partition: outcome.partition, offset: outcome.offset });
      return;
    }
    this.failures.set(outcome.error.code, (this.failures.get(outcome.error.code) ?? 0) + 1);
    if (outcome.error.failure.written === "no") this.#denied.add(value);
    else this.#inDoubt.add(value);
  }

  /** Reads the topic from its beginning and compares. */
  async table(): Promise<LedgerTable> {
    const places = new Map<string, { readonly partition: number; readonly offset: bigint }[]>();
    const lastOfKey = new Map<string, number>();
    let outOfOrder = 0;
    for await (const { partition, offset, key, value } of readTopic(this.#kafka, this.#topic)) {
      places.set(value, [...(places.get(value) ?? []), { partition, offset }]);
      if (key === null || !this.#acknowledged.has(value)) continue;
      const number = Number(value.split(":")[0]);
      if (number < (lastOfKey.get(key) ?? -1)) outOfOrder++;
      lastOfKey.set(key, number);
    }
    const isAt = (value: string, partition: number, offset: bigint) =>
      places.get(value)?.some((place) => place.partition === partition && place.offset === offset) === true;
    return {
      sent: this.#sent,
      acknowledged: this.#acknowledged.size,
      lost: [...this.#acknowledged].filter(([value, { partition, offset }]) => !isAt(value, partition, offset)).length,
      doubled: [...places.values()].filter(({ length }) => length > 1).length,
      wronglyDenied: [...this.#denied].filter((value) => places.has(value)).length,
      inDoubt: this.#inDoubt.size,
      outOfOrder,
      slowestMs: Math.round(this.#slowestMs),
      late: this.#late,
    };
  }
}

async function* readTopic(kafka: Kafka, topic: string) {
  const deadline = createDeadline(60_000);
  for (const { partition, beginning, end } of await kafka.reader.offsets(topic, "all", deadline)) {
    for (let offset = beginning; offset < end; ) {
      const [read] = await kafka.reader.read(
        [{ topic, partition, offset }],
        { bytesMax: 8_000_000, recordsMax: 50_000, waitMs: 1_000 },
        deadline,
      );
      if (read === undefined || read.error !== undefined) throw read?.error ?? new Error("nothing was read");
      for (const record of read.records) {
        yield { partition, offset: record.offset, key: record.key?.toString() ?? null, value: record.value?.toString() ?? "" };
      }
      if (read.nextOffset === offset && deadline.leftMs() === 0) throw new Error(`Partition ${partition} stays at ${offset} of ${end}`);
      offset = read.nextOffset;
    }
  }
}

/** What every fault must leave behind it. */
export const nothingLost = { lost: 0, doubled: 0, wronglyDenied: 0, outOfOrder: 0, late: 0 };
