/** Redriving or discarding dead letters: with a rate, visible progress, and a stop. */
import { type Signal, useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { ApiError } from "../../client/api-error.js";
import { Commands } from "../parts/copyable.js";
import { Dialog } from "../parts/dialog.js";
import { ChoiceField, TextField } from "../parts/fields.js";
import { Trouble } from "../parts/trouble.js";
import { type ChosenLetters, discardLetters, type LetterProgress, redriveLetters } from "../state/letters.js";
import { notify } from "../state/notices.js";
import { noteFailure, token } from "../state/session.js";
import { apiUrl } from "../state/settings.js";
import { toCommand, toCurl } from "../words/commands.js";
import { toCountText } from "../words/format.js";

export interface LetterAction {
  readonly kind: "redrive" | "discard";
  readonly choice: ChosenLetters;
  readonly count: number;
}

const rateDefault = "10";

export function LetterActionDialog({
  topic,
  action,
  onClose,
}: {
  readonly topic: string;
  readonly action: LetterAction;
  readonly onClose: () => void;
}) {
  const { kind, choice, count } = action;
  const destination = useSignal<"route" | "topic">("route");
  const rate = useSignal(rateDefault);
  const progress = useSignal<LetterProgress | undefined>(undefined);
  const failure = useSignal<ApiError | undefined>(undefined);
  const isRunning = useSignal(false);
  const stop = useRef(new AbortController());
  const isRedrive = kind === "redrive";
  const options = { destination: destination.value, ratePerSecond: Math.min(1_000, Math.max(1, Math.trunc(Number(rate.value)) || 1)) };
  const run = async () => {
    stop.current = new AbortController();
    isRunning.value = true;
    failure.value = undefined;
    const show = (next: LetterProgress) => (progress.value = next);
    try {
      const { signal } = stop.current;
      const end = isRedrive
        ? await redriveLetters(topic, choice, options, show, signal)
        : await discardLetters(topic, choice, show, signal);
      if (end.failed > 0 || end.skipped > 0) return;
      notify(`${toCountText(end.done)} ${end.done === 1 ? "letter was" : "letters were"} ${isRedrive ? "redriven" : "discarded"}.`);
      onClose();
    } catch (thrown) {
      if (!stop.current.signal.aborted) failure.value = noteFailure(thrown);
    } finally {
      isRunning.value = false;
    }
  };
  const foot = (
    <ActionFoot
      isRedrive={isRedrive}
      count={count}
      isRunning={isRunning.value}
      onEnd={isRunning.value ? () => stop.current.abort() : onClose}
    />
  );
  return (
    <Dialog title={isRedrive ? "Redrive" : "Discard"} onClose={onClose} onSubmit={() => void run()} foot={foot} isFixed={isRunning.value}>
      {isRedrive ? (
        <RedriveFields destination={destination} rate={rate} />
      ) : (
        <p>
          Discarded letters are marked, and stay in their topic until its retention deletes them. They can still be redriven one by one.
        </p>
      )}
      <Commands {...commandsOf(topic, action, options)} />
      {progress.value !== undefined && <ProgressLine progress={progress.value} count={count} isRunning={isRunning.value} />}
      {failure.value !== undefined && <Trouble error={failure.value} />}
    </Dialog>
  );
}

function ActionFoot(props: {
  readonly isRedrive: boolean;
  readonly count: number;
  readonly isRunning: boolean;
  readonly onEnd: () => void;
}) {
  const { isRedrive, count, isRunning, onEnd } = props;
  const words = `${toCountText(count)} dead ${count === 1 ? "letter" : "letters"}`;
  return (
    <>
      <button type="button" onClick={onEnd}>
        {isRunning ? "Stop" : "Close"}
      </button>
      <button type="submit" class={`primary ${isRedrive ? "" : "danger"}`} disabled={isRunning}>
        {isRedrive ? `Redrive ${words}` : `Discard ${words}`}
      </button>
    </>
  );
}

function RedriveFields({ destination, rate }: { readonly destination: Signal<"route" | "topic">; readonly rate: Signal<string> }) {
  return (
    <div class="fields">
      <ChoiceField
        label="Send them to"
        value={destination}
        choices={[
          ["route", "the route that could not deliver them"],
          ["topic", "the topic that they come from: every route sees them again"],
        ]}
      />
      <TextField label="At most per second" value={rate} />
    </div>
  );
}

function ProgressLine({
  progress,
  count,
  isRunning,
}: {
  readonly progress: LetterProgress;
  readonly count: number;
  readonly isRunning: boolean;
}) {
  const { done, failed, skipped, messages } = progress;
  return (
    <div class="stack" role="status">
      <progress max={Math.max(count, done + failed + skipped)} value={done + failed + skipped} aria-label="Progress" />
      <div>
        {`${toCountText(done)} done`}
        {failed > 0 && <span class="badge bad">{toCountText(failed)} failed</span>}
        {skipped > 0 && <span class="badge warn">{toCountText(skipped)} skipped</span>}
        {isRunning && <span class="muted"> working …</span>}
      </div>
      {messages.map((message) => (
        <div class="muted" key={message}>
          {message}
        </div>
      ))}
    </div>
  );
}

function commandsOf(
  topic: string,
  { kind, choice }: LetterAction,
  options: { readonly destination: string; readonly ratePerSecond: number },
) {
  const body = { ...choice, ...(kind === "redrive" ? { destination: options.destination, rate_per_second: options.ratePerSecond } : {}) };
  const letters = (choice.letters ?? []).flatMap(({ partition, offset }) => ["--letter", `${partition}/${offset}`]);
  const filters = [
    ...(choice.route === undefined ? [] : ["--route", choice.route]),
    ...(choice.code === undefined ? [] : ["--code", choice.code]),
  ];
  const rate = kind === "redrive" ? ["--rate", options.ratePerSecond, ...(options.destination === "topic" ? ["--to-topic"] : [])] : [];
  const url = `${apiUrl}/dead-letters/${encodeURIComponent(topic)}/${kind}`;
  return {
    curl: toCurl({ method: "POST", url, body: JSON.stringify(body), hasToken: token.value !== undefined }),
    command: toCommand("dead-letters", kind, topic, ...letters, ...filters, ...(choice.all === true ? ["--all"] : []), ...rate),
  };
}
