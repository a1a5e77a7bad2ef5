/** Hands batches that are due to the function: one at a time for each partition, and nothing new once the assignment ends. */
import { type Deadline, within } from "../../../../lib/deadline.js";
import { type RelayError, toRelayError } from "../../../../lib/errors.js";
import type { Mapping } from "../mapping.js";
import { dueInMs, isTooLarge, nextBatch } from "./batcher.js";
import type { Invocations } from "./invocations.js";
import type { PartitionLane } from "./lane.js";
import type { Run } from "./run.js";
import { settle } from "./settle.js";

interface HandOverOptions {
  readonly mapping: Mapping;
  readonly lanes: ReadonlyMap<number, PartitionLane>;
  readonly invocations: Invocations;
  /** The batch of each partition that is with the function. It outlives its assignment: no other batch of the partition begins before it returns. */
  readonly handed: Map<number, Promise<void>>;
  readonly isEnding: () => boolean;
  /** Everything of the lane's partition below this offset is settled, and to be committed. */
  readonly onSettled: (lane: PartitionLane, nextOffset: number) => void;
  /** No batch of the lane is with the function any more. */
  readonly onReturned: (lane: PartitionLane) => void;
  /** Batches were taken, so that lanes may have room again. */
  readonly onPumped: () => void;
  readonly onTrouble: (error: RelayError) => void;
  readonly now: () => number;
  readonly warn: (line: string) => void;
}

export class HandOver {
  readonly #options: HandOverOptions;
  readonly #underWay = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: HandOverOptions) {
    this.#options = options;
  }

  /** Hands over every batch that is due, and comes back when the next one may be. */
  pump(): void {
    const { mapping, lanes, isEnding, onPumped, now } = this.#options;
    clearTimeout(this.#timer);
    if (isEnding()) return;
    for (let batch = this.#next(); batch !== undefined; batch = this.#next()) this.#hand(batch);
    const inMs = dueInMs(lanes.values(), mapping, now());
    if (inMs !== undefined) this.#timer = setTimeout(() => this.pump(), inMs);
    onPumped();
  }

  /** A function may run for longer than a rebalance waits: its partition stays busy until it returns, whichever assignment handed the batch over. */
  waitForEarlierBatch(lane: PartitionLane): void {
    const earlier = this.#options.handed.get(lane.partition);
    if (earlier === undefined) return;
    lane.isWithFunction = true;
    void earlier.then(() => this.#returned([lane]));
  }

  /** Begins nothing more, and waits for what is with the function until the deadline. */
  async finish(deadline: Deadline): Promise<void> {
    clearTimeout(this.#timer);
    await within(deadline, Promise.all(this.#underWay), () => undefined);
  }

  #next(): readonly Run[] | undefined {
    const { mapping, lanes, now } = this.#options;
    return nextBatch(lanes.values(), mapping, now());
  }

  #hand(batch: readonly Run[]): void {
    const { lanes, handed } = this.#options;
    const own = batch.map(({ partition }) => lanes.get(partition)).filter((lane) => lane !== undefined);
    for (const lane of own) lane.isWithFunction = true;
    const work = this.#settle(batch, own).then((isSettled) => {
      this.#underWay.delete(work);
      for (const { partition } of batch) if (handed.get(partition) === work) handed.delete(partition);
      // What the end of the assignment left unsettled is started over by the next owner of the partition; here it must not be passed.
      this.#returned(isSettled ? own : []);
    });
    this.#underWay.add(work);
    for (const { partition } of batch) handed.set(partition, work);
  }

  #returned(lanes: readonly PartitionLane[]): void {
    for (const lane of lanes) {
      lane.isWithFunction = false;
      this.#options.onReturned(lane);
    }
    this.pump();
  }

  async #settle(batch: readonly Run[], own: readonly PartitionLane[]): Promise<boolean> {
    const { mapping, invocations, isEnding, now, warn } = this.#options;
    const onSettled = this.#settledOf(own);
    try {
      if (mapping.takesAnySize !== true && isTooLarge(batch)) {
        await invocations.giveUp({ runs: batch, condition: "payload-size", attempts: 0 });
        for (const { partition, nextOffset } of batch) onSettled(partition, nextOffset);
        return true;
      }
      const { invoke, giveUp } = invocations;
      const backOff = (n: number) => invocations.backOff(n, isEnding);
      return await settle(batch, mapping.failure, {
        topic: mapping.topic,
        invoke,
        giveUp,
        onSettled,
        backOff,
        isStopping: isEnding,
        now,
        warn,
      });
    } catch (thrown) {
      this.#options.onTrouble(toRelayError(thrown));
      for (const lane of own) lane.rewind();
      return false;
    }
  }

  /** Offsets of a history that has ended meanwhile are not settled in the present one. */
  #settledOf(own: readonly PartitionLane[]): (partition: number, nextOffset: number) => void {
    const begun = new Map(own.map((lane) => [lane.partition, { lane, history: lane.history }]));
    return (partition, nextOffset) => {
      const { lane, history } = begun.get(partition) ?? {};
      if (lane === undefined || history === undefined || !lane.settle(nextOffset, history)) return;
      this.#options.onSettled(lane, nextOffset);
    };
  }
}
