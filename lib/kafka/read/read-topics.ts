/**
 * What a reader knows of topics. One broker alone may be late, freshly started or thawed: a topic or partition that was there is gone only when several answers
 * say so for a while. The producer has the same rule.
 */
import type { Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import { type Pauses, realWorld, repeat, type TimeAndChance } from "../ask.js";
import type { KnowsTopics, TopicMetadata } from "../metadata.js";

export interface ReadTopics {
  /**
   * A topic with the partitions named, from memory where it has them all; asked for again where not, since they may be new. What was never there fails at once:
   * `topic-not-found` is thrown, and missing partitions are left to the caller.
   */
  readonly topic: (name: string, partitions: readonly number[] | "all", deadline: Deadline) => Promise<TopicMetadata>;
}

const missingAnswersMin = 3;
const missingForMs = 250;
const pauses: Pauses = { firstMs: 100, maxMs: 200 };
const knownMax = 10_000;

export function createReadTopics({ metadata }: KnowsTopics, now: () => number = Date.now, world: TimeAndChance = realWorld): ReadTopics {
  const known = new Map<string, { readonly topicId: string | undefined; readonly partitionsCount: number }>();

  function learn({ name, topicId, partitions }: TopicMetadata): void {
    const before = known.get(name);
    if (before !== undefined && before.topicId === topicId && before.partitionsCount >= partitions.length) return;
    if (known.size >= knownMax) known.clear();
    known.set(name, { topicId, partitionsCount: partitions.length });
  }

  /** Does the answer lack what this very topic has had? */
  function isMaybeLate(name: string, partitions: readonly number[] | "all", answer: TopicMetadata | RelayError): boolean {
    const before = known.get(name);
    if (before === undefined) return false;
    if (answer instanceof RelayError) return answer.code === "topic-not-found";
    if (answer.topicId !== before.topicId) return false;
    if (partitions === "all") return answer.partitions.length < before.partitionsCount;
    return partitions.some((partition) => partition < before.partitionsCount && !hasAll(answer, [partition]));
  }

  async function ask(name: string, partitions: readonly number[] | "all", deadline: Deadline): Promise<TopicMetadata> {
    const sinceMs = now();
    const isOver = (answer: TopicMetadata | RelayError, number: number): boolean =>
      !isMaybeLate(name, partitions, answer) || (number >= missingAnswersMin && now() - sinceMs >= missingForMs);
    try {
      const topic = await repeat(() => metadata.topic(name, deadline, { ageMaxMs: 0 }), isOver, pauses, deadline, world);
      if (isMaybeLate(name, partitions, topic)) known.delete(name); // believed by now
      learn(topic);
      return topic;
    } catch (error) {
      if (error instanceof RelayError && error.code === "topic-not-found") known.delete(name);
      throw error;
    }
  }

  return {
    topic: async (name, partitions, deadline) => {
      const remembered = partitions === "all" ? undefined : await fromMemory(name, deadline);
      if (remembered === undefined || partitions === "all" || !hasAll(remembered, partitions)) return ask(name, partitions, deadline);
      learn(remembered);
      return remembered;
    },
  };

  /** Undefined: a topic that was there is unknown to the broker that was asked. */
  async function fromMemory(name: string, deadline: Deadline): Promise<TopicMetadata | undefined> {
    try {
      return await metadata.topic(name, deadline);
    } catch (error) {
      if (error instanceof RelayError && isMaybeLate(name, [], error)) return undefined;
      throw error;
    }
  }
}

function hasAll(topic: TopicMetadata, partitions: readonly number[]): boolean {
  return partitions.every((partition) => topic.partitions.some((one) => one.partition === partition));
}
