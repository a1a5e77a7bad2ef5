/**
 * Produce requests to the leaders of partitions: whatever is ready for one broker is sent in one request, with at most two requests in flight per broker. A request leaves
 * when the calls that have arrived by now have been read, so that calls which arrive together share it. No time is waited for.
 */
import { createDeadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import type { Connection } from "../connection.js";
import { type BatchBytes, type PartitionAnswer, type ProduceAnswer, type ProduceRequest, produceApi } from "../protocol/produce.js";

export interface OutgoingBatch extends BatchBytes {
  /** How long somebody still waits for it. */
  readonly leftMs: number;
}

/** A partition that sends. */
interface Sender {
  readonly topic: string;
  readonly partition: number;
}

interface SenderTurns<Line> {
  /** Makes the batch that the partition sends now. Undefined: it has nothing to send, or cannot send yet. */
  readonly nextBatch: (line: Line) => OutgoingBatch | undefined;
  /** The partition's part of the answer, or why there is none. */
  readonly answered: (line: Line, answer: PartitionAnswer | RelayError) => void;
}

interface Sending<Line> {
  readonly line: Line;
  readonly batch: OutgoingBatch;
}

interface Leader<Line> {
  readonly ready: Set<Line>;
  inFlight: number;
  /** A request is about to leave. */
  isDue: boolean;
}

/** Of all batches in one request; a larger batch goes alone. */
const requestBytesMax = 16_000_000;
/** A broker works through the requests of a connection one by one: the second is there when the first is done, and what comes later waits to be sent together. */
const requestsInFlightMax = 2;
/** A request ends a little before the calls whose records it carries, so that they can still return its result. */
const answerMarginMs = 25;

export class LeaderLines<Line extends Sender> {
  readonly #connection: Connection;
  /** How long a leader may wait for its replicas. */
  readonly #ackTimeoutMs: number;
  readonly #turns: SenderTurns<Line>;
  readonly #leaders = new Map<number, Leader<Line>>();

  constructor(connection: Connection, ackTimeoutMs: number, turns: SenderTurns<Line>) {
    this.#connection = connection;
    this.#ackTimeoutMs = ackTimeoutMs;
    this.#turns = turns;
  }

  /** The partition joins the next request to its leader. */
  join(nodeId: number, line: Line): void {
    this.#of(nodeId).ready.add(line);
  }

  /** The partition waits for no leader any more: an old leader may never answer again. */
  leave(line: Line): void {
    for (const { ready } of this.#leaders.values()) ready.delete(line);
  }

  /** Sends what is ready for this broker, once everything that has arrived is read (https://nodejs.org/en/learn/asynchronous-work/event-loop-timers-and-nexttick). */
  pump(nodeId: number): void {
    const leader = this.#of(nodeId);
    if (leader.isDue || leader.inFlight >= requestsInFlightMax || leader.ready.size === 0) return;
    leader.isDue = true;
    setImmediate(() => {
      leader.isDue = false;
      this.#sendReady(nodeId);
    });
  }

  /** As far as the broker may have more requests in flight. */
  #sendReady(nodeId: number): void {
    const leader = this.#of(nodeId);
    while (leader.inFlight < requestsInFlightMax && leader.ready.size > 0) {
      const sending = this.#nextRequest(leader.ready);
      if (sending.length > 0) void this.#send(nodeId, sending);
    }
  }

  #of(nodeId: number): Leader<Line> {
    const known = this.#leaders.get(nodeId);
    if (known !== undefined) return known;
    const leader: Leader<Line> = { ready: new Set(), inFlight: 0, isDue: false };
    this.#leaders.set(nodeId, leader);
    return leader;
  }

  #nextRequest(ready: Set<Line>): readonly Sending<Line>[] {
    const sending: Sending<Line>[] = [];
    let bytes = 0;
    for (const line of ready) {
      ready.delete(line);
      const batch = this.#turns.nextBatch(line);
      if (batch === undefined) continue;
      sending.push({ line, batch });
      bytes += batch.byteLength;
      if (bytes >= requestBytesMax) break;
    }
    return sending;
  }

  async #send(nodeId: number, sending: readonly Sending<Line>[]): Promise<void> {
    const leader = this.#of(nodeId);
    leader.inFlight++;
    const leftMs = sending.reduce((longest, { batch }) => Math.max(longest, batch.leftMs), 0);
    const timeoutMs = Math.max(1, Math.trunc(Math.min(this.#ackTimeoutMs, leftMs)));
    const deadline = createDeadline(Math.max(0, leftMs - answerMarginMs));
    const answer = await this.#connection
      .request(produceApi, { timeoutMs, topics: byTopic(sending) }, { nodeId }, deadline)
      .catch(toSendFailure);
    leader.inFlight--;
    for (const { line } of sending) this.#turns.answered(line, answer instanceof RelayError ? answer : answerFor(line, answer));
    this.pump(nodeId);
  }
}

function byTopic(sending: readonly Sending<Sender>[]): ProduceRequest["topics"] {
  const topics = new Map<string, { partition: number; batch: BatchBytes }[]>();
  for (const { line, batch } of sending) {
    const partitions = topics.get(line.topic);
    if (partitions === undefined) topics.set(line.topic, [{ partition: line.partition, batch }]);
    else partitions.push({ partition: line.partition, batch });
  }
  return Array.from(topics, ([name, partitions]) => ({ name, partitions }));
}

/** An unexpected failure may have happened after the request was sent. */
function toSendFailure(thrown: unknown): RelayError {
  if (thrown instanceof RelayError) return thrown;
  return new RelayError("internal", "An unexpected error, which is a bug in kafka-relay.", { cause: thrown, written: "maybe" });
}

function answerFor({ topic, partition }: Sender, answer: ProduceAnswer): PartitionAnswer | RelayError {
  const found = answer.topics.find(({ name }) => name === topic)?.partitions.find((one) => one.partition === partition);
  return (
    found ?? new RelayError("maybe-written", `Kafka's response does not mention partition ${partition} of topic ${JSON.stringify(topic)}.`)
  );
}
