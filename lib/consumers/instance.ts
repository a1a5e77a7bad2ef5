/**
 * One consumer instance: a member of a group, or a reader of assigned partitions, that hands out records call by call. Its calls run one after the other. What it has
 * handed out may be committed once the client has come back for more, so that a client that vanishes loses nothing.
 */
import { createDeadline, type Deadline, keeping, sooner } from "../deadline.js";
import { RelayError, toRelayError } from "../errors.js";
import type { EndOfAssignment, GroupAssignment } from "../kafka/membership/membership.js";
import { commitOffsets, fetchCommitted, noMember, type OffsetsByTopic } from "../kafka/membership/membership-offsets.js";
import type { Kafka } from "../kafka/port.js";
import type { ConsumerLimits, InstanceOptions } from "./options.js";
import { assertPartitions, byName } from "./partition-names.js";
import { byTopicOf, markCommitted, type PartitionName, type Place, Places, toCommit } from "./places.js";
import { collectMore, type ReadRequest, sliceMs, startCollecting } from "./reading.js";
import { resetPlaces, startingPlaces } from "./starting-points.js";
import { type SubscribedTo, Subscription } from "./subscription.js";
import { createCallTurns, type Turn, type Turns } from "./turns.js";

/** How long a call waits for the group to give it partitions, and for their starting points. */
const assignmentWaitMs = 10_000;
const openingTimeoutMs = 10_000;
/** Kept of a call's time, to answer in. */
const answerMarginMs = 1_000;

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
  readonly #places = new Places();
  #before: readonly Place[] = [];
  #subscription: Subscription | undefined;
  #isAssigned = false;
  #opening: Promise<RelayError | undefined> = Promise.resolve(undefined);
  #opened: GroupAssignment | undefined;
  #refreshedMs = 0;
  #isClosed = false;
  #wake: () => void = () => {};
  #running = 0;
  #usedMs: number;

  constructor(groupId: string, id: string, options: InstanceOptions, world: InstanceWorld) {
    this.groupId = groupId;
    this.id = id;
    this.options = options;
    this.#world = world;
    this.#turns = createCallTurns(JSON.stringify(id), world.limits.callsWaitingMax);
    this.#usedMs = world.now();
  }

  /** A failure that no caller waits for. */
  readonly hear = (thrown: unknown): void => this.#world.onTrouble(toRelayError(thrown));

  isIdle(): boolean {
    return this.#running === 0 && this.#world.now() - this.#usedMs >= this.#world.limits.idleTimeoutMs;
  }

  /** Topics that are subscribed to now; none without a subscription. */
  subscription(): readonly string[] {
    this.#usedMs = this.#world.now();
    return this.#subscription?.topics ?? [];
  }

  async subscribe(to: SubscribedTo, deadline: Deadline): Promise<void> {
    await this.#turn(true, deadline, async () => {
      if (this.#isAssigned)
        throw illegal("Partitions are assigned to this instance. DELETE its subscription first, or create another instance.");
      await this.#leave("position", deadline);
      if (to.by === "names" && to.topics.length === 0) return;
      this.#subscription = this.#subscriptionTo(to);
      await this.#refresh(deadline).catch((error: unknown) => {
        this.#subscription = undefined; // it has joined nothing
        throw error;
      });
    });
  }

  async unsubscribe(deadline: Deadline): Promise<void> {
    await this.#turn(true, deadline, () => this.#leave("position", deadline));
  }

  async assign(names: readonly PartitionName[], deadline: Deadline): Promise<void> {
    await this.#turn(true, deadline, async () => {
      if (this.#subscription !== undefined)
        throw illegal("This instance is subscribed to topics. DELETE its subscription first, or create another instance.");
      await assertPartitions(this.#world.kafka, names, deadline);
      if (this.options.isAutoCommit) await this.#commitPlaces("position", deadline);
      const committed = await fetchCommitted(this.#world.kafka, this.groupId, byTopicOf(names), deadline);
      this.#places.replace(await startingPlaces(this.#world.kafka, names, committed, this.options.offsetReset, deadline));
      this.#isAssigned = names.length > 0;
    });
  }

  /** Partitions that the instance reads now. While its group gives it none yet, it waits a little. */
  async assignment(deadline: Deadline): Promise<readonly PartitionName[]> {
    const isOpen = this.#isAssigned || (this.#opened !== undefined && this.#opened === this.#subscription?.assignment);
    // Nobody needs to wait for a read to know it.
    if (!isOpen) await this.#turn(true, deadline, (turn) => this.#opensWithin(deadline, turn));
    this.#usedMs = this.#world.now();
    return this.#places
      .all()
      .map(({ topic, partition }) => ({ topic, partition }))
      .sort(byName);
  }

  async seek(to: readonly (PartitionName & { readonly offset: bigint })[], deadline: Deadline): Promise<void> {
    await this.#turn(true, deadline, async (turn) => {
      await this.#opensWithin(deadline, turn);
      const places = to.map((one) => [this.#held(one), one.offset] as const);
      for (const [place, offset] of places) Object.assign(place, { position: offset, lastEpoch: undefined });
    });
  }

  /** At the first record at or after a time (ms), or to an end. No partition named: all that the instance holds. */
  async seekTo(to: readonly (PartitionName & { readonly at: "earliest" | "latest" | bigint })[], deadline: Deadline): Promise<void> {
    await this.#turn(true, deadline, async (turn) => {
      await this.#opensWithin(deadline, turn);
      for (const one of to) this.#held(one);
      for (const at of new Set(to.map((one) => one.at))) {
        const names = to.filter((one) => one.at === at);
        for (const { topic, partition, position } of await resetPlaces(this.#world.kafka, names, at, deadline))
          Object.assign(this.#held({ topic, partition }), { position, lastEpoch: undefined });
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
      if (this.#subscription === undefined && !this.#isAssigned)
        throw illegal("This instance is not subscribed to any topic and has no partitions assigned.");
      this.#places.markReached();
      const committing = this.options.isAutoCommit ? this.#commitPlaces("reached", deadline).catch(this.hear) : undefined;
      try {
        if (this.#isPatternOld()) await this.#refresh(deadline);
        return await this.#collect(sooner(keeping(answerMarginMs, deadline), timeoutMs), bytesMax, mayRead, turn, deadline);
      } finally {
        await committing;
      }
    });
  }

  /** Next offsets; undefined: everything that has been handed out. Throws `conflict` if the partitions belong to another member by now. */
  async commit(offsets: OffsetsByTopic | undefined, deadline: Deadline): Promise<OffsetsByTopic> {
    return this.#turn(true, deadline, async (turn) => {
      await this.#opensWithin(deadline, turn);
      const nextOffsets = offsets ?? toCommit(this.#places.all(), ({ position }) => position);
      await this.#commit(nextOffsets, deadline);
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
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#wake();
    const upTo = why === "expired" ? "reached" : "position";
    const half = sooner(deadline, deadline.leftMs() / 2);
    await this.#turns.take(true, half, () => this.#leave(upTo, half)).catch(this.hear);
    await this.#subscription?.leave(deadline);
  }

  async #turn<T>(isUrgent: boolean, deadline: Deadline, act: (turn: Turn) => Promise<T>): Promise<T> {
    this.#running++;
    try {
      return await this.#turns.take(isUrgent, keeping(answerMarginMs, deadline), (turn) => {
        if (this.#isClosed) throw instanceNotFound(this.groupId, this.id);
        return act(turn);
      });
    } finally {
      this.#running--;
      this.#usedMs = this.#world.now();
    }
  }

  #held(name: PartitionName): Place {
    const place = this.#places.get(name);
    if (place !== undefined) return place;
    throw illegal(
      `Partition ${name.partition} of topic ${JSON.stringify(name.topic)} is not assigned to this instance now. GET its assignments to see those that are.`,
    );
  }

  #subscriptionTo(to: SubscribedTo): Subscription {
    const { kafka, limits } = this.#world;
    const subscription: Subscription = new Subscription(kafka, to, {
      groupId: this.groupId,
      sessionTimeoutMs: limits.sessionTimeoutMs,
      onAssigned: (assignment) => {
        if (this.#subscription === subscription) this.#open(assignment);
      },
      onRevoked: (assignment, why, deadline) => {
        this.#wake();
        return this.#turns.take(true, deadline, async () => {
          if (this.#subscription === subscription) await this.#giveUp(assignment, why, "reached", deadline);
        });
      },
    });
    return subscription;
  }

  #isPatternOld(): boolean {
    const { now, limits } = this.#world;
    return this.#subscription?.to.by === "pattern" && now() - this.#refreshedMs >= limits.patternAgeMaxMs;
  }

  async #refresh(deadline: Deadline): Promise<void> {
    this.#refreshedMs = this.#world.now();
    await this.#subscription?.refresh(deadline, async (assignment) => {
      await this.#giveUp(assignment, "leaving", "reached", deadline);
    });
  }

  async #leave(upTo: "position" | "reached", deadline: Deadline): Promise<void> {
    const subscription = this.#subscription;
    const assignment = subscription?.assignment;
    if (subscription === undefined && this.options.isAutoCommit) await this.#commitPlaces(upTo, deadline).catch(this.hear);
    await this.#giveUp(assignment, "leaving", upTo, deadline);
    this.#before = [];
    this.#subscription = undefined;
    this.#isAssigned = false;
    await subscription?.leave(deadline);
  }

  /** Commits what may be, and holds nothing any more. What was held is kept in mind: it may come back. */
  async #giveUp(
    assignment: GroupAssignment | undefined,
    why: EndOfAssignment,
    upTo: "position" | "reached",
    deadline: Deadline,
  ): Promise<void> {
    await this.#opening;
    if (assignment !== undefined && why !== "lost" && this.options.isAutoCommit) {
      const offsets = toCommit(this.#places.all(), (place) => place[upTo]);
      await assignment.commit(offsets, deadline).then(() => markCommitted(this.#places, offsets), this.hear);
    }
    this.#opened = undefined;
    const held = this.#places.replace([]);
    if (held.length > 0) this.#before = held;
  }

  /** Finds where to start in what the group has given. */
  #open(assignment: GroupAssignment): void {
    const { kafka } = this.#world;
    const open = async (): Promise<undefined> => {
      const deadline = createDeadline(openingTimeoutMs);
      const names = [...assignment.byTopic].flatMap(([topic, ofTopic]) => ofTopic.map((partition) => ({ topic, partition })));
      const committed = await assignment.committed(deadline);
      const places = await startingPlaces(kafka, names, committed, this.options.offsetReset, deadline);
      if (!assignment.isCurrent()) return;
      this.#places.replace(places.map((place) => this.#goneOn(place)));
      this.#opened = assignment;
    };
    this.#opening = open()
      .catch(toRelayError)
      .finally(() => this.#wake());
  }

  /** A partition that comes back, and of which nobody else has committed anything meanwhile, goes on where this client stands. */
  #goneOn(place: Place): Place {
    const before = this.#before.find(({ topic, partition }) => topic === place.topic && partition === place.partition);
    const isSame = before !== undefined && before.committed === place.committed;
    return isSame ? { ...before } : place;
  }

  /** Are there partitions to read? Waits until the deadline, or until another call wants its turn. */
  async #opens(deadline: Deadline, turn: Turn): Promise<boolean> {
    for (;;) {
      if (this.#isAssigned) return true;
      const assignment = this.#subscription?.assignment;
      if (assignment !== undefined) {
        const failure = await this.#opening;
        if (failure !== undefined && !failure.failure.isRetriable) throw failure;
        if (this.#opened === assignment && assignment.isCurrent()) return true;
        if (failure !== undefined && assignment.isCurrent()) this.#open(assignment);
      }
      if (this.#subscription === undefined || deadline.leftMs() <= 0 || turn.isWanted() || this.#isClosed) return false;
      await this.#change(Math.min(sliceMs, deadline.leftMs()));
    }
  }

  /** For calls that need the group's partitions, which come a moment after subscribing. */
  async #opensWithin(deadline: Deadline, turn: Turn): Promise<void> {
    const isEmpty = this.#subscription !== undefined && this.#subscription.topics.length === 0;
    if (!isEmpty) await this.#opens(sooner(keeping(answerMarginMs, deadline), assignmentWaitMs), { ...turn, isWanted: () => false });
  }

  /** Resolves when something may have changed, or after a moment. */
  #change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #collect(
    patience: Deadline,
    bytesMax: number,
    mayRead: (topic: string) => void,
    turn: Turn,
    deadline: Deadline,
  ): Promise<readonly string[]> {
    const { kafka } = this.#world;
    if (!(await this.#opens(patience, turn))) {
      const trouble = this.#subscription?.trouble;
      if (trouble !== undefined && !trouble.failure.isRetriable) throw trouble;
      return [];
    }
    const assignment = this.#subscription?.assignment;
    const isHeld = () => this.#isAssigned || assignment?.isCurrent() === true;
    for (const topic of byTopicOf(this.#places.all()).keys()) mayRead(topic);
    const collected = startCollecting(this.#places.all());
    if (collected.moved.length === 0) {
      while (patience.leftMs() > 0 && !turn.isWanted() && isHeld()) await this.#change(Math.min(sliceMs, patience.leftMs()));
      return [];
    }
    const bytesWanted = Math.min(Math.max(1, this.options.bytesMin), bytesMax);
    let isGoingOn = true;
    do {
      isGoingOn = await collectMore(kafka, this.options, collected, bytesMax, patience.leftMs(), deadline);
    } while (
      isGoingOn &&
      isHeld() &&
      !this.#isClosed &&
      patience.leftMs() > 0 &&
      !turn.isWanted() &&
      (collected.texts.length === 0 || collected.bytes < bytesWanted)
    );
    if (!isHeld()) return []; // the group has given them to another member, who returns them
    // A commit that ran beside the read has been noted at the places as they were.
    for (const place of collected.moved) place.committed = this.#places.get(place)?.committed;
    this.#places.replace(collected.moved);
    if (collected.last !== undefined) this.#places.readLast(collected.last);
    return collected.texts;
  }

  async #commitPlaces(upTo: "position" | "reached", deadline: Deadline): Promise<void> {
    await this.#commit(
      toCommit(this.#places.all(), (place) => place[upTo]),
      deadline,
    );
  }

  async #commit(offsets: OffsetsByTopic, deadline: Deadline): Promise<void> {
    if (offsets.size === 0) return;
    const { kafka } = this.#world;
    if (this.#subscription === undefined) await commitOffsets(kafka, { groupId: this.groupId, ...noMember }, offsets, deadline);
    else {
      const { assignment } = this.#subscription;
      if (assignment === undefined)
        throw new RelayError(
          "conflict",
          "The group is rebalancing, so nothing was committed. Read again, and commit what is returned then.",
        );
      await assignment.commit(offsets, deadline);
    }
    markCommitted(this.#places, offsets);
  }
}

const illegal = (message: string): RelayError => new RelayError("consumer-state", message);

export function instanceNotFound(groupId: string, id: string): RelayError {
  return new RelayError(
    "consumer-not-found",
    `Group ${JSON.stringify(groupId.slice(0, 300))} has no consumer instance ${JSON.stringify(id.slice(0, 300))} in this process. It was deleted, has expired, or lives in another process: create it again.`,
  );
}
