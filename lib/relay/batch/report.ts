/** What a batch came to, for operators: counts and latencies as metrics, and a line for whatever somebody may have to look at. */
import type { LogFields, Telemetry } from "../../telemetry.js";
import { traceIdOf } from "../../telemetry.js";
import type { Route } from "../route.js";
import type { Entry, Verdict } from "./entry.js";
import { faultOf } from "./retry.js";

/** Lines about single records, per batch; the metrics count all of them. */
const linesMax = 20;

export function reportBatch(all: readonly Entry[], route: Route, telemetry: Telemetry, tookMs: number): void {
  // Records that were settled in an earlier delivery of the batch were reported then.
  const entries = all.filter(({ isSettledBefore, verdict }) => !isSettledBefore || verdict === "given-back");
  const counts = { delivered: 0, filtered: 0, deadLettered: 0, givenBack: 0 };
  for (const { verdict } of entries) if (verdict !== undefined) counts[counters[verdict]]++;
  telemetry.log(counts.givenBack > 0 ? "warn" : "info", "batch", { route: route.name, records: entries.length, ...counts, tookMs });
  reportTroubles(entries, route, telemetry);
  telemetry.metrics(
    { Route: route.name },
    {
      RecordsIn: { unit: "Count", value: entries.length },
      Delivered: { unit: "Count", value: counts.delivered },
      Filtered: { unit: "Count", value: counts.filtered },
      DeadLettered: { unit: "Count", value: counts.deadLettered },
      GivenBack: { unit: "Count", value: counts.givenBack },
      ...(counts.delivered === 0 ? {} : { DeliveryLatency: { unit: "Milliseconds", value: latenciesOf(entries) } as const }),
    },
  );
}

const counters = {
  delivered: "delivered",
  filtered: "filtered",
  "dead-lettered": "deadLettered",
  "given-back": "givenBack",
} as const satisfies Record<Verdict, string>;

/** From the record's own time to its delivery. */
function latenciesOf(entries: readonly Entry[]): readonly number[] {
  return entries.flatMap(({ verdict, deliveredMs, source }) =>
    verdict === "delivered" && deliveredMs !== undefined ? [Math.max(0, deliveredMs - source.timestampMs)] : [],
  );
}

/** Every dead letter, and of what is given back the records that hold the others. */
function reportTroubles(entries: readonly Entry[], route: Route, telemetry: Telemetry): void {
  const reported = new Set<unknown>();
  let lines = 0;
  for (const entry of entries) {
    const { verdict, error } = entry;
    if (error === undefined || (verdict !== "dead-lettered" && verdict !== "given-back")) continue;
    // Those that are held share the error of the one that holds them.
    if (verdict === "given-back" && reported.has(error)) continue;
    reported.add(error);
    if (lines++ >= linesMax) continue;
    const isOurs = verdict === "given-back" && faultOf(error) === "us";
    telemetry.log(isOurs ? "error" : "warn", verdict === "dead-lettered" ? "dead letter" : "given back", fieldsOf(entry, route));
  }
  if (lines > linesMax)
    telemetry.log("warn", `${lines - linesMax} more records of this batch were dead-lettered or given back`, { route: route.name });
}

/** For code that threw, the stack shows where. A failure of a record's content has its reason, and a stack could quote it. */
const codesWithCause: ReadonlySet<string> = new Set(["internal", "transform-failed"]);

function fieldsOf({ arrived, error, stage, attempts }: Entry, route: Route): LogFields {
  const cause = error?.cause instanceof Error ? (error.cause.stack ?? error.cause.message) : undefined;
  return {
    route: route.name,
    target: `${route.target.kind} ${route.target.name}`,
    topic: arrived.topic,
    partition: arrived.partition,
    offset: arrived.offset,
    traceId: traceIdOf(arrived.headers),
    stage,
    code: error?.code,
    reason: error?.message,
    status: error?.details.targetStatus,
    attempts,
    ...(error !== undefined && codesWithCause.has(error.code) ? { cause } : {}),
  };
}
