/** What a relay route is: `defineRoute` types it, checks it at start-up and fills in what was left out. */
import { RelayError } from "../errors.js";
import type { KafkaRecord } from "../kafka/records.js";
import type { EventMatcher } from "../patterns/compile.js";
import type { EventPattern, PatternMember } from "../patterns/event-pattern.js";
import type { TargetDefinition } from "./delivery.js";
import type { JsonataTransform } from "./jsonata.js";
import { compileRouteFilter, fieldsOf } from "./route/filter.js";
import { checkRouteOptions } from "./route/options.js";
import type { Transform } from "./route/transform.js";
import { checkDecode, type DecodeSettings, type SchemaSetting } from "./schema.js";

/** What must be kept in order: every record of a partition, of a key, or nothing. */
export type Order = "partition" | "key" | "none";

/** How a failing target is asked again inside one invocation; never past the time the function has left. */
export interface RetryPolicy {
  /** Attempts per record, including the first; 20. Waits that the target named itself (Retry-After) use none up. */
  readonly attemptsMax: number;
  /** The first wait is a random part of this (200), the next of twice as much, up to `delayMaxMs` (10,000). */
  readonly firstDelayMs: number;
  readonly delayMaxMs: number;
  /** From a record's first attempt; 60,000. */
  readonly deadlineMs: number;
  /** The longest wait that a target may ask for (Retry-After); 300,000. After it one attempt is made, whatever the target said. */
  readonly retryAfterMaxMs: number;
}

export interface BreakerPolicy {
  /** So many attempts in a row that failed for the target's sake stop all attempts for `openMs`; then one probe goes. */
  readonly failuresInRowMax: number;
  readonly openMs: number;
  /** So many records in a row that were dead-lettered look like a fault of the route or the target: stop, and give back. */
  readonly deadLettersInRowMax: number;
}

/** Matched against the document of a record; fields are joined by and. */
export interface RouteFilter {
  readonly key?: readonly PatternMember[] | EventPattern;
  readonly value?: readonly PatternMember[] | EventPattern;
  readonly headers?: EventPattern;
  readonly topic?: readonly PatternMember[];
  readonly partition?: readonly PatternMember[];
  readonly offset?: readonly PatternMember[];
  readonly timestamp?: readonly PatternMember[];
  readonly ce?: EventPattern;
  readonly $or?: readonly [RouteFilter, RouteFilter, ...RouteFilter[]];
}

/** What the route makes of one record, for `routes test`: the expected message, several, or none because it is filtered. */
export interface RouteExample {
  readonly name: string;
  readonly input: {
    readonly key?: string | null;
    /** Text is taken as it is, null is a tombstone, anything else is written as JSON. */
    readonly value: unknown;
    readonly headers?: Readonly<Record<string, string | null>>;
    readonly topic?: string;
    readonly partition?: number;
    readonly offset?: number;
    readonly timestamp?: number;
  };
  readonly expected: "filtered" | "refused" | ExpectedMessage | readonly ExpectedMessage[];
}

/** Only what is named is compared; `value` as JSON where the message is JSON, as text otherwise. */
export interface ExpectedMessage {
  readonly key?: string | null;
  readonly value?: unknown;
  readonly headers?: Readonly<Record<string, string | null>>;
}

export interface RouteDefinition<Value = unknown> {
  /** As the file and the function are called; named in dead letters, logs and metrics. */
  readonly name: string;
  /**
   * How keys and values are decoded that name a schema of the configured registry; filters, transforms and columns then see what was decoded. Absent:
   * `schema()` where a registry is configured. false: never.
   */
  readonly decode?: SchemaSetting<DecodeSettings> | false;
  /** Absent: every record matches. */
  readonly filter?: RouteFilter;
  /** Absent: the record goes on as it is, byte for byte. */
  readonly transform?: Transform<Value> | JsonataTransform;
  readonly target: TargetDefinition;
  /** Default: partition. */
  readonly order?: Order;
  /** Attempts under way at once, as far as the order allows; 64 where absent. */
  readonly concurrencyMax?: number;
  readonly retry?: Partial<RetryPolicy>;
  /** What becomes of a record whose target still fails after the policy. Default: give-back, so that it is delivered again. */
  readonly afterRetries?: "give-back" | "dead-letter";
  readonly breaker?: Partial<BreakerPolicy>;
  readonly deadLetters?: {
    /** Default: `<topic>.dead-letters`, created when first needed. */
    readonly topic?: string;
    /** The topic's `retention.ms` when the relay creates it. Default: -1, so that dead letters stay until somebody deletes them. */
    readonly retentionMs?: number;
  };
  /** Kept free of the function's time for dead letters and the answer; 1,500 where absent. */
  readonly timeLeftMarginMs?: number;
  /** How long a transform may take before it fails the record; 10,000 where absent. */
  readonly transformTimeoutMs?: number;
  /** Tells the same coordinates of two clusters apart in delivery ids; RELAY_NAMESPACE where absent. */
  readonly namespace?: string;
  /**
   * Tells a topic from the one that had its name before: raise it when the topic is deleted and created again, so that its records pass for new ones where a target
   * knows repeats. Part of delivery ids, of the names and ids made of them, and of the columns that guard rows; 0 where absent.
   */
  readonly generation?: number;
  readonly examples?: readonly RouteExample[];
}

/** A route as the relay runs it: checked, compiled and complete. */
export interface Route {
  readonly name: string;
  /** Undefined: where a registry is configured, by the defaults. */
  readonly decode: DecodeSettings | false | undefined;
  /** Somebody looks inside its records: a filter, a transform or the target. */
  readonly looksInside: boolean;
  readonly filter: RouteFilter | undefined;
  readonly matches: EventMatcher | undefined;
  /** The fields of the document that the filter looks at. */
  readonly filterFields: ReadonlySet<string>;
  readonly transform: Transform<never> | JsonataTransform | undefined;
  readonly target: TargetDefinition;
  readonly order: Order;
  readonly concurrencyMax: number;
  readonly retry: RetryPolicy;
  readonly afterRetries: "give-back" | "dead-letter";
  readonly breaker: BreakerPolicy;
  readonly deadLetterTopic: string | undefined;
  /** -1: without end. */
  readonly deadLetterRetentionMs: number;
  readonly timeLeftMarginMs: number;
  readonly transformTimeoutMs: number;
  readonly namespace: string | undefined;
  readonly generation: number;
  readonly examples: readonly RouteExample[];
  /** The delivery id of a record that brings its own: those of a source. Undefined for a record without one. */
  readonly deliveryIdOf?: (record: KafkaRecord) => string | undefined;
  /** The largest record, where no topic says it: of a source. */
  readonly recordBytesMax?: number;
}

/**
 * Checks a route and completes it. Throws `bad-configuration` that names every invalid option and its place, so that a wrong route fails when the
 * function starts and never at a record.
 */
export function defineRoute<Value = unknown>(definition: RouteDefinition<Value>): Route {
  const { name, order, concurrencyMax, retry, afterRetries, breaker, deadLetters, timeLeftMarginMs, transformTimeoutMs, namespace } =
    checkRouteOptions(definition);
  const { filter, transform, target, examples = [] } = definition;
  const filterFields = new Set(filter === undefined ? [] : fieldsOf(filter));
  return Object.freeze({
    name,
    decode: decodeOf(definition),
    looksInside: transform !== undefined || target.relaysBytes !== true || filterFields.has("value") || filterFields.has("key"),
    filter,
    matches: filter === undefined ? undefined : compileRouteFilter(filter, name),
    filterFields,
    transform: transform as Route["transform"],
    target,
    order,
    concurrencyMax,
    retry,
    afterRetries,
    breaker,
    deadLetterTopic: deadLetters.topic,
    deadLetterRetentionMs: deadLetters.retentionMs ?? -1,
    timeLeftMarginMs,
    transformTimeoutMs,
    namespace,
    generation: generationOf(definition),
    examples,
  });
}

function decodeOf({ name, decode }: Pick<RouteDefinition, "name" | "decode">): Route["decode"] {
  if (decode === undefined || decode === false) return decode;
  try {
    return checkDecode(decode).settings;
  } catch (thrown) {
    throw new RelayError("bad-configuration", `The route ${JSON.stringify(name)}:\n  ${(thrown as Error).message}`, { cause: thrown });
  }
}

/** Targets for tables accept `generation` too, as they did before routes had it. */
function generationOf({ generation, target }: Pick<RouteDefinition, "generation" | "target">): number {
  const ofTarget = target.options?.generation as number | undefined;
  if (generation !== undefined && ofTarget !== undefined && generation !== ofTarget) {
    throw new RelayError(
      "bad-configuration",
      `generation: the route has ${generation}, but its target has ${ofTarget}. Set it only on the route.`,
    );
  }
  return generation ?? ofTarget ?? 0;
}
