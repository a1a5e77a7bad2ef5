/** What passes between a source and the system it reads: items come in, in lanes that keep an order, and each goes back with what became of it. */
import type { Config } from "../config.js";
import type { Deadline } from "../deadline.js";
import type { RelayError } from "../errors.js";
import type { HttpOptions } from "../http/environment.js";
import type { Operations } from "../http/operation.js";
import type { Kafka } from "../kafka/port.js";
import type { RecordHeader } from "../kafka/records.js";
import type { Order } from "../relay/route.js";
import type { ReadSecret } from "../secrets.js";

/** One record as the other system has it. */
export interface SourceItem {
  /** The same whenever the system delivers it again: a message id, a shard and a sequence number, an object's version and a position. */
  readonly id: string;
  readonly key: Buffer | null;
  /** Null becomes a tombstone. */
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];
  /** Milliseconds since the epoch. */
  readonly timestampMs: number;
  /** Why it cannot be written at all: it becomes a dead letter without being looked at. */
  readonly refusal?: RelayError;
  /** What the item is as a CloudEvent, for the envelope "cloudevents". */
  readonly about: ItemAbout;
}

interface ItemAbout {
  /** Where it comes from, as a URI reference without spaces. */
  readonly source: string;
  readonly type: string;
  readonly subject?: string;
  readonly contentType?: string;
  /** The event's data, where it is not the item's value. */
  readonly data?: Buffer;
}

/** Items that follow each other. Items of different lanes have no order between them. */
export type SourceLane = readonly SourceItem[];

/**
 * What became of one item: acknowledged by Kafka, not wanted by the filter or the transform, acknowledged by the dead letter topic, or none of these. Only the last
 * one is an unsettled item: its source must keep it.
 */
export type ItemResult =
  | { readonly verdict: "delivered" | "filtered" | "dead-lettered" }
  | { readonly verdict: "given-back"; readonly error: RelayError };

/** Takes items through the filter, the transform, Kafka and the dead letters. Results stand in the places of their items. Never throws for an item's sake. */
export type Pass = (lanes: readonly SourceLane[], deadline: Deadline) => Promise<readonly (readonly ItemResult[])[]>;

/** What an invocation has at hand. */
export interface SourceContext {
  /** The source's name: the first part of delivery ids. */
  readonly name: string;
  readonly pass: Pass;
  /** The end of the function's time, less the source's margin. */
  readonly deadline: Deadline;
  readonly secret: ReadSecret;
  readonly config: Config;
  readonly now: () => number;
  readonly log: (level: "info" | "warn" | "error", message: string, fields?: Readonly<Record<string, string | number>>) => void;
}

/** A source as an HTTP call reaches it: the host brings the cluster and the time. */
interface CallContext {
  readonly kafka: Kafka;
  readonly config: Config;
  readonly deadline: Deadline;
}

/** What `from` names: data until it is bound to its source. `webhooks({...})`, `sqsQueue({...})`, `outbox({...})` make one. */
export interface SourceOrigin {
  readonly kind: string;
  /** Where it reads, without a secret: a queue, a table, a path. */
  readonly name: string;
  /** Every option as given, without a secret, for `sources explain`. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What an item that waits holds: the later ones of its lane, those of its lane with its key, or nothing. */
  readonly order: Order;
  /** The largest record that it brings: the dead letter topic has room for it. */
  readonly recordBytesMax: number;
  /** How long an invocation tries to reach Kafka, where the source does not say it. */
  readonly retryDeadlineMs: number;
  /** Set: its sender also calls `GET /sources/{name}`, and asks whether the address is ours. */
  readonly asksByGet?: boolean;
  readonly bind: (source: BoundSource) => BoundOrigin;
}

/** What a bound origin may use of its source. */
export interface BoundSource {
  readonly name: string;
  /** What a host of HTTP calls takes, where a test or a program brings its own. */
  readonly http: HttpOptions;
  /** For a call over HTTP, with the cluster of its host. */
  readonly contextOfCall: (call: CallContext) => SourceContext;
  /** For an event of Lambda. */
  readonly contextOfEvent: (invocation: { readonly getRemainingTimeInMillis: () => number } | undefined) => SourceContext;
}

export interface BoundOrigin {
  /** Lambda's event in, Lambda's answer out. Throws where the event is not one of this kind, or where nothing else keeps an item that Kafka has not acknowledged. */
  readonly handle: (event: unknown, invocation: unknown) => Promise<unknown>;
  /** The calls that it answers, for every host that serves the API. */
  readonly operations?: Operations;
  /** Ends what was opened. */
  readonly close?: () => Promise<void>;
}
