/** The dead letters of a topic: by route, code and state; one, several or all are redriven or discarded. */
import { useSignal } from "@preact/signals";
import { Empty } from "../parts/empty.js";
import { SearchBox, Segments } from "../parts/fields.js";
import { Icon } from "../parts/icons.js";
import { type RowColumn, RowTable } from "../parts/rows.js";
import { LoadingState } from "../parts/trouble.js";
import { type ChosenLetters, type ListedLetter, loadLetters } from "../state/letters.js";
import { useLoaded } from "../state/loading.js";
import { changeQuery, linkTo, place } from "../state/place.js";
import { placeText } from "../state/records.js";
import { mayDo } from "../state/session.js";
import { toCountText } from "../words/format.js";
import { type LetterAction, LetterActionDialog } from "./letter-action.js";
import { letterColumns } from "./letter-columns.js";
import { LetterDrawer } from "./letter-drawer.js";

const refreshMs = 10_000;
const stateWords = [
  ["open", "Open"],
  ["redriven", "Redriven"],
  ["discarded", "Discarded"],
  ["any", "All"],
] as const;

export function DeadLettersView() {
  const [, topic = ""] = place.value.path;
  const { route = "", code = "", search = "", letter } = place.value.query;
  const state = stateWords.map(([name]) => name).find((name) => name === place.value.query.state) ?? "open";
  const loaded = useLoaded(
    `letters ${topic} ${route} ${code} ${state}`,
    (signal) => loadLetters(topic, { route, code, state }, signal),
    refreshMs,
  );
  const chosen = useSignal<ReadonlySet<string>>(new Set());
  const action = useSignal<LetterAction | undefined>(undefined);
  const letters = (loaded.data?.letters ?? []).filter(({ message = "" }) => message.toLowerCase().includes(search.toLowerCase()));
  const marked = letters.filter((one) => chosen.value.has(placeText(one)));
  const begin = (kind: LetterAction["kind"], choice: ChosenLetters, count: number) => {
    action.value = { kind, choice, count };
  };
  const end = () => {
    action.value = undefined;
    chosen.value = new Set();
    loaded.reload();
  };
  return (
    <div class="view">
      <div class="view-head">
        <div class="crumbs">
          <a href={linkTo(["dead-letters"])}>Dead letters</a>
          <span class="muted">/</span>
          <h1>{topic}</h1>
        </div>
        {loaded.data !== undefined && <span class="muted">{`${toCountText(letters.length)}${loaded.data.hasMore ? "+" : ""}`}</span>}
        <span class="grow" />
        <Actions
          topic={topic}
          marked={marked}
          all={letters}
          filter={state === "open" && search === "" ? { ...(route === "" ? {} : { route }), ...(code === "" ? {} : { code }) } : undefined}
          onBegin={begin}
        />
      </div>
      <LetterBar letters={loaded.data?.letters ?? []} state={state} />
      <LoadingState loaded={loaded} />
      {loaded.data !== undefined && letters.length === 0 && <NoLetters state={state} />}
      {letters.length > 0 && (
        <RowTable
          label="Dead letters"
          rows={letters}
          keyOf={placeText}
          columns={[markColumn(chosen), ...letterColumns]}
          selected={letter}
          onOpen={(one) => changeQuery({ letter: placeText(one) })}
        />
      )}
      {letter !== undefined && <LetterDrawer key={letter} topic={topic} letterPlace={letter} onBegin={begin} />}
      {action.value !== undefined && <LetterActionDialog topic={topic} action={action.value} onClose={end} />}
    </div>
  );
}

function markColumn(chosen: { value: ReadonlySet<string> }): RowColumn<ListedLetter> {
  const set = (name: string, isOn: boolean) => {
    const next = new Set(chosen.value);
    if (isOn) next.add(name);
    else next.delete(name);
    chosen.value = next;
  };
  return {
    title: "Mark",
    width: "56px",
    cell: (letter) => {
      const name = placeText(letter);
      return (
        <input
          type="checkbox"
          aria-label={`Mark ${name}`}
          checked={chosen.value.has(name)}
          onChange={(event) => set(name, event.currentTarget.checked)}
        />
      );
    },
  };
}

interface ActionsProps {
  readonly topic: string;
  readonly marked: readonly ListedLetter[];
  readonly all: readonly ListedLetter[];
  /** What the API can find itself. Undefined: only this page knows which letters are shown, so each of them is named. */
  readonly filter: ChosenLetters | undefined;
  readonly onBegin: (kind: LetterAction["kind"], choice: ChosenLetters, count: number) => void;
}

function Actions({ topic, marked, all, filter, onBegin }: ActionsProps) {
  const isSome = marked.length > 0;
  const named = isSome ? marked : filter === undefined ? all : undefined;
  const choice: ChosenLetters =
    named !== undefined
      ? { letters: named.map(({ partition, offset }) => ({ partition, offset })) }
      : Object.keys(filter ?? {}).length > 0
        ? (filter ?? {})
        : { all: true };
  const count = isSome ? marked.length : all.length;
  const words = isSome ? `${marked.length} marked` : filter === undefined ? "these" : "all";
  return (
    <>
      {mayDo("dead-letter:discard", topic) && (
        <button type="button" class="quiet danger" disabled={count === 0} onClick={() => onBegin("discard", choice, count)}>
          <Icon name="trash" /> Discard {words}
        </button>
      )}
      {mayDo("dead-letter:redrive", topic) && (
        <button type="button" class="primary" disabled={count === 0} onClick={() => onBegin("redrive", choice, count)}>
          <Icon name="again" /> Redrive {words}
        </button>
      )}
    </>
  );
}

function LetterBar({ letters, state }: { readonly letters: readonly ListedLetter[]; readonly state: (typeof stateWords)[number][0] }) {
  const { route = "", code = "", search = "" } = place.value.query;
  const routes = [...new Set([route, ...letters.flatMap((one) => one.route ?? [])])].filter((name) => name !== "").sort();
  const codes = [...new Set([code, ...letters.flatMap((one) => one.code ?? [])])].filter((name) => name !== "").sort();
  return (
    <div class="row wrap">
      <Segments
        label="State"
        value={state}
        choices={stateWords}
        onChange={(next) => changeQuery({ state: next === "open" ? undefined : next })}
      />
      <select aria-label="Route" value={route} onChange={(event) => changeQuery({ route: event.currentTarget.value })}>
        <option value="">All routes</option>
        {routes.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <select aria-label="Code" value={code} onChange={(event) => changeQuery({ code: event.currentTarget.value })}>
        <option value="">All codes</option>
        {codes.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <SearchBox label="Search in reasons" value={search} onInput={(text) => changeQuery({ search: text })} />
    </div>
  );
}

function NoLetters({ state }: { readonly state: string }) {
  return (
    <Empty title={state === "open" ? "No dead letters are open" : "Nothing matches"}>
      <p>{state === "open" ? "Every record was delivered, redriven or discarded." : "Choose another state, route or code."}</p>
    </Empty>
  );
}
