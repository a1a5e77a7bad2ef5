/** `custom.kafkaRelay` of a project's serverless.yml: which parts of kafka-relay the service has. Checked together, with every fault in one message. */
import * as v from "valibot";
import { didYouMean } from "../../../lib/closest-name.js";

const trigger = v.looseObject({
  topic: v.pipe(v.string("is missing: name the topic that the route reads"), v.nonEmpty("must not be empty")),
});

const shape = v.strictObject({
  api: v.optional(v.union([v.boolean(), v.array(v.string())], "must be true, false, or a list such as [produce, records]"), false),
  clusterArn: v.optional(v.pipe(v.string(), v.regex(/^arn:aws[a-z-]*:kafka:/, "must be the ARN of an MSK cluster (arn:aws:kafka:...)"))),
  routes: v.optional(v.record(v.string(), trigger, "must name each route with its trigger, such as big-orders: { topic: orders }"), {}),
  deployment: v.optional(v.record(v.string(), v.unknown(), "must be the parameters of docs/aws.md, such as clusterArn and subnets")),
});

export type PluginSettings = v.InferOutput<typeof shape>;

const names = ["api", "clusterArn", "routes", "deployment"];

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
