/** The routes as the API shows them. Pure. */
import * as v from "valibot";
import { deadLetterTopicOf } from "../../relay/dead-letters/dead-letter.js";
import type { BreakerPolicy, RetryPolicy } from "../../relay/route.js";
import type { RecordFailure, VerdictCounts } from "../../relay/status/batch-summary.js";
import type { RouteDescription } from "../../relay/status/route-description.js";
import { type RouteActivity, rateWindowMs } from "../../relay/status/route-journal.js";
import type { KnownRoute, RouteSource } from "../../relay/status/route-provider.js";
import { heldOf, routeStates, stateOf } from "../../relay/status/route-state.js";

const time = v.pipe(v.string(), v.isoTimestamp());
const counts = v.object({
  records: v.number(),
  delivered: v.number(),
  filtered: v.number(),
  dead_lettered: v.number(),
  given_back: v.number(),
});
export const faultOfPart = v.object({ code: v.string(), message: v.string() });
const failureFields = {
  code: v.string(),
  message: v.string(),
  topic: v.string(),
  partition: v.number(),
  offset: v.string(),
};
/** What routes and sources have in common. */
export const filterAndTransform = {
  filter: v.nullable(v.unknown()),
  transform: v.object({ kind: v.picklist(["none", "function", "jsonata"]), expression: v.optional(v.string()) }),
};
export const retryRules = v.object({
  attempts_max: v.number(),
  first_delay_ms: v.number(),
  delay_max_ms: v.number(),
  deadline_ms: v.number(),
  retry_after_max_ms: v.number(),
});
export const breakerRules = v.object({ failures_in_row_max: v.number(), open_ms: v.number(), dead_letters_in_row_max: v.number() });
const description = v.object({
  ...filterAndTransform,
  target: v.object({ kind: v.string(), name: v.string(), options: v.unknown() }),
  order: v.picklist(["partition", "key", "none"]),
  concurrency_max: v.number(),
  retry: retryRules,
  after_retries: v.picklist(["give-back", "dead-letter"]),
  breaker: breakerRules,
  dead_letters: v.object({ topics: v.array(v.string()), retention_ms: v.number() }),
  transform_timeout_ms: v.number(),
  generation: v.number(),
  examples: v.number(),
});
const partition = v.object({
  partition: v.number(),
  committed: v.nullable(v.number()),
  end: v.number(),
  lag: v.number(),
  waiting: v.number(),
  in_progress: v.boolean(),
  failure: v.nullable(v.object({ ...faultOfPart.entries, since: time })),
});
const source = v.object({
  topic: v.string(),
  group: v.nullable(v.string()),
  enabled: v.boolean(),
  state: v.nullable(v.string()),
  batch: v.object({ records_max: v.nullable(v.number()), window_ms: v.nullable(v.number()) }),
  starting_position: v.nullable(v.string()),
  lag: v.nullable(v.number()),
  partitions: v.nullable(v.array(partition)),
});
const activity = v.object({
  since: time,
  last_batch: v.nullable(time),
  batches: v.number(),
  counts,
  rates: v.object({ window_seconds: v.number(), ...counts.entries }),
});

export const shownRoute = v.object({
  name: v.string(),
  state: v.picklist(routeStates),
  fault: v.nullable(faultOfPart),
  held: v.array(v.object({ ...failureFields, since: time })),
  breaker: v.nullable(
    v.object({ state: v.picklist(["closed", "open", "probing"]), until: v.nullable(time), reason: v.nullable(v.string()) }),
  ),
  sources: v.array(source),
  lag: v.nullable(v.number()),
  activity: v.nullable(activity),
  failures: v.array(v.object({ ...failureFields, verdict: v.picklist(["dead-lettered", "given-back"]), time })),
  definition: v.nullable(description),
});
export const routeList = v.object({ routes: v.array(shownRoute) });
type ShownRoute = v.InferOutput<typeof shownRoute>;

export function toShownRoute(route: KnownRoute): ShownRoute {
  const { name, activity: done, sources } = route;
  const lags = sources.map(lagOf).filter((lag) => lag !== null);
  return {
    name,
    state: stateOf(route),
    fault: route.fault,
    held: heldOf(route).map(({ sinceMs, ...failure }) => ({ ...toFailure(failure), since: toTime(sinceMs) })),
    breaker:
      done === null || done.breaker === null
        ? null
        : { state: done.breaker.state, until: toTimeOrNull(done.breaker.untilMs), reason: done.breaker.reason },
    sources: sources.map(toSource),
    lag: lags.length === 0 ? null : lags.reduce((sum, lag) => sum + lag, 0),
    activity: done === null ? null : toActivity(done),
    failures: (done?.failures ?? []).map((failure) => ({ ...toFailure(failure), verdict: failure.verdict, time: toTime(failure.timeMs) })),
    definition: route.description === null ? null : toDefinition(route.description, sources),
  };
}

const toTime = (ms: number): string => new Date(ms).toISOString();
const toTimeOrNull = (ms: number | null): string | null => (ms === null ? null : toTime(ms));
const toFailure = ({ code, message, topic, partition: number, offset }: RecordFailure) => ({
  code,
  message,
  topic,
  partition: number,
  offset,
});

function lagOf({ partitions }: RouteSource): number | null {
  return partitions === null ? null : partitions.reduce((sum, { lag }) => sum + lag, 0);
}

function toSource(one: RouteSource): ShownRoute["sources"][number] {
  return {
    topic: one.topic,
    group: one.group,
    enabled: one.isEnabled,
    state: one.state,
    batch: { records_max: one.batchSize, window_ms: one.windowMs },
    starting_position: one.startingPosition,
    lag: lagOf(one),
    partitions: one.partitions?.map(({ isWithFunction, ...rest }) => ({ ...rest, in_progress: isWithFunction })) ?? null,
  };
}

function toActivity({ sinceMs, lastBatchMs, batches, counts: total, rates }: RouteActivity): ShownRoute["activity"] {
  return {
    since: toTime(sinceMs),
    last_batch: toTimeOrNull(lastBatchMs),
    batches,
    counts: toCounts(total),
    rates: { window_seconds: rateWindowMs / 1_000, ...toCounts(rates) },
  };
}

function toCounts({ records, delivered, filtered, deadLettered, givenBack }: VerdictCounts) {
  return { records, delivered, filtered, dead_lettered: deadLettered, given_back: givenBack };
}

function toDefinition(route: RouteDescription, sources: readonly RouteSource[]): ShownRoute["definition"] {
  const { filter, transform, target, order, concurrencyMax, retry, afterRetries, breaker, deadLetterTopic } = route;
  const deadLetterTopics = sources.map(({ topic }) => deadLetterTopicOf(topic, deadLetterTopic ?? undefined));
  return {
    filter,
    transform: { ...transform },
    target: { ...target },
    order,
    concurrency_max: concurrencyMax,
    retry: toRetryRules(retry),
    after_retries: afterRetries,
    breaker: toBreakerRules(breaker),
    dead_letters: { topics: [...new Set(deadLetterTopics)], retention_ms: route.deadLetterRetentionMs },
    transform_timeout_ms: route.transformTimeoutMs,
    generation: route.generation,
    examples: route.examples,
  };
}

export const toRetryRules = (retry: RetryPolicy): v.InferOutput<typeof retryRules> => ({
  attempts_max: retry.attemptsMax,
  first_delay_ms: retry.firstDelayMs,
  delay_max_ms: retry.delayMaxMs,
  deadline_ms: retry.deadlineMs,
  retry_after_max_ms: retry.retryAfterMaxMs,
});

export const toBreakerRules = (breaker: BreakerPolicy): v.InferOutput<typeof breakerRules> => ({
  failures_in_row_max: breaker.failuresInRowMax,
  open_ms: breaker.openMs,
  dead_letters_in_row_max: breaker.deadLettersInRowMax,
});
