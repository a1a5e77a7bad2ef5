/** What a route does: filter, transform, target, order and retries, as they are in force. */
import { FactRow, FactTable } from "../parts/fact-table.js";
import type { RouteStatus } from "../state/routes.js";
import { toDurationText } from "../words/format.js";
import { BreakerRow, FilterAndTransform, JsonValue, Retries } from "./rule-rows.js";

export function DefinitionTab({ route: { definition } }: { readonly route: RouteStatus }) {
  if (definition === null) return <p class="muted">The API does not know what this route does.</p>;
  const { filter, transform, target, order, concurrency_max, retry, after_retries, breaker, dead_letters } = definition;
  return (
    <section class="card pad">
      <FactTable>
        <FilterAndTransform filter={filter} transform={transform} />
        <FactRow name="Target">
          {target.kind} <span class="mono">{target.name}</span>
          <JsonValue value={target.options} />
        </FactRow>
        <FactRow name="Order">
          {order === "none" ? "none" : `by ${order}`}, {concurrency_max} at once
        </FactRow>
        <Retries
          retry={retry}
          then={after_retries === "give-back" ? "the record is held and tried again" : "the record becomes a dead letter"}
        />
        <BreakerRow breaker={breaker} />
        <FactRow name="Dead letters">
          <span class="mono">{dead_letters.topics.join(", ")}</span>, kept {toDurationText(dead_letters.retention_ms)}
        </FactRow>
      </FactTable>
    </section>
  );
}
