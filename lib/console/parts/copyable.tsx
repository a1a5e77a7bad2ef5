/** Text to copy: commands, addresses, values. */
import { useState } from "preact/hooks";
import { Icon } from "./icons.js";

const doneMs = 1_500;

export function CopyButton({ text, label = "Copy" }: { readonly text: string; readonly label?: string }) {
  const [isDone, setDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setDone(true);
    setTimeout(() => setDone(false), doneMs);
  };
  return (
    <button type="button" class="quiet icon" onClick={() => void copy()} aria-label={label} title={label}>
      <Icon name={isDone ? "check" : "copy"} />
    </button>
  );
}

function Copyable({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    <div class="code">
      <pre>{text}</pre>
      <CopyButton text={text} label={label} />
    </div>
  );
}

/** The same action as a call and as a command. */
export function Commands({ curl, command }: { readonly curl: string; readonly command?: string | undefined }) {
  return (
    <details>
      <summary>The same with curl{command === undefined ? "" : " or on the command line"}</summary>
      <div class="stack">
        <Copyable text={curl} label="Copy the curl command" />
        {command !== undefined && <Copyable text={command} label="Copy the command line" />}
      </div>
    </details>
  );
}
