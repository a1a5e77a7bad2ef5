/** The options of a route: which there are, what each may be, and what it is where it is left out. */
import * as v from "valibot";
import { didYouMean } from "../../closest-name.js";
import { RelayError } from "../../errors.js";
import { isTopicName } from "../../kafka/topic-name.js";
import { whole } from "../../option-values.js";
import { rightValueOf } from "../../schema-words.js";
import type { RouteFilter } from "../route.js";

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
  // Checked on its own, with messages that name the setting.
  decode: v.optional(v.unknown()),
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

/** The names of options by the place where they may be given, for "did you mean". */
const optionNames: Readonly<Record<string, readonly string[]>> = {
  "": Object.keys(shape.entries),
  retry: Object.keys(shape.entries.retry.wrapped.entries),
  breaker: Object.keys(shape.entries.breaker.wrapped.entries),
  deadLetters: Object.keys(shape.entries.deadLetters.wrapped.entries),
};

/** Throws `bad-configuration` that names every invalid option and its place. */
export function checkRouteOptions(definition: unknown): v.InferOutput<typeof shape> {
  const result = v.safeParse(shape, definition);
  if (result.success) return result.output;
  throw new RelayError("bad-configuration", `${called(definition)}:\n  ${result.issues.map(toSentence).join("\n  ")}`);
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
  return `${path}: ${rightValueOf(issue)}`;
}
