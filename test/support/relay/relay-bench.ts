/** A relay on the bench: records, a target that answers as told, a dead letter store in memory, and time that passes by itself. */
import { createDeadline } from "../../../lib/deadline.js";
import { type FailureCode, RelayError, type RelayErrorDetails } from "../../../lib/errors.js";
import type { KafkaRecord } from "../../../lib/kafka/records.js";
import { relayBatch } from "../../../lib/relay/batch/batch.js";
import { Breaker } from "../../../lib/relay/batch/breaker.js";
import type { Entry } from "../../../lib/relay/batch/entry.js";
import type { DeadLetters } from "../../../lib/relay/batch/parts.js";
import type { Delivery, DeliveryOutcome, TargetDefinition } from "../../../lib/relay/delivery.js";
import { defineRoute, type RouteDefinition } from "../../../lib/relay/route.js";
import { createVirtualClock, type VirtualClock } from "../../../lib/testing/virtual-clock.js";

export function record(given: Partial<KafkaRecord> & { readonly json?: unknown; readonly text?: string } = {}): KafkaRecord {
  const { json, text, ...own } = given;
  const value = json === undefined ? Buffer.from(text ?? "{}") : Buffer.from(JSON.stringify(json));
  return {
    topic: "orders",
    partition: 0,
    offset: 0n,
    timestampMs: 1_700_000_000_000,
    timestampType: "CREATE_TIME",
    key: null,
    value,
    headers: [],
    ...own,
  };
}

/** So many records of a partition, numbered in their value, from offset 0 on. */
export function records(count: number, own: (index: number) => Partial<KafkaRecord> = () => ({})): readonly KafkaRecord[] {
  return Array.from({ length: count }, (_, index) => record({ offset: BigInt(index), json: { n: index }, ...own(index) }));
}

export const delivered: DeliveryOutcome = { verdict: "delivered" };
export function failed(code: FailureCode, details: RelayErrorDetails = {}): DeliveryOutcome {
  return { verdict: "failed", error: new RelayError(code, `the target says ${code}`, details) };
}

type Answer = (delivery: Delivery, call: number, nowMs: number) => DeliveryOutcome | Promise<DeliveryOutcome>;

/** A target definition that never goes anywhere, for routes whose target does not matter. */
export const nowhere: TargetDefinition = {
  kind: "test",
  name: "nowhere",
  options: {},
  open: () => ({
    kind: "test",
    name: "nowhere",
    deliveriesMax: 1,
    deliver: async (deliveries) => deliveries.map(() => delivered),
    close: async () => {},
  }),
};

interface BenchOptions {
  readonly deliveriesMax?: number;
  readonly keepsOrder?: boolean;
  readonly timeLeftMs?: number;
  readonly clock?: VirtualClock;
  readonly breaker?: Breaker;
  readonly random?: () => number;
  /** Why the dead letter topic does not take an entry. */
  readonly deadLetterRefusal?: (entry: Entry) => RelayError | undefined;
}

interface BenchRun {
  readonly entries: readonly Entry[];
  /** What reached the target and was answered for, in order: `<partition>/<offset>`. */
  readonly delivered: readonly string[];
  /** Every attempt, in order. */
  readonly attempts: readonly { readonly at: string; readonly ms: number }[];
  readonly deadLetters: readonly Entry[];
  readonly verdicts: readonly string[];
  readonly tookMs: number;
}

const nameOf = ({ partition, offset }: KafkaRecord): string => `${partition}/${offset}`;

export async function run<Value>(
  definition: Omit<RouteDefinition<Value>, "name" | "target">,
  partitions: readonly (readonly KafkaRecord[])[],
  answer: Answer,
  options: BenchOptions = {},
): Promise<BenchRun> {
  const { deliveriesMax = 1, timeLeftMs = 60_000, clock = createVirtualClock(), random = () => 0.5 } = options;
  const route = defineRoute<Value>({ name: "test", target: nowhere, ...definition });
  const startedMs = clock.now();
  const attempts: { at: string; ms: number }[] = [];
  const taken: string[] = [];
  const dead: Entry[] = [];
  let call = 0;
  const deadLetters: DeadLetters = {
    write: async (entries) =>
      entries.map((entry) => {
        const refusal = options.deadLetterRefusal?.(entry);
        if (refusal === undefined) dead.push(entry);
        return refusal;
      }),
  };
  const entries = await clock.runUntil(
    relayBatch(
      partitions.map((list) => ({ id: `${list[0]?.topic}-${list[0]?.partition}`, records: list })),
      {
        route,
        target: {
          kind: "test",
          name: "bench",
          deliveriesMax,
          keepsOrder: options.keepsOrder ?? false,
          close: async () => {},
          deliver: (deliveries) =>
            Promise.all(
              deliveries.map(async (delivery) => {
                attempts.push({ at: nameOf(delivery.source), ms: clock.now() - startedMs });
                const outcome = await answer(delivery, call++, clock.now() - startedMs);
                if (outcome.verdict === "delivered") taken.push(nameOf(delivery.source));
                return outcome;
              }),
            ),
        },
        deadLetters,
        breaker: options.breaker ?? new Breaker(route.breaker),
        clock,
        random,
        deadline: createDeadline(timeLeftMs, clock.now),
        namespace: "test",
      },
    ),
  );
  return {
    entries,
    delivered: taken,
    attempts,
    deadLetters: dead,
    verdicts: entries.map(({ verdict }) => String(verdict)),
    tookMs: clock.now() - startedMs,
  };
}
