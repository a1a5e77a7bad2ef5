/**
 * One assignment and everything that lives as long as it does: finds out where each partition goes on, polls, hands batches to the function, commits, and gives
 * all of it up again.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Deadline, within } from "../../../../lib/deadline.js";
import { toRelayError } from "../../../../lib/errors.js";
import type { Assignment, EndOfAssignment } from "../../../../lib/kafka/membership/membership.js";
import type { Mapping } from "../mapping.js";
import { type PartitionStatus, toPartitionStatuses, type Unplaced } from "../trigger-status.js";
import type { TriggerWorld } from "../trigger-world.js";
import { Commits } from "./commits.js";
import { HandOver } from "./hand-over.js";
import type { Counts, Invocations } from "./invocations.js";
import { PartitionLane } from "./lane.js";
import { findPlaces, type StartingPlace, type UnknownPlace } from "./places.js";
import { isEnding, type PollerChange, type PollerState, pollerStateAfter } from "./poller-state.js";
import { Polling } from "./polling.js";
import type { Troubles } from "./troubles.js";

/** What the pollers of a mapping share: they come and go with the assignments of the group. */
export interface SharedByPollers {
  readonly mapping: Mapping;
  readonly world: TriggerWorld;
  readonly invocations: Invocations;
  readonly counts: Counts;
  readonly troubles: Troubles;
  /** The batch of each partition that is with the function, whichever assignment handed it over. */
  readonly handed: Map<number, Promise<void>>;
  /** Aborted: the mapping stops. */
  readonly stopping: AbortSignal;
  /** The poller of the present assignment. */
  readonly present: () => Poller | undefined;
  readonly onPolling: () => void;
  readonly now: () => number;
}

/** How often the place of a partition is asked for again. */
const placesCheckMs = 1_000;

export class Poller {
  readonly assignment: Assignment;
  readonly #shared: SharedByPollers;
  readonly #lanes = new Map<number, PartitionLane>();
  /** Partitions of which the broker does not say yet where they go on. */
  readonly #unplaced = new Map<number, Unplaced>();
  readonly #commits: Commits;
  readonly #polling: Polling;
  readonly #handOver: HandOver;
  #state: PollerState = "positioning";

  constructor(assignment: Assignment, shared: SharedByPollers) {
    const { mapping, world, troubles, invocations, handed, now } = shared;
    const lanes = this.#lanes;
    this.assignment = assignment;
    this.#shared = shared;
    this.#commits = new Commits(assignment, {
      originOf: (partition, offset) => lanes.get(partition)?.originOf(offset) ?? {},
      onCommitted: (partition, offset) => this.#committed(partition, offset),
      onTrouble: (error) => troubles.began(error, "commits"),
    });
    this.#polling = new Polling({
      ...{ kafka: world.kafka, mapping, lanes, warn: world.warn, isEnding: () => this.#isEnding() },
      giveUp: invocations.giveUp,
      onRecords: (lane, counts) => this.#received(lane, counts),
      onFailed: ({ partition }, error) => troubles.began(error, `partition ${partition}`),
      onRecovered: ({ partition }) => troubles.ended(`partition ${partition}`),
      onRecreated: (lane) => this.#recreated(lane),
    });
    this.#handOver = new HandOver({
      ...{ mapping, lanes, invocations, handed, now, warn: world.warn, isEnding: () => this.#isEnding() },
      onSettled: (lane, nextOffset) => this.#settled(lane, nextOffset),
      onReturned: (lane) => this.#passFiltered(lane),
      onPumped: () => this.#poll(),
      onTrouble: (error) => troubles.began(error),
    });
  }

  /** Polls each partition as soon as its place is known, and keeps asking for the places that are not. */
  async begin(): Promise<void> {
    for (let missing = this.assignment.partitions; ; ) {
      const left = await this.#position(missing);
      if (this.#isEnding()) return;
      if (left.length === 0 || left.length < missing.length) this.#beginPolling();
      if (left.length === 0) return;
      missing = left;
      await sleep(placesCheckMs, undefined, { signal: this.#shared.stopping }).catch(() => {});
    }
  }

  /** Until the deadline: lets what is with the function end, and commits it unless the partitions were lost already. */
  async revoke(why: EndOfAssignment, deadline: Deadline): Promise<void> {
    this.#change("revoked");
    this.#polling.close();
    if (why === "lost") this.#commits.close();
    await this.#handOver.finish(deadline);
    if (why !== "lost") await within(deadline, this.#commits.flush(deadline), () => undefined);
    this.#commits.close();
    this.#change("given up");
  }

  partitionStatuses(): readonly PartitionStatus[] {
    return toPartitionStatuses(this.#lanes.values(), this.#unplaced);
  }

  /** A batch that an earlier assignment handed over is settled: where the partition is ours again, its lane goes on after it. */
  takeOver(earlier: PartitionLane, nextOffset: number): void {
    const lane = this.#lanes.get(earlier.partition);
    if (lane?.takeOver(earlier, nextOffset) === true) this.#commits.note(lane.partition, nextOffset);
  }

  #change(change: PollerChange): void {
    this.#state = pollerStateAfter(this.#state, change);
  }

  #isEnding(): boolean {
    return isEnding(this.#state) || !this.assignment.isCurrent();
  }

  /** Makes a lane of each partition whose place is known, and returns those whose place is not. */
  async #position(wanted: readonly number[]): Promise<readonly number[]> {
    const { mapping, world, troubles } = this.#shared;
    try {
      const places = await findPlaces(world.kafka, mapping, this.assignment, wanted);
      const unknown = places.filter((place) => place.error !== undefined);
      for (const place of unknown) this.#notFound(place);
      for (const place of places) if (place.error === undefined) this.#found(place);
      return unknown.map(({ partition }) => partition);
    } catch (thrown) {
      troubles.began(toRelayError(thrown));
      return wanted;
    }
  }

  #notFound({ partition, error }: UnknownPlace): void {
    const { troubles, now } = this.#shared;
    this.#unplaced.set(partition, { error, sinceMs: this.#unplaced.get(partition)?.sinceMs ?? now() });
    troubles.began(error, `partition ${partition}`);
  }

  #found(place: StartingPlace): void {
    const { partition, offset, committed, lastEpoch } = place;
    const { mapping, troubles } = this.#shared;
    const lane = new PartitionLane(partition, offset, committed);
    lane.highWatermark = place.end;
    lane.topicId = place.topicId;
    if (lastEpoch !== undefined) lane.epochs.note(offset - 1, lastEpoch);
    if (place.isRecreated) this.#sayRecreated(lane);
    this.#lanes.set(partition, lane);
    if (this.#unplaced.delete(partition)) troubles.ended(`partition ${partition}`);
    this.#handOver.waitForEarlierBatch(lane);
    // The place is chosen once: after a restart, records that arrived meanwhile must not count as "before the latest".
    if (committed === undefined && mapping.startingPosition.kind !== "TRIM_HORIZON") this.#commits.note(partition, offset);
  }

  #beginPolling(): void {
    const { mapping, world, onPolling } = this.#shared;
    const { partitions } = this.assignment;
    if (this.#state === "positioning" && partitions.length > 0)
      world.say(`polls ${describePartitions(partitions)} as group ${mapping.consumerGroupId}`);
    this.#change("a place is known");
    onPolling();
    this.#poll();
  }

  #poll(): void {
    if (this.#state === "polling") this.#polling.poll();
  }

  #received(lane: PartitionLane, { polled, filteredOut }: { readonly polled: number; readonly filteredOut: number }): void {
    const { counts, troubles } = this.#shared;
    counts.polled += polled;
    counts.filteredOut += filteredOut;
    troubles.ended();
    this.#passFiltered(lane);
    this.#handOver.pump();
  }

  #passFiltered(lane: PartitionLane): void {
    if (lane.passFiltered()) this.#commits.note(lane.partition, lane.settled);
  }

  #settled(lane: PartitionLane, nextOffset: number): void {
    this.#commits.note(lane.partition, nextOffset);
    const present = this.#shared.present();
    if (present !== this) present?.takeOver(lane, nextOffset);
  }

  #committed(partition: number, offset: number): void {
    const { counts, troubles } = this.#shared;
    troubles.ended("commits");
    const lane = this.#lanes.get(partition);
    if (lane === undefined) return;
    counts.committed += lane.acknowledge(offset);
    this.#handOver.pump();
  }

  /** A batch of the old topic that is with the function is finished; its offsets are not committed for the new one. */
  #recreated(lane: PartitionLane): void {
    this.#commits.drop(lane.partition);
    this.#sayRecreated(lane);
  }

  #sayRecreated({ partition, fetchOffset }: PartitionLane): void {
    const { mapping, world } = this.#shared;
    world.warn(
      `topic ${mapping.topic} was deleted and created again: partition ${partition} is read from its first record, at offset ${fetchOffset}`,
    );
  }
}

function describePartitions(partitions: readonly number[]): string {
  return partitions.length === 1 ? `partition ${partitions[0]}` : `${partitions.length} partitions (${partitions.join(", ")})`;
}
