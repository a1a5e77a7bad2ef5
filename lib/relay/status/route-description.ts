/** A route as plain data, for those who only show it: every rule with its default, and nothing secret. */
import { isJsonata } from "../jsonata.js";
import type { BreakerPolicy, RetryPolicy, Route } from "../route.js";
import type { DecodeSettings } from "../schema.js";

export interface RouteDescription {
  readonly name: string;
  readonly filter: unknown;
  /** How records are decoded that name a schema; false: not at all. */
  readonly decode: DecodeSettings | false;
  readonly transform: { readonly kind: "none" | "function" | "jsonata"; readonly expression?: string };
  readonly target: { readonly kind: string; readonly name: string; readonly options: unknown };
  readonly order: Route["order"];
  readonly concurrencyMax: number;
  readonly retry: RetryPolicy;
  readonly afterRetries: Route["afterRetries"];
  readonly breaker: BreakerPolicy;
  readonly deadLetterTopic: string | null;
  readonly deadLetterRetentionMs: number;
  readonly transformTimeoutMs: number;
  readonly generation: number;
  readonly examples: number;
}

export function toRouteDescription(route: Route): RouteDescription {
  const { name, filter, target, order, concurrencyMax, retry, afterRetries, breaker, transformTimeoutMs, generation } = route;
  return {
    name,
    filter: filter ?? null,
    decode: route.decode ?? {},
    transform: transformOf(route.transform),
    target: { kind: target.kind, name: target.name, options: withoutCode(target.options) },
    order,
    concurrencyMax,
    retry,
    afterRetries,
    breaker,
    deadLetterTopic: route.deadLetterTopic ?? null,
    deadLetterRetentionMs: route.deadLetterRetentionMs,
    transformTimeoutMs,
    generation,
    examples: route.examples.length,
  };
}

function transformOf(transform: Route["transform"]): RouteDescription["transform"] {
  if (transform === undefined) return { kind: "none" };
  return isJsonata(transform) ? { kind: "jsonata", expression: transform.expression } : { kind: "function" };
}

/** Options may be functions of the record. */
export function withoutCode(options: Readonly<Record<string, unknown>>): unknown {
  const text = JSON.stringify(options, (_, value: unknown) =>
    typeof value === "function" ? "(function)" : typeof value === "bigint" ? String(value) : value,
  );
  return JSON.parse(text) as unknown;
}
