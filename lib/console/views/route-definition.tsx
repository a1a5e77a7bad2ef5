/** What a route does: filter, transform, target, order and retries, as they are in force. */
import { FactRow, FactTable } from "../parts/fact-table.js";
import { JsonTree } from "../parts/json-tree.js";
import type { RouteStatus } from "../state/routes.js";
import { toDurationText } from "../words/format.js";
import { parseJsonTree } from "../words/json-text.js";

export function DefinitionTab({ route: { definition } }: { readonly route: RouteStatus }) {
  if (definition === null) return <p class="muted">The API does not know what this route does.</p>;
  const { filter, transform, target, order, concurrency_max, retry, after_retries, breaker, dead_letters } = definition;
  return (
    <section class="card pad">
      <FactTable>
        <FactRow name="Filter">{filter === null ? <span class="muted">every record</span> : <Json value={filter} />}</FactRow>
        <FactRow name="Transform">
          {transform.kind === "none" ? <span class="muted">none: records are delivered as they are</span> : transform.kind}
          {transform.expression !== undefined && <pre class="code">{transform.expression}</pre>}
        </FactRow>
        <FactRow name="Target">
          {target.kind} <span class="mono">{target.name}</span>
          <Json value={target.options} />
        </FactRow>
        <FactRow name="Order">
          {order === "none" ? "none" : `by ${order}`}, {concurrency_max} at once
        </FactRow>
        <FactRow name="Retries">
          {retry.attempts_max} attempts within {toDurationText(retry.deadline_ms)}, pauses from {toDurationText(retry.first_delay_ms)} to{" "}
          {toDurationText(retry.delay_max_ms)}; then{" "}
          {after_retries === "give-back" ? "the record is held and tried again" : "the record becomes a dead letter"}
        </FactRow>
        <FactRow name="Breaker">
          opens after {breaker.failures_in_row_max} failures or {breaker.dead_letters_in_row_max} dead letters in a row, for{" "}
          {toDurationText(breaker.open_ms)}
        </FactRow>
        <FactRow name="Dead letters">
          <span class="mono">{dead_letters.topics.join(", ")}</span>, kept {toDurationText(dead_letters.retention_ms)}
        </FactRow>
      </FactTable>
    </section>
  );
}

function Json({ value }: { readonly value: unknown }) {
  const node = parseJsonTree(JSON.stringify(value) ?? "null");
  return node === undefined ? null : <JsonTree node={node} />;
}
