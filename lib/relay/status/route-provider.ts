/** What knows the routes: the process that runs them, or one that can ask it. `GET /routes` returns what it knows. */
import { didYouMean } from "../../closest-name.js";
import type { Config } from "../../config.js";
import type { Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import type { Kafka } from "../../kafka/port.js";
import type { KafkaRecord } from "../../kafka/records.js";
import type { RouteDescription } from "./route-description.js";
import type { RouteActivity } from "./route-journal.js";
import type { TriedRecord } from "./try-record.js";

/** A partition as the host's trigger reports it; offsets fit into a number as long as Lambda's event can hold them. */
interface SourcePartition {
  readonly partition: number;
  readonly committed: number | null;
  readonly end: number;
  readonly lag: number;
  /** Fetched, and not with the route yet. */
  readonly waiting: number;
  readonly isWithFunction: boolean;
  readonly failure: { readonly code: string; readonly message: string; readonly since: string } | null;
}

/** A topic that a route reads. */
export interface RouteSource {
  readonly topic: string;
  /** Null: unknown here. */
  readonly group: string | null;
  readonly isEnabled: boolean;
  readonly batchSize: number | null;
  readonly windowMs: number | null;
  readonly startingPosition: string | null;
  /** What the mapping does; null: unknown here. */
  readonly state: string | null;
  /** Those that this host reads; null: unknown here. */
  readonly partitions: readonly SourcePartition[] | null;
}

export interface KnownRoute {
  readonly name: string;
  /** Null: it cannot be described, and `fault` says why. */
  readonly description: RouteDescription | null;
  readonly fault: { readonly code: string; readonly message: string } | null;
  readonly sources: readonly RouteSource[];
  /** Null: nothing is known of what it does. */
  readonly activity: RouteActivity | null;
}

export interface ProviderContext {
  readonly config: Config;
  readonly kafka: () => Kafka;
  readonly deadline: Deadline;
}

export interface RouteProvider {
  readonly list: (context: ProviderContext) => Promise<readonly KnownRoute[]>;
  /** Throws `not-found` for a route that does not exist, as `tryRecord` does. */
  readonly find: (route: string, context: ProviderContext) => Promise<KnownRoute>;
  readonly tryRecord: (route: string, record: KafkaRecord, context: ProviderContext) => Promise<TriedRecord>;
}

export function noSuchRoute(name: string, names: readonly string[]): RelayError {
  return new RelayError("not-found", `Route ${JSON.stringify(name.slice(0, 200))} does not exist.${didYouMean(name, names)}`);
}
