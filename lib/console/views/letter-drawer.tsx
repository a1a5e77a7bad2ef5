/** One dead letter: why it was written, and the record, side by side with what can be done. */
import { DataPanel } from "../parts/data-panel.js";
import { Drawer } from "../parts/drawer.js";
import { FactRow, FactTable } from "../parts/fact-table.js";
import { Icon } from "../parts/icons.js";
import { TimeText } from "../parts/times.js";
import { LoadingState } from "../parts/trouble.js";
import type { ChosenLetters, ShownLetter } from "../state/letters.js";
import { useLoaded } from "../state/loading.js";
import { changeQuery } from "../state/place.js";
import { api, mayDo } from "../state/session.js";
import type { LetterAction } from "./letter-action.js";
import { OriginLink, stateColours } from "./letter-columns.js";

interface LetterDrawerProps {
  readonly topic: string;
  /** "<partition>/<offset>" */
  readonly letterPlace: string;
  readonly onBegin: (kind: LetterAction["kind"], choice: ChosenLetters, count: number) => void;
}

const refreshMs = 5_000;

export function LetterDrawer({ topic, letterPlace, onBegin }: LetterDrawerProps) {
  const [partition = "", offset = ""] = letterPlace.split("/");
  const loaded = useLoaded(
    `letter ${topic} ${letterPlace}`,
    (signal) => api.call("GET /dead-letters/{topic}/{partition}/{offset}", { path: { topic, partition, offset }, signal }),
    refreshMs,
  );
  const choice = { letters: [{ partition: Number(partition), offset }] };
  const actions = (
    <>
      {mayDo("dead-letter:discard", topic) && (
        <button type="button" class="danger" onClick={() => onBegin("discard", choice, 1)}>
          <Icon name="trash" /> Discard
        </button>
      )}
      {mayDo("dead-letter:redrive", topic) && (
        <button type="button" class="primary" onClick={() => onBegin("redrive", choice, 1)}>
          <Icon name="again" /> Redrive
        </button>
      )}
    </>
  );
  return (
    <Drawer title={`Dead letter ${letterPlace}`} onClose={() => changeQuery({ letter: undefined })} actions={actions}>
      <LoadingState loaded={loaded} />
      {loaded.data !== undefined && <LetterDetails letter={loaded.data} />}
    </Drawer>
  );
}

function LetterDetails({ letter }: { readonly letter: ShownLetter }) {
  const {
    state,
    state_since,
    redriven_to,
    route,
    written_by,
    target,
    code,
    message,
    stage,
    status,
    attempts,
    first_time,
    last_time,
    redrives,
    origin,
    answer,
    record,
  } = letter;
  return (
    <>
      <div class="reason">
        <span class="badge warn">{code ?? "unknown"}</span>
        <p>{message ?? "No reason was written."}</p>
      </div>
      <FactTable>
        <FactRow name="State">
          <span class={`badge ${stateColours[state]}`}>{state}</span>{" "}
          {redriven_to !== undefined && <span class="muted">to {redriven_to}</span>}{" "}
          {state_since !== undefined && <TimeText timeMs={Date.parse(state_since)} />}
        </FactRow>
        <FactRow name="Route">{route ?? written_by}</FactRow>
        {target !== undefined && <FactRow name="Target">{target}</FactRow>}
        {stage !== undefined && <FactRow name="Failed at">{stage}</FactRow>}
        {status !== undefined && <FactRow name="Status">{status}</FactRow>}
        {attempts !== undefined && <FactRow name="Attempts">{attempts}</FactRow>}
        <FactRow name="Time">
          {first_time !== undefined && first_time !== last_time && (
            <>
              <TimeText timeMs={Date.parse(first_time)} /> to{" "}
            </>
          )}
          <TimeText timeMs={Date.parse(last_time)} />
        </FactRow>
        {redrives > 0 && <FactRow name="Redrives">{redrives}</FactRow>}
        <FactRow name="Origin">
          <OriginLink origin={origin} />
        </FactRow>
      </FactTable>
      {answer !== undefined && (
        <section class="stack">
          <h3>The target's response</h3>
          <pre class="code">{answer}</pre>
        </section>
      )}
      <LetterRecord record={record} />
    </>
  );
}

function LetterRecord({ record: { key, value, headers } }: { readonly record: ShownLetter["record"] }) {
  const formOf = (data: typeof key) => (data?.base64 === undefined ? "string" : "base64");
  return (
    <>
      <DataPanel title="Key" value={key?.text ?? key?.base64 ?? null} format={formOf(key)} isKey />
      <DataPanel title="Value" value={value?.text ?? value?.base64 ?? null} format={formOf(value)} />
      {headers.length > 0 && (
        <details>
          <summary>Headers ({headers.length})</summary>
          <FactTable>
            {headers.map(({ name, value: header }, index) => (
              <FactRow key={`${index} ${name}`} name={name}>
                <span class="mono">{header?.text ?? header?.base64 ?? "null"}</span>
              </FactRow>
            ))}
          </FactTable>
        </details>
      )}
    </>
  );
}
