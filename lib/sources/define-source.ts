/** What a source is: `defineSource` types it, checks it at start-up and fills in what was left out. A source is the mirror of a route: the same filter, transform and dead letters. */
import * as v from "valibot";
import { didYouMean } from "../closest-name.js";
import { RelayError } from "../errors.js";
import type { KafkaRecord } from "../kafka/records.js";
import type { JsonataTransform } from "../relay/jsonata.js";
import type { Transform } from "../relay/route/transform.js";
import { type BreakerPolicy, defineRoute, type RetryPolicy, type Route, type RouteExample, type RouteFilter } from "../relay/route.js";
import { type TopicOptions, topic } from "../targets/topic.js";
import { deliveryIdOf, stampedTarget } from "./delivery-id.js";
import type { SourceOrigin } from "./origin.js";

/** "value": as the other system wrote it. "cloudevents": a CloudEvent in Kafka's binary mode, whose id is the delivery id. */
export type Envelope = "value" | "cloudevents";

export interface SourceDefinition<Value = unknown> {
  /** As the file and the function are called; named in delivery ids, dead letters, logs and metrics. */
  readonly name: string;
  /** `webhooks({...})`, `sqsQueue({...})`, `outbox({...})`... */
  readonly from: SourceOrigin;
  /** The topic, which must exist. All options of the target `topic(...)`. */
  readonly to: TopicOptions;
  /** Absent: "value". */
  readonly envelope?: Envelope;
  /** Absent: every record matches. */
  readonly filter?: RouteFilter;
  /** Absent: the record goes on as it is, byte for byte. */
  readonly transform?: Transform<Value> | JsonataTransform;
  /** How Kafka is asked again inside one invocation; never past the time the function has left. */
  readonly retry?: Partial<RetryPolicy>;
  readonly breaker?: Partial<BreakerPolicy>;
  readonly deadLetters?: {
    /** Default: `<source>.dead-letters`, created when first needed. */
    readonly topic?: string;
    /** The topic's `retention.ms` when the source creates it. Default: -1, so that dead letters stay until somebody deletes them. */
    readonly retentionMs?: number;
  };
  /** Kept free of the function's time for dead letters and the answer; 1,500 where absent. */
  readonly timeLeftMarginMs?: number;
  /** How long a transform may take before it fails the record; 10,000 where absent. */
  readonly transformTimeoutMs?: number;
  readonly examples?: readonly RouteExample[];
}

/** A source as it runs: checked and complete. */
export interface Source {
  readonly name: string;
  readonly from: SourceOrigin;
  readonly to: TopicOptions;
  readonly envelope: Envelope;
  readonly deadLetterTopic: string;
  /** The rules of its records: filter, transform, retries, breaker, dead letters, and the topic as its target. */
  readonly route: Route;
}

const shape = v.strictObject({
  name: v.string("must be text"),
  from: v.looseObject({ kind: v.string(), name: v.string(), bind: v.function() }, "must say where records come from, such as sqsQueue()"),
  to: v.looseObject({}, 'must name a topic, such as { topic: "orders" }'),
  envelope: v.optional(v.picklist(["value", "cloudevents"], 'must be "value" or "cloudevents"')),
  filter: v.optional(v.unknown()),
  transform: v.optional(v.unknown()),
  retry: v.optional(v.unknown()),
  breaker: v.optional(v.unknown()),
  deadLetters: v.optional(v.unknown()),
  timeLeftMarginMs: v.optional(v.unknown()),
  transformTimeoutMs: v.optional(v.unknown()),
  examples: v.optional(v.unknown()),
});

/** Throws `bad-configuration` that names every invalid option and its place, so that a wrong source fails when the function starts and never at a record. */
export function defineSource<Value = unknown>(definition: SourceDefinition<Value>): Source {
  const { from, to, envelope = "value", name, ...rules } = checked(definition);
  const deadLetters = { topic: `${name}.dead-letters`, ...rules.deadLetters };
  const route = asSource(name, () =>
    defineRoute<Value>({
      ...rules,
      name,
      target: stampedTarget(topic(to)),
      order: from.order,
      retry: { deadlineMs: from.retryDeadlineMs, ...rules.retry },
      deadLetters,
    }),
  );
  const idOf = (record: KafkaRecord) => deliveryIdOf(record.headers);
  return Object.freeze({
    name,
    from,
    to,
    envelope,
    deadLetterTopic: deadLetters.topic,
    route: Object.freeze({ ...route, deliveryIdOf: idOf, recordBytesMax: from.recordBytesMax }),
  });
}

function checked<Value>(definition: SourceDefinition<Value>): SourceDefinition<Value> {
  const result = v.safeParse(shape, definition);
  if (result.success) return definition;
  const { name } = (definition ?? {}) as { readonly name?: unknown };
  const faults = result.issues.map((issue) => {
    const path = v.getDotPath(issue) ?? "?";
    if (issue.type === "strict_object" && issue.expected === "never")
      return `${path}: this option does not exist.${didYouMean(path, Object.keys(shape.entries))}`;
    return issue.received === "undefined" ? `${path}: is missing.` : `${path}: ${issue.message}.`;
  });
  const what = typeof name === "string" ? `The source ${JSON.stringify(name)}` : "A source";
  throw new RelayError("bad-configuration", `${what}:\n  ${faults.join("\n  ")}`);
}

/** The rules are those of a route, and so are their faults; the person who reads them wrote a source. */
function asSource<Made>(name: string, make: () => Made): Made {
  try {
    return make();
  } catch (thrown) {
    if (!(thrown instanceof RelayError)) throw thrown;
    const message = thrown.message.replace(/^(The|A) route( ".*?")?:/, `The source ${JSON.stringify(name)}:`).replace(/^route /, "source ");
    throw new RelayError(thrown.code, message.replace(/^The target topic:/, `The source ${JSON.stringify(name)}: to:`), { cause: thrown });
  }
}
