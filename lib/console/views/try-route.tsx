/** Trying a route: with a record of its topic or a pasted one. It shows what the filter says, what the transform makes, and what would be delivered; nothing is sent. */
import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { ApiError } from "../../client/api-error.js";
import type { AnswerTo } from "../../client/client.js";
import { Commands } from "../parts/copyable.js";
import { DataPanel } from "../parts/data-panel.js";
import { FormField, TextField } from "../parts/fields.js";
import { Icon } from "../parts/icons.js";
import { Trouble } from "../parts/trouble.js";
import { loadNewest } from "../state/records.js";
import type { RouteStatus } from "../state/routes.js";
import { api, noteFailure, token } from "../state/session.js";
import { apiUrl } from "../state/settings.js";
import { toCurl } from "../words/commands.js";

type Trial = AnswerTo<"POST /routes/{route}/try">;

export function TryRoute({ route }: { readonly route: RouteStatus }) {
  const key = useSignal("");
  const value = useSignal("");
  const trial = useSignal<Trial | undefined>(undefined);
  const failure = useSignal<ApiError | undefined>(undefined);
  const topic = route.sources[0]?.topic ?? "";
  const body = {
    record: { topic, key: key.value === "" ? null : { text: key.value }, value: value.value === "" ? null : { text: value.value } },
  };
  const guard = async (work: () => Promise<void>) => {
    failure.value = undefined;
    try {
      await work();
    } catch (thrown) {
      failure.value = noteFailure(thrown);
    }
  };
  const fillIn = () =>
    guard(async () => {
      const { signal } = new AbortController();
      const newest = await loadNewest(topic, signal);
      key.value = newest?.key ?? "";
      value.value = newest?.value ?? "";
    });
  const run = () =>
    guard(async () => {
      trial.value = await api.call("POST /routes/{route}/try", { path: { route: route.name }, body });
    });
  useEffect(() => void fillIn(), []);
  return (
    <div class="try">
      <section class="card pad stack">
        <div class="row">
          <h2>Record</h2>
          <span class="grow" />
          <button type="button" onClick={() => void fillIn()}>
            <Icon name="reload" /> Newest of {topic}
          </button>
        </div>
        <TriedRecord recordKey={key} value={value} />
        <div class="row">
          <button type="button" class="primary" onClick={() => void run()}>
            <Icon name="play" /> Try
          </button>
          <span class="muted">Nothing is sent.</span>
        </div>
        <Commands
          curl={toCurl({
            method: "POST",
            url: `${apiUrl}/routes/${route.name}/try`,
            body: JSON.stringify(body),
            hasToken: token.value !== undefined,
          })}
        />
        {failure.value !== undefined && <Trouble error={failure.value} />}
      </section>
      {trial.value !== undefined && <Outcome trial={trial.value} />}
    </div>
  );
}

function TriedRecord({ recordKey, value }: { readonly recordKey: Signal<string>; readonly value: Signal<string> }) {
  return (
    <>
      <TextField label="Key" value={recordKey} />
      <FormField label="Value">
        <textarea rows={14} spellcheck={false} value={value.value} onInput={(event) => (value.value = event.currentTarget.value)} />
      </FormField>
    </>
  );
}

const outcomeWords: Readonly<Record<Trial["outcome"], readonly [colour: string, words: string]>> = {
  delivered: ["good", "It would be delivered"],
  filtered: ["info", "The filter would drop it"],
  "dead-lettered": ["warn", "It would become a dead letter"],
  "given-back": ["bad", "It would be held"],
};

function Outcome({ trial: { outcome, filter, error, target, messages } }: { readonly trial: Trial }) {
  const [colour, words] = outcomeWords[outcome];
  return (
    <section class="card pad stack" aria-live="polite">
      <h2>
        <span class={`badge ${colour}`}>{words}</span>
      </h2>
      <p>
        {filter.matches === null ? "The route has no filter." : filter.matches ? "The filter matches." : "The filter does not match."}
        {target !== null &&
          messages.length > 0 &&
          ` ${messages.length} ${messages.length === 1 ? "message" : "messages"} to ${target.kind} ${target.name}.`}
      </p>
      {error !== null && (
        <div class="reason">
          <span class="badge warn">{error.code}</span>
          <p>
            {error.stage}: {error.message}
          </p>
        </div>
      )}
      {messages.map(({ id, key, value }) => (
        <div class="stack" key={id}>
          <DataPanel title="Key" value={key?.text ?? key?.base64 ?? null} format={key?.base64 === undefined ? "string" : "base64"} isKey />
          <DataPanel
            title="Value"
            value={value?.text ?? value?.base64 ?? null}
            format={value?.base64 === undefined ? "string" : "base64"}
          />
        </div>
      ))}
    </section>
  );
}
