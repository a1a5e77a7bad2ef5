/** The dialog of an action: what it needs, the same as commands, and its failure beside what was typed. Deleting asks for the name. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { ApiError } from "../../client/api-error.js";
import { notify } from "../state/notices.js";
import { noteFailure } from "../state/session.js";
import { Commands } from "./copyable.js";
import { Dialog } from "./dialog.js";
import { Trouble } from "./trouble.js";

interface ActionDialogProps {
  readonly title: string;
  readonly verb: string;
  readonly run: () => Promise<unknown>;
  readonly onClose: () => void;
  readonly onDone?: () => void;
  /** Said when it is done. */
  readonly done: string;
  readonly curl: string;
  readonly command?: string | undefined;
  /** It cannot be undone: this name has to be typed. */
  readonly nameToType?: string;
  readonly isDanger?: boolean;
  readonly isReady?: boolean;
  readonly children?: ComponentChildren;
}

export function ActionDialog(props: ActionDialogProps) {
  const { title, verb, run, onClose, onDone, done, nameToType, isDanger = nameToType !== undefined, isReady = true } = props;
  const isRunning = useSignal(false);
  const failure = useSignal<ApiError | undefined>(undefined);
  const typed = useSignal("");
  const mayRun = isReady && !isRunning.value && (nameToType === undefined || typed.value === nameToType);
  const submit = async () => {
    if (!mayRun) return;
    isRunning.value = true;
    failure.value = undefined;
    try {
      await run();
      notify(done);
      onDone?.();
      onClose();
    } catch (thrown) {
      failure.value = noteFailure(thrown);
    } finally {
      isRunning.value = false;
    }
  };
  const foot = (
    <>
      <button type="button" onClick={onClose}>
        Cancel
      </button>
      <button type="submit" class={`primary ${isDanger ? "danger" : ""}`} disabled={!mayRun}>
        {isRunning.value ? "…" : verb}
      </button>
    </>
  );
  return (
    <Dialog title={title} onClose={onClose} onSubmit={() => void submit()} foot={foot}>
      {props.children}
      {nameToType !== undefined && <NameField name={nameToType} onInput={(text) => (typed.value = text)} />}
      <Commands curl={props.curl} command={props.command} />
      {failure.value !== undefined && <Trouble error={failure.value} />}
    </Dialog>
  );
}

function NameField({ name, onInput }: { readonly name: string; readonly onInput: (text: string) => void }) {
  return (
    <label class="field">
      <span>
        Type <code>{name}</code> to confirm
      </span>
      <input class="mono" autocomplete="off" spellcheck={false} onInput={(event) => onInput(event.currentTarget.value)} />
    </label>
  );
}
