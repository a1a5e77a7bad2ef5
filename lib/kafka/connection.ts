/** Our words for talking to brokers: one `request` that sends everything. `lib/kafka/kafkajs/` carries the bytes. */
import type { Deadline } from "../deadline.js";

/** Which broker is asked. "any" rotates over the brokers known and never starts with the one that just timed out. */
export type Destination = "any" | "controller" | { readonly nodeId: number } | { readonly coordinatorOf: string };

/**
 * One API of the protocol (https://kafka.apache.org/protocol). Its answers carry every topic's and partition's own error code: decoding never throws for one.
 */
export interface Api<Args, Answer> {
  readonly name: string;
  readonly key: number;
  /** The versions we speak, both inclusive; the highest that the broker speaks too is used. */
  readonly versions: readonly [min: number, max: number];
  /**
   * The first version with tagged fields (KIP-482), absent where we speak none: from it on the connection writes the request header's empty tag section
   * (header 2) before the body and skips the answer's (header 1), so that `encode` and `decode` see bodies alone.
   */
  readonly flexibleFrom?: number;
  /** The request tells the broker how long it may take over a change: until it answers, or the deadline, its silence is expected. */
  readonly mayTakeLong?: true;
  /** The body of the request, without its header, in `version`. */
  readonly encode: (version: number, args: Args) => Buffer | Promise<Buffer>;
  readonly decode: (version: number, body: Buffer) => Answer | Promise<Answer>;
}

/** What most verbs need of a cluster. */
export interface AsksBrokers {
  readonly connection: Connection;
}

/** For requests that a broker may hold until their deadline. */
export interface OpensConnections {
  /** A connection with sockets of its own: a broker answers one request after the other on a socket. The caller that opens it closes it. */
  readonly openConnection: () => Connection;
}

export interface Connection {
  /**
   * Sends one request and returns what the broker answered, error codes included. Waits for a throttle time that this broker asked for earlier; ends by the deadline.
   * Throws `kafka-unreachable` (nothing was sent), `maybe-written` (sent, and no answer came: what it asked for may have happened), `deadline-exceeded`,
   * `too-many-requests` (the throttle would pass the deadline; nothing was sent), `kafka-unauthenticated`, `unsupported-by-broker`.
   * A connection that timed out is closed. Nothing is retried here.
   */
  readonly request: <Args, Answer>(api: Api<Args, Answer>, args: Args, to: Destination, deadline: Deadline) => Promise<Answer>;
  /** The highest version of an API that this broker and `versions` share, or undefined where there is none. */
  readonly versionOf: (
    api: Pick<Api<unknown, unknown>, "key" | "versions">,
    to: Destination,
    deadline: Deadline,
  ) => Promise<number | undefined>;
  readonly close: () => Promise<void>;
}
