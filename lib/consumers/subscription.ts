/** The group membership of one instance: the topics that it has joined with, and the partitions that the group gives it now. */
import type { Deadline } from "../deadline.js";
import type { RelayError } from "../errors.js";
import { type EndOfAssignment, type GroupAssignment, joinTopics, type Membership } from "../kafka/membership/membership.js";
import type { Kafka } from "../kafka/port.js";
import { isInternalTopic } from "../kafka/topic-name.js";
import { topicsLike } from "./topic-pattern.js";

export type SubscribedTo =
  | { readonly by: "names"; readonly topics: readonly string[] }
  /** Of all topics that the subscriber may read. */
  | { readonly by: "pattern"; readonly pattern: RegExp; readonly mayRead: (topic: string) => boolean };

interface SubscriptionOptions {
  readonly groupId: string;
  readonly sessionTimeoutMs: number;
  /** The partitions have come, or gone. Before they go there is time to commit. */
  readonly onAssigned: (assignment: GroupAssignment) => void;
  readonly onRevoked: (assignment: GroupAssignment, why: EndOfAssignment, deadline: Deadline) => Promise<void>;
}

export class Subscription {
  readonly #kafka: Kafka;
  readonly #options: SubscriptionOptions;
  readonly to: SubscribedTo;
  #topics: readonly string[] = [];
  #membership: Membership | undefined;
  #assignment: GroupAssignment | undefined;
  #trouble: RelayError | undefined;
  #end: () => void = () => {};
  #ended: Promise<void> = Promise.resolve();

  constructor(kafka: Kafka, to: SubscribedTo, options: SubscriptionOptions) {
    this.#kafka = kafka;
    this.to = to;
    this.#options = options;
  }

  get topics(): readonly string[] {
    return this.#topics;
  }

  /** What the group gives this instance now; undefined while it joins or rebalances. */
  get assignment(): GroupAssignment | undefined {
    return this.#assignment?.isCurrent() === true ? this.#assignment : undefined;
  }

  /** Why it is not a member, where it has been refused. */
  get trouble(): RelayError | undefined {
    return this.#trouble;
  }

  /**
   * Joins with the topics there are now; if there are others than before, it leaves first, after `giveUp`, and joins again. A pattern without any topic joins
   * nothing.
   */
  async refresh(deadline: Deadline, giveUp: (assignment: GroupAssignment | undefined) => Promise<void>): Promise<void> {
    const topics = await this.#topicsNow(deadline);
    if (this.#membership !== undefined && topics.join() === this.#topics.join()) return;
    if (this.#membership !== undefined) {
      await giveUp(this.assignment);
      await this.leave(deadline);
    }
    this.#topics = topics;
    if (topics.length > 0) this.#join(topics);
  }

  async leave(deadline: Deadline): Promise<void> {
    const membership = this.#membership;
    this.#membership = undefined;
    this.#assignment = undefined;
    this.#end();
    await membership?.leave(deadline);
  }

  async #topicsNow(deadline: Deadline): Promise<readonly string[]> {
    const { to } = this;
    if (to.by === "names") return [...new Set(to.topics)].sort();
    const { topics } = await this.#kafka.metadata.describe("all", deadline);
    const readable = [...topics.keys()].filter((name) => !isInternalTopic(name) && to.mayRead(name));
    return topicsLike(to.pattern, readable.sort());
  }

  #join(topics: readonly string[]): void {
    const { groupId, sessionTimeoutMs, onAssigned, onRevoked } = this.#options;
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    const ended = this.#ended;
    let isLeft = false;
    void ended.then(() => {
      isLeft = true;
    });
    this.#membership = joinTopics(this.#kafka, {
      groupId,
      topics,
      sessionTimeoutMs,
      onAssigned: (assignment) => {
        if (isLeft) return;
        this.#trouble = undefined;
        this.#assignment = assignment;
        onAssigned(assignment);
      },
      // A member that leaves has committed what there was to commit, and waits for nothing more.
      onRevoked: async (assignment, why, deadline) => {
        if (!isLeft) await Promise.race([ended, onRevoked(assignment, why, deadline)]);
      },
      onTrouble: (error) => {
        this.#trouble = error;
      },
    });
  }
}
