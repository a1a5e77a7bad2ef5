/** All consumer instances of this process: created up to a limit, found by group and name, expired when nobody calls them, closed with the process. */
import { randomUUID } from "node:crypto";
import { createDeadline, type Deadline } from "../deadline.js";
import { RelayError } from "../errors.js";
import type { Kafka } from "../kafka/port.js";
import { ConsumerInstance, type EndOfInstance, instanceNotFound } from "./instance.js";
import { type ConsumerLimits, consumerLimits, type InstanceOptions } from "./options.js";

export interface ConsumersOptions {
  /** Those that differ from `consumerLimits`. */
  readonly limits?: Partial<ConsumerLimits>;
  /** Milliseconds; by default the process's clock. */
  readonly now?: () => number;
  /** How often idle instances are looked for. */
  readonly sweepMs?: number;
  readonly onTrouble?: (error: RelayError) => void;
  /** Whether an instance with this name may live in this process, for names of our own. Absent: any may. */
  readonly isOwn?: (groupId: string, id: string) => boolean;
}

export interface Consumers {
  /** Absent: a name of our own. Throws `consumer-exists`, and `consumers-full` at the limit. */
  readonly create: (kafka: Kafka, groupId: string, name: string | undefined, options: InstanceOptions) => ConsumerInstance;
  /** Throws `consumer-not-found`. */
  readonly find: (groupId: string, id: string) => ConsumerInstance;
  readonly remove: (groupId: string, id: string, deadline: Deadline) => Promise<void>;
  readonly count: () => number;
  /** Closes them all: they commit, if they do so by themselves, and leave their groups. No more can be created. */
  readonly close: (deadline: Deadline) => Promise<void>;
}

const sweepDefaultMs = 5_000;
const expiryTimeoutMs = 20_000;
const keyOf = (groupId: string, id: string): string => `${groupId}\n${id}`;

/** Of as many processes as a host has, one in a few names is right. */
const namesTriedMax = 10_000;

function ownName(isRight: (id: string) => boolean): string {
  for (let tried = 1; ; tried++) {
    const id = `rest-consumer-${randomUUID()}`;
    if (isRight(id) || tried === namesTriedMax) return id;
  }
}

export function createConsumers({
  limits,
  now = Date.now,
  sweepMs = sweepDefaultMs,
  onTrouble = () => {},
  isOwn = () => true,
}: ConsumersOptions = {}): Consumers {
  const all = { ...consumerLimits, ...limits };
  const instances = new Map<string, ConsumerInstance>();
  let sweeper: NodeJS.Timeout | undefined;
  let isClosed = false;

  const end = async (instance: ConsumerInstance, why: EndOfInstance, deadline: Deadline): Promise<void> => {
    instances.delete(keyOf(instance.groupId, instance.id));
    if (instances.size === 0) {
      clearInterval(sweeper);
      sweeper = undefined;
    }
    await instance.close(why, deadline);
  };
  const sweep = (): void => {
    for (const instance of instances.values()) if (instance.isIdle()) void end(instance, "expired", createDeadline(expiryTimeoutMs));
  };
  const find = (groupId: string, id: string): ConsumerInstance => {
    const instance = instances.get(keyOf(groupId, id));
    if (instance === undefined) throw instanceNotFound(groupId, id);
    return instance;
  };

  return {
    create: (kafka, groupId, name, options) => {
      const id = name ?? ownName((one) => isOwn(groupId, one));
      const key = keyOf(groupId, id);
      if (instances.has(key))
        throw new RelayError(
          "consumer-exists",
          `Group ${JSON.stringify(groupId)} already has a consumer instance ${JSON.stringify(id)}. DELETE it, or choose another name.`,
        );
      if (isClosed || instances.size >= all.instancesMax) {
        const why = isClosed
          ? "This process is shutting down"
          : `This process already has ${instances.size} consumer instances, which is its limit`;
        throw new RelayError("consumers-full", `${why}. Try again later.`, { retryAfterMs: 5_000 });
      }
      const instance = new ConsumerInstance(groupId, id, options, { kafka, limits: all, now, onTrouble });
      instances.set(key, instance);
      sweeper ??= setInterval(sweep, sweepMs).unref();
      return instance;
    },
    find,
    remove: async (groupId, id, deadline) => end(find(groupId, id), "deleted", deadline),
    count: () => instances.size,
    close: async (deadline) => {
      isClosed = true;
      await Promise.all([...instances.values()].map((instance) => end(instance, "drained", deadline)));
    },
  };
}
