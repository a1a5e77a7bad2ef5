/**
 * One consumer instance: a member of a group, or a reader of assigned partitions, that hands out records call by call. Its calls run one after the other. What it has
 * handed out may be committed once the client has come back for more, so that a client that vanishes loses nothing.
 */
import { type Deadline, keeping, sooner } from "../deadline.js";
import { RelayError, toRelayError } from "../errors.js";
import { fetchCommitted, type OffsetsByTopic } from "../kafka/membership/membership-offsets.js";
import type { Kafka } from "../kafka/port.js";
import { Holding, illegal } from "./holding.js";
import type { ConsumerLimits, InstanceOptions } from "./options.js";
import { assertPartitions, byName } from "./partition-names.js";
import { byTopicOf, type PartitionName, toCommit } from "./places.js";
import { collectMore, type ReadRequest, sliceMs, startCollecting } from "./reading.js";
import { resetPlaces, startingPlaces } from "./starting-points.js";
import type { SubscribedTo } from "./subscription.js";
import { answerMarginMs, createCallTurns, type Turn, type Turns } from "./turns.js";

interface InstanceWorld {
  readonly kafka: Kafka;
  readonly limits: ConsumerLimits;
  readonly now: () => number;
  /** Hears of failures that no caller waits for. */
  readonly onTrouble: (error: RelayError) => void;
}

/** Why an instance is closed. A client that has vanished may not have what was handed out last. */
export type EndOfInstance = "deleted" | "expired" | "drained";

export class ConsumerInstance {
  readonly groupId: string;
  readonly id: string;
  readonly options: InstanceOptions;
  readonly #world: InstanceWorld;
  readonly #turns: Turns;
  readonly #holding: Holding;
  #running = 0;
  #usedMs: number;

  constructor(groupId: string, id: string, options: InstanceOptions, world: InstanceWorld) {
    this.groupId = groupId;
    this.id = id;
    this.options = options;
    this.#world = world;
    this.#turns = createCallTurns(JSON.stringify(id), world.limits.callsWaitingMax);
    this.#usedMs = world.now();
    this.#holding = new Holding({ ...world, groupId, options, turns: this.#turns, hear: this.hear });
  }

  /** A failure that no caller waits for. */
  readonly hear = (thrown: unknown): void => this.#world.onTrouble(toRelayError(thrown));

  isIdle(): boolean {
    return this.#running === 0 && this.#world.now() - this.#usedMs >= this.#world.limits.idleTimeoutMs;
  }

  /** Topics that are subscribed to now; none without a subscription. */
  subscription(): readonly string[] {
    this.#usedMs = this.#world.now();
    return this.#holding.subscription?.topics ?? [];
  }

  async subscribe(to: SubscribedTo, deadline: Deadline): Promise<void> {
    await this.#turn(true, deadline, async () => {
      if (this.#holding.isAssigned)
        throw illegal("Partitions are assigned to this instance. DELETE its subscription first, or create another instance.");
      await this.#holding.leave("position", deadline);
      if (to.by === "names" && to.topics.length === 0) return;
      this.#holding.subscription = this.#holding.subscriptionTo(to);
      await this.#holding.refresh(deadline).catch((error: unknown) => {
        this.#holding.subscription = undefined; // it has joined nothing
        throw error;
      });
    });
  }

  async unsubscribe(deadline: Deadline): Promise<void> {
    await this.#turn(true, deadline, () => this.#holding.leave("position", deadline));
  }

  async assign(names: readonly PartitionName[], deadline: Deadline): Promise<void> {
    await this.#turn(true, deadline, async () => {
      if (this.#holding.subscription !== undefined)
        throw illegal("This instance is subscribed to topics. DELETE its subscription first, or create another instance.");
      await assertPartitions(this.#world.kafka, names, deadline);
      if (this.options.isAutoCommit) await this.#holding.commitPlaces("position", deadline);
      const committed = await fetchCommitted(this.#world.kafka, this.groupId, byTopicOf(names), deadline);
      this.#holding.places.replace(await startingPlaces(this.#world.kafka, names, committed, this.options.offsetReset, deadline));
      this.#holding.isAssigned = names.length > 0;
    });
  }

  /** Partitions that the instance reads now. While its group gives it none yet, it waits a little. */
  async assignment(deadline: Deadline): Promise<readonly PartitionName[]> {
    // Nobody needs to wait for a read to know it.
    if (!this.#holding.isOpen) await this.#turn(true, deadline, (turn) => this.#holding.opensWithin(deadline, turn));
    this.#usedMs = this.#world.now();
    return this.#holding.places
      .all()
      .map(({ topic, partition }) => ({ topic, partition }))
      .sort(byName);
  }

  async seek(to: readonly (PartitionName & { readonly offset: bigint })[], deadline: Deadline): Promise<void> {
    await this.#turn(true, deadline, async (turn) => {
      await this.#holding.opensWithin(deadline, turn);
      const places = to.map((one) => [this.#holding.held(one), one.offset] as const);
      for (const [place, offset] of places) Object.assign(place, { position: offset, lastEpoch: undefined });
    });
  }

  /** At the first record at or after a time (ms), or to an end. No partition named: all that the instance holds. */
  async seekTo(to: readonly (PartitionName & { readonly at: "earliest" | "latest" | bigint })[], deadline: Deadline): Promise<void> {
    await this.#turn(true, deadline, async (turn) => {
      await this.#holding.opensWithin(deadline, turn);
      for (const one of to) this.#holding.held(one);
      for (const at of new Set(to.map((one) => one.at))) {
        const names = to.filter((one) => one.at === at);
        for (const { topic, partition, position } of await resetPlaces(this.#world.kafka, names, at, deadline))
          Object.assign(this.#holding.held({ topic, partition }), { position, lastEpoch: undefined });
      }
    });
  }

  async seekAllTo(at: "earliest" | "latest", deadline: Deadline): Promise<void> {
    const names = await this.assignment(deadline);
    await this.seekTo(
      names.map((name) => ({ ...name, at })),
      deadline,
    );
  }

  /** The records' JSON texts. `mayRead` throws for a topic that the caller may not read. */
  async read({ timeoutMs, bytesMax }: ReadRequest, mayRead: (topic: string) => void, deadline: Deadline): Promise<readonly string[]> {
    return this.#turn(false, deadline, async (turn) => {
      if (this.#holding.subscription === undefined && !this.#holding.isAssigned)
        throw illegal("This instance is not subscribed to any topic and has no partitions assigned.");
      this.#holding.places.markReached();
      const committing = this.options.isAutoCommit ? this.#holding.commitPlaces("reached", deadline).catch(this.hear) : undefined;
      try {
        if (this.#holding.isPatternOld()) await this.#holding.refresh(deadline);
        return await this.#collect(sooner(keeping(answerMarginMs, deadline), timeoutMs), bytesMax, mayRead, turn, deadline);
      } finally {
        await committing;
      }
    });
  }

  /** Next offsets; undefined: everything that has been handed out. Throws `conflict` if the partitions belong to another member by now. */
  async commit(offsets: OffsetsByTopic | undefined, deadline: Deadline): Promise<OffsetsByTopic> {
    return this.#turn(true, deadline, async (turn) => {
      await this.#holding.opensWithin(deadline, turn);
      const nextOffsets = offsets ?? toCommit(this.#holding.places.all(), ({ position }) => position);
      await this.#holding.commit(nextOffsets, deadline);
      return nextOffsets;
    });
  }

  /** What the group has committed, of these partitions, or of all that the instance holds. */
  async committed(names: readonly PartitionName[] | undefined, deadline: Deadline): Promise<OffsetsByTopic> {
    const asked = names ?? (await this.assignment(deadline));
    this.#usedMs = this.#world.now();
    return fetchCommitted(this.#world.kafka, this.groupId, byTopicOf(asked), deadline);
  }

  /** Commits, if the instance does so by itself, and leaves its group. Also a busy instance is closed. */
  async close(why: EndOfInstance, deadline: Deadline): Promise<void> {
    if (this.#holding.isClosed) return;
    this.#holding.isClosed = true;
    this.#holding.wake();
    const upTo = why === "expired" ? "reached" : "position";
    const half = sooner(deadline, deadline.leftMs() / 2);
    await this.#turns.take(true, half, () => this.#holding.leave(upTo, half)).catch(this.hear);
    await this.#holding.subscription?.leave(deadline);
  }

  async #turn<T>(isUrgent: boolean, deadline: Deadline, act: (turn: Turn) => Promise<T>): Promise<T> {
    this.#running++;
    try {
      return await this.#turns.take(isUrgent, keeping(answerMarginMs, deadline), (turn) => {
        if (this.#holding.isClosed) throw instanceNotFound(this.groupId, this.id);
        return act(turn);
      });
    } finally {
      this.#running--;
      this.#usedMs = this.#world.now();
    }
  }

  async #collect(
    patience: Deadline,
    bytesMax: number,
    mayRead: (topic: string) => void,
    turn: Turn,
    deadline: Deadline,
  ): Promise<readonly string[]> {
    const { kafka } = this.#world;
    if (!(await this.#holding.opens(patience, turn))) {
      const trouble = this.#holding.subscription?.trouble;
      if (trouble !== undefined && !trouble.failure.isRetriable) throw trouble;
      return [];
    }
    const assignment = this.#holding.subscription?.assignment;
    const isHeld = () => this.#holding.isAssigned || assignment?.isCurrent() === true;
    for (const topic of byTopicOf(this.#holding.places.all()).keys()) mayRead(topic);
    const collected = startCollecting(this.#holding.places.all());
    if (collected.moved.length === 0) {
      while (patience.leftMs() > 0 && !turn.isWanted() && isHeld()) await this.#holding.change(Math.min(sliceMs, patience.leftMs()));
      return [];
    }
    const bytesWanted = Math.min(Math.max(1, this.options.bytesMin), bytesMax);
    let isGoingOn = true;
    do {
      isGoingOn = await collectMore(kafka, this.options, collected, bytesMax, patience.leftMs(), deadline);
    } while (
      isGoingOn &&
      isHeld() &&
      !this.#holding.isClosed &&
      patience.leftMs() > 0 &&
      !turn.isWanted() &&
      (collected.texts.length === 0 || collected.bytes < bytesWanted)
    );
    if (!isHeld()) return []; // the group has given them to another member, who returns them
    // A commit that ran beside the read has been noted at the places as they were.
    for (const place of collected.moved) place.committed = this.#holding.places.get(place)?.committed;
    this.#holding.places.replace(collected.moved);
    if (collected.last !== undefined) this.#holding.places.readLast(collected.last);
    return collected.texts;
  }
}

export function instanceNotFound(groupId: string, id: string): RelayError {
  return new RelayError(
    "consumer-not-found",
    `Group ${JSON.stringify(groupId.slice(0, 300))} has no consumer instance ${JSON.stringify(id.slice(0, 300))} in this process. It was deleted, has expired, or lives in another process: create it again.`,
  );
}
