/**
 * An event source mapping on this machine: a member of a consumer group that hands batches of a topic to a function, by the rules of AWS Lambda, and commits what is
 * settled. Knows neither serverless nor workers: `invoke` is an argument.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { createDeadline, type Deadline, within } from "../../../lib/deadline.js";
import { toRelayError } from "../../../lib/errors.js";
import { type Assignment, type EndOfAssignment, joinGroup, type Membership } from "../../../lib/kafka/membership/membership.js";
import type { Mapping } from "./mapping.js";
import { createInvocations, noCounts } from "./poll/invocations.js";
import { Poller, type SharedByPollers } from "./poll/poller.js";
import { createTroubles } from "./poll/troubles.js";
import { stateAfter, type TriggerChange, type TriggerState } from "./trigger-state.js";
import type { TriggerStatus } from "./trigger-status.js";
import type { TriggerWorld } from "./trigger-world.js";

export interface Trigger {
  readonly status: () => TriggerStatus;
  /** Lets what is with the function end, commits, and leaves the group, within the time. */
  readonly stop: (limitMs: number) => Promise<void>;
}

/** AWS's pollers notice an added topic within such a time. */
const topicCheckMs = 1_000;
/** The least that brokers accept by default: after a kill the group waits so long before the next start gets the partitions. */
const sessionTimeoutMs = 6_000;

export function startTrigger(mapping: Mapping, world: TriggerWorld): Trigger {
  const trigger = new RunningTrigger(mapping, world);
  return { status: () => trigger.status(), stop: (limitMs) => trigger.stop(limitMs) };
}

class RunningTrigger {
  readonly #mapping: Mapping;
  readonly #world: TriggerWorld;
  readonly #shared: SharedByPollers;
  readonly #stopping = new AbortController();
  readonly #joining: Promise<Membership | undefined>;
  #state: TriggerState = "waiting for the topic";
  #poller: Poller | undefined;

  constructor(mapping: Mapping, world: TriggerWorld) {
    const counts = { ...noCounts };
    this.#mapping = mapping;
    this.#world = world;
    this.#shared = {
      ...{ mapping, world, counts, now: world.now ?? Date.now },
      invocations: createInvocations(mapping, world, counts),
      troubles: createTroubles(world.warn),
      handed: new Map(),
      stopping: this.#stopping.signal,
      present: () => this.#poller,
      onPolling: () => this.#change("polling began"),
    };
    this.#joining = this.#join().catch((thrown: unknown) => {
      this.#shared.troubles.began(toRelayError(thrown));
      return undefined;
    });
  }

  status(): TriggerStatus {
    const { topic, consumerGroupId, batchSize, windowMs, startingPosition } = this.#mapping;
    return {
      ...{ state: this.#state, topic, consumerGroupId, batchSize, windowMs, startingPosition: startingPosition.kind },
      partitions: this.#poller?.partitionStatuses() ?? [],
      counts: { ...this.#shared.counts },
    };
  }

  async stop(limitMs: number): Promise<void> {
    const deadline = createDeadline(limitMs);
    this.#change("stop requested");
    this.#stopping.abort();
    const membership = await within(deadline, this.#joining, () => undefined);
    if (membership !== undefined) await within(deadline, membership.leave(deadline), () => undefined);
    this.#change("group left");
  }

  #change(change: TriggerChange): void {
    this.#state = stateAfter(this.#state, change);
  }

  /** Undefined: stopped before the topic was found. */
  async #join(): Promise<Membership | undefined> {
    if (!(await this.#isTopicFound())) return undefined;
    this.#change("topic found");
    const { rebalanceTimeoutMs } = this.#world;
    return joinGroup(this.#world.kafka, {
      groupId: this.#mapping.consumerGroupId,
      topic: this.#mapping.topic,
      sessionTimeoutMs,
      ...(rebalanceTimeoutMs === undefined ? {} : { rebalanceTimeoutMs }),
      onAssigned: (assignment) => this.#assigned(assignment),
      onRevoked: (assignment, why, deadline) => this.#revoked(assignment, why, deadline),
      onTrouble: (error) => this.#shared.troubles.began(error),
    });
  }

  /** Waits for the topic until it exists, or the mapping stops. */
  async #isTopicFound(): Promise<boolean> {
    const { troubles } = this.#shared;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#world.kafka.metadata.topic(this.#mapping.topic, createDeadline(sessionTimeoutMs), { ageMaxMs: 0 });
        troubles.ended();
        return true;
      } catch (thrown) {
        troubles.began(toRelayError(thrown));
      }
      await sleep(topicCheckMs, undefined, { signal }).catch(() => {});
    }
    return false;
  }

  #assigned(assignment: Assignment): void {
    this.#poller = new Poller(assignment, this.#shared);
    void this.#poller.begin();
  }

  async #revoked(assignment: Assignment, why: EndOfAssignment, deadline: Deadline): Promise<void> {
    const poller = this.#poller;
    if (poller === undefined || poller.assignment !== assignment) return;
    await poller.revoke(why, deadline);
    if (this.#poller !== poller) return;
    this.#poller = undefined;
    this.#change("assignment ended");
  }
}
