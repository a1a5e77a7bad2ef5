/**
 * What a consumer instance holds: its subscription or assignment, the partitions that it reads, and how far it is in each. Opens what the group gives, commits what was
 * handed out, and gives partitions up.
 */
import { createDeadline, type Deadline, keeping, sooner } from "../deadline.js";
import { RelayError, toRelayError } from "../errors.js";
import type { EndOfAssignment, GroupAssignment } from "../kafka/membership/membership.js";
import { commitOffsets, noMember, type OffsetsByTopic } from "../kafka/membership/membership-offsets.js";
import type { Kafka } from "../kafka/port.js";
import type { ConsumerLimits, InstanceOptions } from "./options.js";
import { markCommitted, type PartitionName, type Place, Places, toCommit } from "./places.js";
import { sliceMs } from "./reading.js";
import { startingPlaces } from "./starting-points.js";
import { type SubscribedTo, Subscription } from "./subscription.js";
import { answerMarginMs, type Turn, type Turns } from "./turns.js";

/** How long a call waits for the group to give it partitions, and for their starting points. */
const assignmentWaitMs = 10_000;
const openingTimeoutMs = 10_000;

interface HoldingWorld {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly options: InstanceOptions;
  readonly limits: ConsumerLimits;
  readonly turns: Turns;
  readonly now: () => number;
  /** Hears of failures that no caller waits for. */
  readonly hear: (thrown: unknown) => void;
}

export class Holding {
  readonly places = new Places();
  subscription: Subscription | undefined;
  isAssigned = false;
  isClosed = false;
  readonly #world: HoldingWorld;
  #before: readonly Place[] = [];
  #opening: Promise<RelayError | undefined> = Promise.resolve(undefined);
  #opened: GroupAssignment | undefined;
  #refreshedMs = 0;
  #wake: () => void = () => {};

  constructor(world: HoldingWorld) {
    this.#world = world;
  }

  /** Whether the partitions are known, without waiting. */
  get isOpen(): boolean {
    return this.isAssigned || (this.#opened !== undefined && this.#opened === this.subscription?.assignment);
  }

  /** Ends the wait for a change. */
  wake(): void {
    this.#wake();
  }

  held(name: PartitionName): Place {
    const place = this.places.get(name);
    if (place !== undefined) return place;
    throw illegal(
      `Partition ${name.partition} of topic ${JSON.stringify(name.topic)} is not assigned to this instance now. GET its assignments to see those that are.`,
    );
  }

  subscriptionTo(to: SubscribedTo): Subscription {
    const { kafka, limits } = this.#world;
    const subscription: Subscription = new Subscription(kafka, to, {
      groupId: this.#world.groupId,
      sessionTimeoutMs: limits.sessionTimeoutMs,
      onAssigned: (assignment) => {
        if (this.subscription === subscription) this.#open(assignment);
      },
      onRevoked: (assignment, why, deadline) => {
        this.#wake();
        return this.#world.turns.take(true, deadline, async () => {
          if (this.subscription === subscription) await this.#giveUp(assignment, why, "reached", deadline);
        });
      },
    });
    return subscription;
  }

  isPatternOld(): boolean {
    const { now, limits } = this.#world;
    return this.subscription?.to.by === "pattern" && now() - this.#refreshedMs >= limits.patternAgeMaxMs;
  }

  async refresh(deadline: Deadline): Promise<void> {
    this.#refreshedMs = this.#world.now();
    await this.subscription?.refresh(deadline, async (assignment) => {
      await this.#giveUp(assignment, "leaving", "reached", deadline);
    });
  }

  async leave(upTo: "position" | "reached", deadline: Deadline): Promise<void> {
    const subscription = this.subscription;
    const assignment = subscription?.assignment;
    if (subscription === undefined && this.#world.options.isAutoCommit) await this.commitPlaces(upTo, deadline).catch(this.#world.hear);
    await this.#giveUp(assignment, "leaving", upTo, deadline);
    this.#before = [];
    this.subscription = undefined;
    this.isAssigned = false;
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
    if (assignment !== undefined && why !== "lost" && this.#world.options.isAutoCommit) {
      const offsets = toCommit(this.places.all(), (place) => place[upTo]);
      await assignment.commit(offsets, deadline).then(() => markCommitted(this.places, offsets), this.#world.hear);
    }
    this.#opened = undefined;
    const held = this.places.replace([]);
    if (held.length > 0) this.#before = held;
  }

  /** Finds where to start in what the group has given. */
  #open(assignment: GroupAssignment): void {
    const { kafka } = this.#world;
    const open = async (): Promise<undefined> => {
      const deadline = createDeadline(openingTimeoutMs);
      const names = [...assignment.byTopic].flatMap(([topic, ofTopic]) => ofTopic.map((partition) => ({ topic, partition })));
      const committed = await assignment.committed(deadline);
      const places = await startingPlaces(kafka, names, committed, this.#world.options.offsetReset, deadline);
      if (!assignment.isCurrent()) return;
      this.places.replace(places.map((place) => this.#goneOn(place)));
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
  async opens(deadline: Deadline, turn: Turn): Promise<boolean> {
    for (;;) {
      if (this.isAssigned) return true;
      const assignment = this.subscription?.assignment;
      if (assignment !== undefined) {
        const failure = await this.#opening;
        if (failure !== undefined && !failure.failure.isRetriable) throw failure;
        if (this.#opened === assignment && assignment.isCurrent()) return true;
        if (failure !== undefined && assignment.isCurrent()) this.#open(assignment);
      }
      if (this.subscription === undefined || deadline.leftMs() <= 0 || turn.isWanted() || this.isClosed) return false;
      await this.change(Math.min(sliceMs, deadline.leftMs()));
    }
  }

  /** For calls that need the group's partitions, which come a moment after subscribing. */
  async opensWithin(deadline: Deadline, turn: Turn): Promise<void> {
    const isEmpty = this.subscription !== undefined && this.subscription.topics.length === 0;
    if (!isEmpty) await this.opens(sooner(keeping(answerMarginMs, deadline), assignmentWaitMs), { ...turn, isWanted: () => false });
  }

  /** Resolves when something may have changed, or after a moment. */
  change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async commitPlaces(upTo: "position" | "reached", deadline: Deadline): Promise<void> {
    await this.commit(
      toCommit(this.places.all(), (place) => place[upTo]),
      deadline,
    );
  }

  async commit(offsets: OffsetsByTopic, deadline: Deadline): Promise<void> {
    if (offsets.size === 0) return;
    const { kafka } = this.#world;
    if (this.subscription === undefined) await commitOffsets(kafka, { groupId: this.#world.groupId, ...noMember }, offsets, deadline);
    else {
      const { assignment } = this.subscription;
      if (assignment === undefined)
        throw new RelayError(
          "conflict",
          "The group is rebalancing, so nothing was committed. Read again, and commit what is returned then.",
        );
      await assignment.commit(offsets, deadline);
    }
    markCommitted(this.places, offsets);
  }
}

export const illegal = (message: string): RelayError => new RelayError("consumer-state", message);
