/** Rows of a definition that routes and sources have in common. */
import { FactRow } from "../parts/fact-table.js";
import { JsonTree } from "../parts/json-tree.js";
import type { RouteStatus } from "../state/routes.js";
import { toDurationText } from "../words/format.js";
import { parseJsonTree } from "../words/json-text.js";

type Rules = Pick<NonNullable<RouteStatus["definition"]>, "filter" | "transform" | "retry" | "breaker">;

export function FilterAndTransform({ filter, transform }: Pick<Rules, "filter" | "transform">) {
  return (
    <>
      <FactRow name="Filter">{filter === null ? <span class="muted">every record</span> : <JsonValue value={filter} />}</FactRow>
      <FactRow name="Transform">
        {transform.kind === "none" ? <span class="muted">none: records pass as they are</span> : transform.kind}
        {transform.expression !== undefined && <pre class="code">{transform.expression}</pre>}
      </FactRow>
    </>
  );
}

/** `then`: what becomes of a record after its last attempt. */
export function Retries({ retry, then }: Pick<Rules, "retry"> & { readonly then: string }) {
  return (
    <FactRow name="Retries">
      {retry.attempts_max} attempts within {toDurationText(retry.deadline_ms)}, pauses from {toDurationText(retry.first_delay_ms)} to{" "}
      {toDurationText(retry.delay_max_ms)}; then {then}
    </FactRow>
  );
}

export function BreakerRow({ breaker }: Pick<Rules, "breaker">) {
  return (
    <FactRow name="Breaker">
      opens after {breaker.failures_in_row_max} failures or {breaker.dead_letters_in_row_max} dead letters in a row, for{" "}
      {toDurationText(breaker.open_ms)}
    </FactRow>
  );
}

export function JsonValue({ value }: { readonly value: unknown }) {
  const node = parseJsonTree(JSON.stringify(value) ?? "null");
  return node === undefined ? null : <JsonTree node={node} />;
}
