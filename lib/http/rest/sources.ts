/** The sources as the API shows them. Pure. */
import * as v from "valibot";
import type { KnownSource } from "../../sources/status/source-provider.js";
import { breakerRules, faultOfPart, filterAndTransform, retryRules, toBreakerRules, toRetryRules } from "./routes.js";

const shownSource = v.object({
  name: v.string(),
  /** Null: the source could be described. */
  fault: v.nullable(faultOfPart),
  definition: v.nullable(
    v.object({
      from: v.object({ kind: v.string(), name: v.string(), options: v.unknown() }),
      topic: v.string(),
      envelope: v.picklist(["value", "cloudevents"]),
      ...filterAndTransform,
      order: v.picklist(["partition", "key", "none"]),
      retry: retryRules,
      breaker: breakerRules,
      dead_letters: v.object({ topic: v.string(), retention_ms: v.number() }),
      transform_timeout_ms: v.number(),
      examples: v.number(),
    }),
  ),
});
export const sourceList = v.object({ sources: v.array(shownSource) });

export function toShownSource({ name, fault, description }: KnownSource): v.InferOutput<typeof shownSource> {
  if (description === null) return { name, fault, definition: null };
  const { from, topic, envelope, filter, transform, order, retry, breaker, deadLetterTopic, deadLetterRetentionMs } = description;
  const definition = {
    from: { ...from },
    topic,
    envelope,
    filter,
    transform: { ...transform },
    order,
    retry: toRetryRules(retry),
    breaker: toBreakerRules(breaker),
    dead_letters: { topic: deadLetterTopic, retention_ms: deadLetterRetentionMs },
    transform_timeout_ms: description.transformTimeoutMs,
    examples: description.examples,
  };
  return { name, fault, definition };
}
