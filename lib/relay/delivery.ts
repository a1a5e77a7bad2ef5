/** What passes between the relay and a target: deliveries go in, in order, and each comes back with what became of it. */
import type { Deadline } from "../deadline.js";
import type { RelayError } from "../errors.js";
import type { Kafka } from "../kafka/port.js";
import type { KafkaRecord, RecordHeader } from "../kafka/records.js";

/** What a transform made of a record; without one, the record's own bytes. */
export interface Message {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];
  /** Milliseconds since the epoch. */
  readonly timestampMs: number;
  /**
   * The value as a document where the transform gave one or the value is JSON. Undefined: it is not JSON. For users' code: JavaScript's own values, whose numbers
   * are doubles. Throws `record-undecodable` where the JSON is nested too deep to be read.
   */
  readonly document: () => unknown;
  /** The key where a schema decoded it, its numbers exact. Absent: the key is its bytes. */
  readonly keyDocument?: () => unknown;
  /** The same as `document`, and a number that a double does not hold is a NumberText: what identifies or carries data is taken from here. */
  readonly exactDocument: () => unknown;
}

export interface Delivery {
  /** Stable over retries, repeats and redrives: CloudEvents source and id, else namespace, topic (with its generation, from 1 on), partition and offset; with `#n` where a transform made several. */
  readonly id: string;
  readonly message: Message;
  /** The record it came from, at its original coordinates also after a redrive. */
  readonly source: KafkaRecord;
  /** Which topic of that name it lay in: 0 for the first, raised on the route when the topic is created again. */
  readonly generation: number;
  /** Which attempt of this invocation is under way, from 1. A batch that was given back starts again at 1. */
  readonly attempt: number;
  /**
   * What stands at "value.a.b", "key", "key.a", "headers.name", "topic", "partition", "offset" or "timestamp", as text: numbers with all their digits, objects as
   * JSON. Undefined where nothing or null stands there. For topics, addresses and headers that a function makes of the record.
   */
  readonly textAt: (path: string) => string | undefined;
}

export type DeliveryOutcome = { readonly verdict: "delivered" } | { readonly verdict: "failed"; readonly error: RelayError };

/**
 * Where deliveries go. `deliver` answers one outcome for each delivery, in order, and never throws for a reason that lies in a delivery or in the target.
 * It makes one attempt (retries, backoff and the breaker are the relay's) and ends by the deadline. An outcome of "failed" carries blame:
 * `record` is dead-lettered at once, `target` is retried and then given back, `us` is given back.
 */
export interface Target {
  /** "topic", "webhook", "sql", ...: for logs, metrics and dead letters. */
  readonly kind: string;
  /** Where it leads, without a secret: a topic name, an address without its query, a table. One breaker is kept per name. */
  readonly name: string;
  /** How many deliveries of one order lane it takes at once; 1 where each needs its own answer before the next may go. */
  readonly deliveriesMax: number;
  /**
   * True: of what one call takes, everything that has an order at the target is held behind a failure there (same partition, group or key), so what is reported
   * as delivered behind a failed delivery need not follow it. Absent: in an ordered lane it does not count, and is delivered again once its turn has come.
   */
  readonly keepsOrder?: boolean;
  readonly deliver: (deliveries: readonly Delivery[], deadline: Deadline) => Promise<readonly DeliveryOutcome[]>;
  readonly close: () => Promise<void>;
}

/** What a target needs when it is opened; all of it lazy, so that a function loads and connects only what its route uses. */
export interface TargetContext {
  /** The cluster that the route reads from. */
  readonly kafka: () => Kafka;
  /** The value behind `env:NAME`, `arn:aws:secretsmanager:...` or plain text; cached, read again after `refresh`. */
  readonly secret: (reference: string, options?: { readonly refresh?: boolean }) => Promise<string>;
  /** May a webhook go to loopback and private addresses though its route does not say so? True on the laptop by choice alone. */
  readonly allowPrivateAddresses: boolean;
  readonly region: string | undefined;
}

/** By which schema a target's records are written. */
export interface TargetPartEncode {
  readonly subject: string;
  readonly type: "AVRO" | "JSON" | "PROTOBUF";
  readonly schema?: string | undefined;
  readonly id?: number | undefined;
  readonly version?: number | undefined;
  readonly message?: string | undefined;
  readonly logical: boolean;
}

export interface TargetEncode {
  readonly value: TargetPartEncode;
  readonly key?: TargetPartEncode;
}

/** What a route names as its target: data until it is opened. `topic({...})`, `webhook({...})`, `sql({...})` make one. */
export interface TargetDefinition {
  readonly kind: string;
  readonly name: string;
  /** Every option as given, without a secret, for `routes explain`. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Absent: it takes a message's bytes as they are. */
  readonly encode?: TargetEncode;
  /** It delivers a record's bytes and never looks inside, so they are not decoded for its sake. */
  readonly relaysBytes?: boolean;
  readonly open: (context: TargetContext) => Target | Promise<Target>;
}
