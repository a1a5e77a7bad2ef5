/** The options of `createKafkaTrigger`, checked with messages that name the option and what would be right. */
import * as v from "valibot";
import { nearest } from "./declaration/parse.js";
import { compileFilter } from "./filter.js";
import type { Mapping, StartingPosition } from "./mapping.js";
import { backoffDefault } from "./plugin/settings.js";
import type { InvocationReport } from "./trigger-world.js";

export interface KafkaTriggerOptions {
  /** `host:port` each. */
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly consumerGroupId: string;
  /** 1 to 10,000; 100 where absent. */
  readonly batchSize?: number;
  /** From the first record of a batch; 500 ms where absent, 0 sends what is there. */
  readonly batchingWindowMs?: number;
  /** TRIM_HORIZON where absent; used only where the group has no offsets. */
  readonly startingPosition?: StartingPosition;
  /** Filter patterns as Lambda defines them; a record passes if one matches. A pattern that AWS would refuse throws. */
  readonly filterPatterns?: readonly unknown[];
  readonly functionResponseTypes?: readonly "ReportBatchItemFailures"[];
  readonly maximumRetryAttempts?: number;
  readonly maximumRecordAgeInSeconds?: number;
  readonly bisectBatchOnFunctionError?: boolean;
  /** Between attempts. */
  readonly backoff?: { readonly firstMs: number; readonly maxMs: number };
  /** Stands in every event; the brokers where absent. */
  readonly bootstrapServers?: string;
  /** Where present, events are those of Amazon MSK. */
  readonly eventSourceArn?: string;
  readonly onInvocation?: (report: InvocationReport) => void;
  /** Called with one line per event of interest; silent where absent. */
  readonly say?: (line: string) => void;
  readonly warn?: (line: string) => void;
}

const is = (words: string, holds: (value: unknown) => boolean) => v.optional(v.custom<unknown>(holds, words));
const whole = (min: number, max: number) => (value: unknown) => Number.isInteger(value) && Number(value) >= min && Number(value) <= max;
const isText = (value: unknown): boolean => typeof value === "string" && value !== "";
const callback = is("a function", (value) => typeof value === "function");
const positions = ["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"];

const schema = v.strictObject({
  brokers: v.custom<readonly string[]>(
    (value) => Array.isArray(value) && value.length > 0 && value.every((broker) => typeof broker === "string" && /^.+:\d+$/.test(broker)),
    'a list of "host:port"',
  ),
  topic: v.custom<string>(
    (value) => typeof value === "string" && /^[a-zA-Z0-9._-]{1,249}$/.test(value),
    'the name of a topic: 1 to 249 letters, digits, ".", "_" or "-"',
  ),
  consumerGroupId: v.custom<string>(isText, "the id of a consumer group that no other trigger uses"),
  batchSize: is("a whole number from 1 to 10000", whole(1, 10_000)),
  batchingWindowMs: is("milliseconds from 0 to 300000", whole(0, 300_000)),
  startingPosition: is('{ kind: "TRIM_HORIZON" }, { kind: "LATEST" } or { kind: "AT_TIMESTAMP", timestampMs }', (value) => {
    const { kind, timestampMs } = (value ?? {}) as { readonly kind?: unknown; readonly timestampMs?: unknown };
    return positions.includes(String(kind)) && (kind !== "AT_TIMESTAMP" || whole(0, Number.MAX_SAFE_INTEGER)(timestampMs));
  }),
  filterPatterns: is("a list of patterns", Array.isArray),
  functionResponseTypes: is(
    '["ReportBatchItemFailures"] or an empty list',
    (value) => Array.isArray(value) && value.every((type) => type === "ReportBatchItemFailures"),
  ),
  maximumRetryAttempts: is("-1, or a whole number from 0 to 10000", whole(-1, 10_000)),
  maximumRecordAgeInSeconds: is("-1, or a whole number from 1 to 604800", (value) => value === -1 || whole(1, 604_800)(value)),
  bisectBatchOnFunctionError: is("true or false", (value) => typeof value === "boolean"),
  backoff: is("{ firstMs, maxMs } in milliseconds, with firstMs not above maxMs", (value) => {
    const { firstMs, maxMs } = (value ?? {}) as { readonly firstMs?: unknown; readonly maxMs?: unknown };
    return whole(0, 600_000)(firstMs) && whole(0, 600_000)(maxMs) && Number(firstMs) <= Number(maxMs);
  }),
  bootstrapServers: is('a string of "host:port", separated by commas', isText),
  eventSourceArn: is("an ARN", (value) => typeof value === "string" && value.startsWith("arn:")),
  onInvocation: callback,
  say: callback,
  warn: callback,
});

/** Throws a TypeError that names everything that is wrong. */
export function checkTriggerOptions(options: KafkaTriggerOptions): void {
  const result = v.safeParse(schema, options);
  if (result.success) return;
  throw new TypeError(`createKafkaTrigger: ${result.issues.map(toFault).join("; ")}`);
}

function toFault(issue: v.BaseIssue<unknown>): string {
  const name = v.getDotPath(issue) ?? "";
  if (name === "") return "the options must be an object";
  if (issue.expected === "never") {
    const meant = nearest(name, Object.keys(schema.entries));
    return `the option ${name} does not exist${meant === undefined ? "" : `; did you mean ${meant}?`}`;
  }
  const wanted = /^Invalid key: Expected /.test(issue.message) ? "it is required" : `it must be ${issue.message}`;
  return issue.input === undefined ? `${name} is missing: ${wanted}` : `${name} is ${describe(issue.input)}; ${wanted}`;
}

const describe = (value: unknown): string => (JSON.stringify(value) ?? typeof value).slice(0, 200);

/** The mapping, with every default filled in. Throws where Lambda would refuse a filter pattern. */
export function toMapping(options: KafkaTriggerOptions): Mapping {
  const { topic, consumerGroupId, eventSourceArn, filterPatterns, maximumRecordAgeInSeconds: ageMaxSeconds = -1 } = options;
  return {
    name: topic,
    kind: eventSourceArn === undefined ? "kafka" : "msk",
    ...(eventSourceArn === undefined ? {} : { eventSourceArn }),
    bootstrapServers: options.bootstrapServers ?? options.brokers.join(","),
    topic,
    consumerGroupId,
    batchSize: options.batchSize ?? 100,
    windowMs: options.batchingWindowMs ?? 500,
    startingPosition: options.startingPosition ?? { kind: "TRIM_HORIZON" },
    ...(filterPatterns === undefined ? {} : { filter: compileFilter(filterPatterns) }),
    failure: {
      retriesMax: options.maximumRetryAttempts ?? -1,
      recordAgeMaxMs: ageMaxSeconds < 0 ? -1 : ageMaxSeconds * 1000,
      isBisecting: options.bisectBatchOnFunctionError ?? false,
      takesPartialResponses: options.functionResponseTypes?.includes("ReportBatchItemFailures") ?? false,
    },
    backoff: options.backoff ?? backoffDefault,
  };
}
