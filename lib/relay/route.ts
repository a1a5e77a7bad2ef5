/** What a relay route is: `defineRoute` types it, checks it at start-up and fills in what was left out. */
import * as v from "valibot";
import { didYouMean } from "../closest-name.js";
import { RelayError } from "../errors.js";
import { isTopicName } from "../kafka/topic-name.js";
import { compilePattern, type EventMatcher } from "../patterns/compile.js";
import type { EventPattern, PatternMember } from "../patterns/event-pattern.js";
import type { TargetDefinition } from "./delivery.js";
import type { JsonataTransform } from "./jsonata.js";
import { documentFields } from "./route/document.js";
import type { Transform } from "./route/transform.js";

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
}

const whole = (min: number, max: number) => v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));
const topicName = v.pipe(v.string(), v.check(isTopicName, "is not a valid topic name"));
const retention = v.pipe(
  v.number(),
  v.check(
    (ms) => ms === -1 || (Number.isSafeInteger(ms) && ms > 0),
    "must be a whole number of milliseconds above 0, or -1 to keep dead letters forever",
  ),
);

const shape = v.strictObject({
  name: v.pipe(v.string(), v.regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "must be a name in kebab-case, such as strong-quakes")),
  filter: v.optional(v.custom<RouteFilter>((given) => typeof given === "object" && given !== null, "must be an event pattern")),
  transform: v.optional(
    v.union([v.function(), v.object({ kind: v.literal("jsonata"), expression: v.string() })], 'must be a function or jsonata("...")'),
  ),
  target: v.looseObject({ kind: v.string(), name: v.string(), open: v.function() }, 'must be a target, such as topic({ topic: "orders" })'),
  order: v.optional(v.picklist(["partition", "key", "none"]), "partition"),
  concurrencyMax: v.optional(whole(1, 1000), 64),
  retry: v.optional(
    v.strictObject({
      attemptsMax: v.optional(whole(1, 1000), 20),
      firstDelayMs: v.optional(whole(0, 600_000), 200),
      delayMaxMs: v.optional(whole(0, 900_000), 10_000),
      deadlineMs: v.optional(whole(1, 900_000), 60_000),
      retryAfterMaxMs: v.optional(whole(0, 86_400_000), 300_000),
    }),
    {},
  ),
  afterRetries: v.optional(v.picklist(["give-back", "dead-letter"]), "give-back"),
  breaker: v.optional(
    v.strictObject({
      failuresInRowMax: v.optional(whole(1, 100_000), 5),
      openMs: v.optional(whole(1, 900_000), 5_000),
      deadLettersInRowMax: v.optional(whole(1, 1_000_000), 100),
    }),
    {},
  ),
  deadLetters: v.optional(v.strictObject({ topic: v.optional(topicName), retentionMs: v.optional(retention, -1) }), {}),
  timeLeftMarginMs: v.optional(whole(0, 60_000), 1_500),
  transformTimeoutMs: v.optional(whole(1, 900_000), 10_000),
  namespace: v.optional(v.pipe(v.string(), v.regex(/^[^/\s]+$/, "must not contain a slash or a space"))),
  generation: v.optional(whole(0, Number.MAX_SAFE_INTEGER)),
  examples: v.optional(v.array(v.looseObject({ name: v.string(), input: v.looseObject({}) })), []),
});

/** Names of options by the place they stand in, for "did you mean". */
const optionNames: Readonly<Record<string, readonly string[]>> = {
  "": Object.keys(shape.entries),
  retry: Object.keys(shape.entries.retry.wrapped.entries),
  breaker: Object.keys(shape.entries.breaker.wrapped.entries),
  deadLetters: Object.keys(shape.entries.deadLetters.wrapped.entries),
};

/**
 * Checks a route and completes it. Throws `bad-configuration` that names every invalid option and its place, so that a wrong route fails when the
 * function starts and never at a record.
 */
export function defineRoute<Value = unknown>(definition: RouteDefinition<Value>): Route {
  const result = v.safeParse(shape, definition);
  if (!result.success) throw new RelayError("bad-configuration", `${called(definition)}:\n  ${result.issues.map(toSentence).join("\n  ")}`);
  const { name, order, concurrencyMax, retry, afterRetries, breaker, deadLetters, timeLeftMarginMs, transformTimeoutMs, namespace } =
    result.output;
  const { filter, transform, target, examples = [] } = definition;
  return Object.freeze({
    name,
    filter,
    matches: filter === undefined ? undefined : compileFilter(filter, name),
    filterFields: new Set(filter === undefined ? [] : fieldsOf(filter)),
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

/** A table's target may say it in the route's place, as it could before routes had one. */
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

function compileFilter(filter: RouteFilter, name: string): EventMatcher {
  const matches = compilePattern(filter as EventPattern, { place: `route ${name}: filter`, rounded: "refuse" });
  for (const field of fieldsOf(filter)) {
    if ((documentFields as readonly string[]).includes(field)) continue;
    throw new RelayError(
      "bad-configuration",
      `route ${name}: filter.${field}: a record has no such field.${didYouMean(field, documentFields)} Use ${documentFields.join(", ")}; what is inside a record's body is under value.`,
    );
  }
  return matches;
}

function fieldsOf(filter: RouteFilter): readonly string[] {
  return Object.entries(filter).flatMap(([field, inner]) =>
    field === "$or" ? (inner as readonly RouteFilter[]).flatMap(fieldsOf) : [field],
  );
}

function called(definition: unknown): string {
  const name = (definition as { readonly name?: unknown } | null)?.name;
  return typeof name === "string" ? `The route ${JSON.stringify(name)}` : "A route";
}

function toSentence(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue) ?? "?";
  if (issue.type === "strict_object" && issue.expected === "never") {
    const parent = path.includes(".") ? path.slice(0, path.lastIndexOf(".")) : "";
    const name = path.slice(parent === "" ? 0 : parent.length + 1);
    return `${path}: this option does not exist.${didYouMean(name, optionNames[parent] ?? [])}`;
  }
  if (issue.received === "undefined") return `${path}: is missing.`;
  return `${path}: ${issue.message}`;
}
