/** Moves partitions from one state to the next: it carries out what `next-step.ts` decides. */
import { setTimeout as sleep } from "node:timers/promises";
import { createDeadline } from "../../deadline.js";
import { RelayError, toRelayError } from "../../errors.js";
import { type Pauses, pauseMs } from "../ask.js";
import type { ClusterIdentity } from "../cluster-identity.js";
import type { Connection } from "../connection.js";
import type { PartitionAnswer } from "../protocol/produce.js";
import type { Batch } from "./batch.js";
import { leaderMissing, producerClosed } from "./failed-records.js";
import { LeaderLines } from "./leader-lines.js";
import { afterAnswer, afterFailedLook, afterSilence, type EndedAttempt, type Step } from "./next-step.js";
import type { PartitionLine } from "./partition-line.js";
import type { ProducedTopic } from "./produced-topic.js";
import type { ProducerIds } from "./producer-ids.js";

interface FlowOptions {
  readonly connection: Connection;
  readonly identity: ClusterIdentity | undefined;
  readonly ids: ProducerIds;
  readonly topicOf: (topic: string) => ProducedTopic;
  readonly compression: "none" | "gzip";
  readonly ackTimeoutMs: number;
}

/** Before a batch is sent again: almost at once the first time, because leaders have mostly moved already when we hear of it. */
const pauses: Pauses = { firstMs: 5, maxMs: 250 };

export class PartitionFlow {
  readonly #options: FlowOptions;
  readonly #leaders: LeaderLines<PartitionLine>;
  #isClosed = false;

  constructor(options: FlowOptions) {
    this.#options = options;
    this.#leaders = new LeaderLines(options.connection, options.ackTimeoutMs, {
      nextBatch: (line) => this.#nextBatch(line),
      answered: (line, answer) => this.#answered(line, answer),
    });
  }

  /** These have new records. All of them join before anything is sent, so that one leader gets one request. */
  begin(lines: readonly PartitionLine[]): void {
    for (const line of lines) this.#makeReady(line);
    for (const line of lines) this.#pump(line);
  }

  /** The partition has another leader: it waits for the new one's next request. */
  leaderMoved(line: PartitionLine): void {
    this.#leaders.leave(line);
    this.begin([line]);
  }

  /** Whatever would be sent again fails from now on. */
  close(): void {
    this.#isClosed = true;
  }

  #open(line: PartitionLine): void {
    line.state = "open";
    this.begin([line]);
  }

  #pump({ leader }: PartitionLine): void {
    if (leader !== null) this.#leaders.pump(leader);
  }

  /** An open line that has work joins its leader's next request, or first gets the producer id or the leader that it lacks. */
  #makeReady(line: PartitionLine): void {
    if (line.state !== "open" || !line.hasWork) return;
    if (line.needsIdentity) {
      const known = line.isNew ? this.#options.ids.known() : undefined;
      if (known === undefined) {
        void this.#identify(line);
        return;
      }
      line.identify(known);
    }
    if (line.leader === null) void this.#lookAgain(line);
    else this.#leaders.join(line.leader, line);
  }

  #nextBatch(line: PartitionLine): Batch | undefined {
    if (line.state !== "open") return undefined;
    const batch = line.nextBatch(this.#options.topicOf(line.topic).limit.bytesMax, Date.now());
    if (batch === undefined) return undefined;
    if (line.needsIdentity) {
      this.#makeReady(line);
      return undefined;
    }
    line.send(batch, this.#options.compression);
    return batch;
  }

  #answered(line: PartitionLine, answer: PartitionAnswer | RelayError): void {
    const { batch, topic, partition, failuresInRow } = line;
    if (batch === undefined) return;
    const { attempts, isMaybeWritten } = batch;
    const attempt: EndedAttempt = { topic, partition, recordsCount: batch.records.length, attempts, isMaybeWritten, failuresInRow };
    this.#carryOut(answer instanceof RelayError ? afterSilence(answer, attempt) : afterAnswer(answer, attempt), line, batch);
  }

  #carryOut(step: Step, line: PartitionLine, batch: Batch): void {
    switch (step.step) {
      case "send-again":
        line.doubt(step.doubt);
        line.trouble = step.error;
        void this.#lookAgain(line);
        return;
      case "make-smaller":
        void this.#makeSmaller(line, batch);
        return;
      case "written":
        line.written(batch, step.answer);
        break;
      case "put-back":
        failRefused(batch, step.refused);
        line.putBack(batch.without(step.refused), step.recordsMax);
        break;
      case "put-back-under-another-id":
        line.failuresInRow++;
        line.putBack(batch.parts);
        line.forgetIdentity();
        break;
      case "refuse":
        line.refuse(step.error);
        if (step.needsAnotherId) line.forgetIdentity();
        break;
      case "leave-unresolved":
        if (step.isTrouble) line.trouble = step.error;
        line.leaveUnresolved(step.error);
    }
    this.#open(line);
  }

  /** A pause that grows, fresh metadata, and the same bytes again, for as long as somebody waits for them. */
  async #lookAgain(line: PartitionLine): Promise<void> {
    line.state = "looking-again";
    if (this.#isClosed) {
      line.failAll(producerClosed());
      return;
    }
    line.leaveStranded();
    line.failuresInRow++;
    this.#options.topicOf(line.topic).suspect();
    await sleep(pauseMs(line.failuresInRow, pauses));
    const { leftMs } = line;
    if (leftMs > 0) await this.#findLeader(line, leftMs);
    else line.abandonUnwanted();
    this.#open(line);
  }

  async #findLeader(line: PartitionLine, leftMs: number): Promise<void> {
    const topic = this.#options.topicOf(line.topic);
    try {
      await topic.refresh(createDeadline(leftMs));
    } catch (thrown) {
      const error = toRelayError(thrown);
      const meaning = afterFailedLook(error);
      if (meaning !== "look-again") line.failAll(error, meaning === "gone");
      else if (line.batch?.isMaybeWritten !== true) line.trouble = error;
      return;
    }
    if (!topic.has(line.partition)) line.failAll(topic.partitionMissing(line.partition), true);
    else if (line.leader === null) line.trouble = leaderMissing(line);
  }

  async #identify(line: PartitionLine): Promise<void> {
    line.state = "identifying";
    const { ids, identity } = this.#options;
    const deadline = createDeadline(line.leftMs);
    const changes = identity?.changes();
    try {
      const own = await (line.isNew ? ids.shared(deadline) : ids.fresh(deadline));
      if (changes === identity?.changes()) line.identify(own); // else the cluster that answers now is asked for another one
    } catch (thrown) {
      line.failAll(toRelayError(thrown));
    }
    this.#open(line);
  }

  /** Several records go in smaller batches, now that the topic's limit is known. One record alone is what is too large. */
  async #makeSmaller(line: PartitionLine, batch: Batch): Promise<void> {
    line.state = "asking-limit";
    const { limit } = this.#options.topicOf(line.topic);
    await limit.learn(batch.byteLength, createDeadline(batch.leftMs));
    if (batch.records.length === 1) line.refuse(limit.recordTooLarge(batch.byteLength));
    else line.putBack(batch.parts);
    this.#open(line);
  }
}

function failRefused(batch: Batch, refused: ReadonlyMap<number, RelayError>): void {
  if (refused.size === 0) return;
  batch.visit((call, index, at) => {
    const error = refused.get(at);
    if (error !== undefined) call.failed(index, error);
  });
}
