/** Sending a batch to SQS, SNS or EventBridge: calls of ten that each answer entry by entry; a call that fails as a whole holds what follows it. */
import type { Deadline } from "../deadline.js";
import { RelayError } from "../errors.js";
import type { Delivery, DeliveryOutcome } from "../relay/delivery.js";
import { awsFailureCode, failedByAws } from "./aws.js";
import { delivered, endsCall, failed, failedByRecord, isRecordFault } from "./outcome.js";
import { toCalls } from "./queue-message.js";

/** What the service said of one entry: nothing where it took it. */
export interface EntryRefusal {
  readonly code: string;
  readonly isSenderFault: boolean;
}

export interface EntryCalls<Entry extends { readonly bytes: number }> {
  /** For messages: the queue, topic or bus. */
  readonly name: string;
  readonly entriesMax: number;
  readonly bytesMax: number;
  /** Throws `record-not-for-target` where a delivery cannot be one. */
  readonly toEntry: (delivery: Delivery) => Entry;
  /**
   * Of FIFO: what is kept in order. A call then has one entry per group, because the service refuses entries one by one and takes the others: a second one of the
   * group would stand before the first, and could not be sent again behind it under the same deduplication id.
   */
  readonly groupOf?: (entry: Entry) => string | undefined;
  /** One refusal or undefined an entry, in order. */
  readonly send: (entries: readonly Entry[], leftMs: number) => Promise<readonly (EntryRefusal | undefined)[]>;
}

/** A call that is refused as a whole for what is in it is sent again entry by entry, so that one entry does not condemn ten. */
export async function deliverByCalls<Entry extends { readonly bytes: number }>(
  deliveries: readonly Delivery[],
  deadline: Deadline,
  calls: EntryCalls<Entry>,
): Promise<readonly DeliveryOutcome[]> {
  const outcomes = new Map<Delivery, DeliveryOutcome>();
  const items: { readonly delivery: Delivery; readonly entry: Entry; readonly bytes: number; readonly group: string | undefined }[] = [];
  for (const delivery of deliveries) {
    try {
      const entry = calls.toEntry(delivery);
      items.push({ delivery, entry, bytes: entry.bytes, group: calls.groupOf?.(entry) });
    } catch (thrown) {
      outcomes.set(delivery, failedByRecord(thrown));
    }
  }
  const attempt = async (some: typeof items): Promise<readonly DeliveryOutcome[]> => {
    try {
      const refusals = await calls.send(
        some.map(({ entry }) => entry),
        deadline.leftMs(),
      );
      return some.map((_, index) => toOutcome(refusals[index], calls.name));
    } catch (thrown) {
      const outcome = failedByAws(thrown, calls.name);
      return some.map(() => outcome);
    }
  };

  let stopped: DeliveryOutcome | undefined;
  for (const call of toCalls(items, calls.entriesMax, calls.bytesMax)) {
    const results: DeliveryOutcome[] = [];
    if (stopped === undefined) {
      results.push(...(await attempt([...call])));
      const isAllRefused = call.length > 1 && results.every((each) => each === results[0] && isRecordFault(each));
      if (isAllRefused) {
        results.length = 0;
        for (const item of call) {
          const held = results.find(endsCall);
          results.push(...(held === undefined ? await attempt([item]) : [held]));
        }
      }
    }
    for (const [index, { delivery }] of call.entries()) outcomes.set(delivery, results[index] ?? (stopped as DeliveryOutcome));
    stopped ??= results.find(endsCall);
  }
  return deliveries.map((delivery) => outcomes.get(delivery) as DeliveryOutcome);
}

/** What SQS and SNS answer to a batch whose entries have their index as `Id`. */
interface BatchAnswer {
  readonly Successful?: readonly { readonly Id?: string | undefined }[] | undefined;
  readonly Failed?:
    | readonly { readonly Id?: string | undefined; readonly Code?: string | undefined; readonly SenderFault?: boolean | undefined }[]
    | undefined;
}

/** By entry, in order; one that the answer does not name was not taken. */
export function refusalsOf(entriesCount: number, { Successful, Failed }: BatchAnswer): readonly (EntryRefusal | undefined)[] {
  const taken = new Set(Successful?.map(({ Id }) => Id));
  return Array.from({ length: entriesCount }, (_, index) => {
    const id = String(index);
    if (taken.has(id)) return undefined;
    const refusal = Failed?.find(({ Id }) => Id === id);
    return { code: refusal?.Code ?? "NotAnswered", isSenderFault: refusal?.SenderFault ?? false };
  });
}

function toOutcome(refusal: EntryRefusal | undefined, name: string): DeliveryOutcome {
  if (refusal === undefined) return delivered;
  const code = awsFailureCode(refusal.code, refusal.isSenderFault ? 400 : 500);
  return failed(code, `${name} refused an entry: ${refusal.code}.`, { targetAnswer: refusal.code });
}

/** `bad-configuration` where a name is not what the service calls its things. */
export function assertNamed(pattern: RegExp, name: string, what: string): void {
  if (!pattern.test(name)) throw new RelayError("bad-configuration", `${JSON.stringify(name)} is not ${what}.`);
}
