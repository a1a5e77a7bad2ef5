/**
 * One factory for targets that accept entries in calls of ten and report on each entry: SQS, SNS and EventBridge. Each of them says how a delivery becomes an entry
 * and how a call is sent; everything else is here.
 */
import type { Delivery, TargetContext, TargetDefinition } from "../relay/delivery.js";
import { type AwsOptions, callTimeoutMs, lazily } from "./aws.js";
import { deliverByCalls, type EntryRefusal } from "./queue-calls.js";
import { callBytesMax, entriesMax } from "./queue-message.js";

/** Calls per attempt: the relay gives a target this many entries at once. */
const callsMax = 10;

export interface QueueKind<Client, Entry extends { readonly bytes: number }> {
  readonly kind: string;
  /** The queue, topic or bus, for messages. */
  readonly name: string;
  readonly options: AwsOptions;
  /** Throws `record-not-for-target` where a delivery cannot be an entry. */
  readonly toEntry: (delivery: Delivery) => Entry;
  readonly createClient: (context: TargetContext) => Promise<Client>;
  /** One refusal or undefined per entry, in order. */
  readonly send: (client: Client, entries: readonly Entry[], abortSignal: AbortSignal) => Promise<readonly (EntryRefusal | undefined)[]>;
  /** For FIFO: what the service keeps in order. A call then has at most one entry per group. */
  readonly groupOf?: ((entry: Entry) => string | undefined) | undefined;
}

export function queueTarget<Client extends { readonly destroy: () => void }, Entry extends { readonly bytes: number }>(
  queue: QueueKind<Client, Entry>,
): TargetDefinition {
  const { kind, name, options, toEntry, groupOf } = queue;
  const limits = { name, entriesMax, bytesMax: callBytesMax, toEntry, ...(groupOf === undefined ? {} : { groupOf }) };
  return {
    kind,
    name,
    options: { ...options },
    open: (context) => {
      const client = lazily(
        () => queue.createClient(context),
        (made) => made.destroy(),
      );
      const send = async (entries: readonly Entry[], leftMs: number) =>
        queue.send(await client.get(), entries, AbortSignal.timeout(callTimeoutMs(options, leftMs)));
      return {
        kind,
        name,
        deliveriesMax: callsMax * entriesMax,
        keepsOrder: groupOf !== undefined,
        deliver: (deliveries, deadline) => deliverByCalls(deliveries, deadline, { ...limits, send }),
        close: client.forget,
      };
    },
  };
}
