/** A source as plain data, for those who only show it: every rule with its default, and nothing secret. */
import { type RouteDescription, toRouteDescription, withoutCode } from "../../relay/status/route-description.js";
import type { Envelope, Source } from "../define-source.js";

export interface SourceDescription
  extends Pick<
    RouteDescription,
    "name" | "filter" | "transform" | "order" | "retry" | "breaker" | "deadLetterRetentionMs" | "transformTimeoutMs" | "examples"
  > {
  readonly from: { readonly kind: string; readonly name: string; readonly options: unknown };
  readonly topic: string;
  readonly envelope: Envelope;
  readonly deadLetterTopic: string;
}

export function toSourceDescription({ name, from, route, envelope, deadLetterTopic }: Source): SourceDescription {
  const { filter, transform, target, order, retry, breaker, deadLetterRetentionMs, transformTimeoutMs, examples } =
    toRouteDescription(route);
  return {
    name,
    from: { kind: from.kind, name: from.name, options: withoutCode(from.options) },
    topic: target.name,
    envelope,
    filter,
    transform,
    order,
    retry,
    breaker,
    deadLetterTopic,
    deadLetterRetentionMs,
    transformTimeoutMs,
    examples,
  };
}
