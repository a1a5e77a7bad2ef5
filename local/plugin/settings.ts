/** `custom.kafkaRelay` of a project's serverless.yml: which parts of kafka-relay the service has. Checked together, with every fault in one message. */
import * as v from "valibot";
import { didYouMean } from "../../lib/closest-name.js";

/** As a parameter says it, or YAML. */
const onOrOff = v.union([v.boolean(), v.string()]);

const trigger = v.looseObject({
  topic: v.pipe(v.string("is missing: name the topic that the route reads"), v.nonEmpty("must not be empty")),
  enabled: v.optional(onOrOff),
});

const event = v.unknown();
/** One of these is what brings records to a source; all are the framework's own events, but for `webhook`. */
const sourceEvents = {
  webhook: v.optional(
    v.union(
      [v.literal(true), v.array(v.picklist(["POST", "GET"]))],
      "must be true (the source answers POST /sources/<name>), or [POST, GET] for a sender that also asks by GET",
    ),
  ),
  schedule: v.optional(event),
  sqs: v.optional(event),
  stream: v.optional(event),
  eventBridge: v.optional(event),
};
export const sourceEventNames = Object.keys(sourceEvents) as readonly (keyof typeof sourceEvents)[];
const origin = v.pipe(
  v.looseObject({ ...sourceEvents, enabled: v.optional(onOrOff) }, "must have an event, such as { webhook: true }"),
  v.check(
    (given) => sourceEventNames.some((name) => given[name] !== undefined),
    `has no event: name what it reads by ${sourceEventNames.join(", ")}, such as { webhook: true }`,
  ),
);

const page = v.union(
  [v.boolean(), v.strictObject({ enabled: v.optional(onOrOff), clientId: v.optional(v.string()), connect: v.optional(v.string()) })],
  "must be true, false, or { enabled, clientId, connect }",
);

const shape = v.strictObject({
  api: v.optional(v.union([v.boolean(), v.array(v.string())], "must be true, false, or a list such as [produce, records]"), false),
  console: v.optional(page, false),
  canary: v.optional(onOrOff, false),
  clusterArn: v.optional(v.pipe(v.string(), v.regex(/^arn:aws[a-z-]*:kafka:/, "must be the ARN of an MSK cluster (arn:aws:kafka:...)"))),
  routes: v.optional(v.record(v.string(), trigger, "must name each route with its trigger, such as big-orders: { topic: orders }"), {}),
  sources: v.optional(v.record(v.string(), origin, "must name each source with its event, such as orders-hook: { webhook: true }"), {}),
  deployment: v.optional(
    v.union(
      [v.literal(true), v.record(v.string(), v.unknown())],
      "must be true, or parameters of docs/aws.md such as clusterArn and subnets",
    ),
  ),
});

export type PluginSettings = v.InferOutput<typeof shape>;

const names = Object.keys(shape.entries);

/** Throws an Error with one line per fault. @param parts the API's functions. */
export function readPluginSettings(given: unknown, parts: readonly string[]): PluginSettings {
  const result = v.safeParse(shape, given ?? {});
  const faults = (result.issues ?? []).map((issue) => `custom.kafkaRelay.${v.getDotPath(issue) ?? ""}: ${sentenceOf(issue)}`);
  const asked = result.success && Array.isArray(result.output.api) ? result.output.api : [];
  for (const part of asked)
    if (!parts.includes(part))
      faults.push(
        `custom.kafkaRelay.api: ${JSON.stringify(part)} is not a part of the API.${didYouMean(part, parts)} The parts are ${parts.join(", ")}.`,
      );
  if (!result.success || faults.length > 0) throw new Error(faults.join("\n"));
  return result.output;
}

function sentenceOf(issue: v.BaseIssue<unknown>): string {
  if (issue.type !== "strict_object" || issue.expected !== "never") return issue.message;
  const name = v.getDotPath(issue) ?? "";
  return `this option does not exist.${didYouMean(name, names)} The options are ${names.join(", ")}.`;
}
