/** The headers of a record while it is written: any number, names may repeat, and their order is kept. */
import type { Signal } from "@preact/signals";
import { Icon } from "../parts/icons.js";
import type { DraftHeader } from "./produce-draft.js";

export function HeaderFields({ headers }: { readonly headers: Signal<readonly DraftHeader[]> }) {
  const change = (index: number, changes: Partial<DraftHeader>) => {
    headers.value = headers.value.map((header, at) => (at === index ? { ...header, ...changes } : header));
  };
  return (
    <div class="stack">
      {headers.value.map(({ name, value, isBase64 }, index) => (
        <div class="headers-grid" key={index}>
          <input
            aria-label={`Name of header ${index + 1}`}
            placeholder="name"
            value={name}
            onInput={(event) => change(index, { name: event.currentTarget.value })}
          />
          <input
            aria-label={`Value of header ${index + 1}`}
            placeholder="value"
            title={isBase64 === true ? "in base64" : ""}
            value={value}
            onInput={(event) => change(index, { value: event.currentTarget.value })}
          />
          <button
            type="button"
            class="quiet icon"
            aria-label={`Remove header ${index + 1}`}
            onClick={() => (headers.value = headers.value.filter((_, at) => at !== index))}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
      <div>
        <button type="button" onClick={() => (headers.value = [...headers.value, { name: "", value: "" }])}>
          <Icon name="plus" /> Header
        </button>
      </div>
    </div>
  );
}
