/** All sources: where each reads, and which topic it writes. One that is open shows its rules. */
import { Drawer } from "../parts/drawer.js";
import { Empty } from "../parts/empty.js";
import { FactRow, FactTable } from "../parts/fact-table.js";
import { type RowColumn, RowTable } from "../parts/rows.js";
import { LoadingState } from "../parts/trouble.js";
import { useLoaded } from "../state/loading.js";
import { goTo, linkTo, place } from "../state/place.js";
import { loadSourceEntries, type SourceEntry, toKindText } from "../state/sources.js";
import { toDurationText } from "../words/format.js";
import { BreakerRow, FilterAndTransform, JsonValue, Retries } from "./rule-rows.js";

const refreshMs = 30_000;

export function SourcesView() {
  const loaded = useLoaded("sources", loadSourceEntries, refreshMs);
  const sources = loaded.data;
  const [, open] = place.value.path;
  const opened = sources?.find(({ name }) => name === open);
  return (
    <div class="view">
      <div class="view-head">
        <h1>Sources</h1>
        {sources !== undefined && <span class="muted">{sources.length}</span>}
      </div>
      <LoadingState loaded={loaded} />
      {sources?.length === 0 && (
        <Empty title="There are no sources">
          <p>
            A source takes what another system has to say, such as a webhook or a queue, and writes it to a topic. It is one file in{" "}
            <code>functions/sources</code>. <code>kafka-relay sources</code> checks and tests them.
          </p>
        </Empty>
      )}
      {sources !== undefined && sources.length > 0 && (
        <RowTable
          label="Sources"
          rows={sources}
          keyOf={({ name }) => name}
          columns={columns}
          selected={open}
          onOpen={({ name }) => goTo(linkTo(["sources", name]))}
        />
      )}
      {opened !== undefined && <SourceDrawer source={opened} />}
    </div>
  );
}

const columns: readonly RowColumn<SourceEntry>[] = [
  { title: "Source", cell: ({ name }) => <a href={linkTo(["sources", name])}>{name}</a> },
  { title: "Kind", width: "150px", cell: ({ definition }) => (definition === null ? "–" : toKindText(definition.from.kind)) },
  { title: "Reads", cell: ({ definition }) => definition?.from.name ?? "–" },
  {
    title: "Writes",
    cell: ({ definition }) => (definition === null ? "–" : <a href={linkTo(["topics", definition.topic])}>{definition.topic}</a>),
  },
  { title: "As", width: "130px", cell: ({ definition }) => (definition?.envelope === "cloudevents" ? "CloudEvent" : "value") },
  {
    title: "State",
    width: "110px",
    cell: ({ fault }) => (fault === null ? <span class="badge good">ready</span> : <span class="badge bad">faulty</span>),
  },
];

function SourceDrawer({ source: { name, fault, definition } }: { readonly source: SourceEntry }) {
  return (
    <Drawer title={name} onClose={() => goTo(linkTo(["sources"]))}>
      {fault !== null && (
        <p class="reason" role="alert">
          <span class="badge bad">{fault.code}</span> {fault.message}
        </p>
      )}
      {definition !== null && <Definition definition={definition} />}
    </Drawer>
  );
}

function Definition({ definition }: { readonly definition: NonNullable<SourceEntry["definition"]> }) {
  const { from, topic, envelope, filter, transform, order, retry, breaker, dead_letters } = definition;
  return (
    <FactTable>
      <FactRow name="Reads">
        {toKindText(from.kind)} <span class="mono">{from.name}</span>
        <JsonValue value={from.options} />
      </FactRow>
      <FactRow name="Writes">
        <a href={linkTo(["topics", topic])}>{topic}</a> {envelope === "cloudevents" ? "as CloudEvents" : "as it came"}
      </FactRow>
      <FilterAndTransform filter={filter} transform={transform} />
      <FactRow name="Order">{order === "none" ? "none" : `by ${order}`}</FactRow>
      <Retries retry={retry} then="the other system keeps it and delivers it again" />
      <BreakerRow breaker={breaker} />
      <FactRow name="Dead letters">
        <a href={linkTo(["dead-letters", dead_letters.topic])}>{dead_letters.topic}</a>, kept {toDurationText(dead_letters.retention_ms)}
      </FactRow>
    </FactTable>
  );
}
