/** Fields of forms, each with its label. */
import type { Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { Icon } from "./icons.js";

interface FieldProps {
  readonly label: string;
  readonly hint?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function FormField({ label, hint, children }: FieldProps) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is a child
    <label class="field">
      <span>{label}</span>
      {children}
      {hint !== undefined && <small>{hint}</small>}
    </label>
  );
}

export function TextField(props: {
  readonly label: string;
  readonly value: Signal<string>;
  readonly hint?: ComponentChildren;
  readonly placeholder?: string;
}) {
  const { label, value, hint, placeholder = "" } = props;
  return (
    <FormField label={label} hint={hint}>
      <input
        type="text"
        value={value.value}
        placeholder={placeholder}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => (value.value = event.currentTarget.value)}
      />
    </FormField>
  );
}

export function ChoiceField<Choice extends string>(props: {
  readonly label: string;
  readonly value: Signal<Choice>;
  readonly choices: readonly (readonly [Choice, string])[];
}) {
  const { label, value, choices } = props;
  return (
    <FormField label={label}>
      <select value={value.value} onChange={(event) => (value.value = event.currentTarget.value as Choice)}>
        {choices.map(([choice, words]) => (
          <option key={choice} value={choice}>
            {words}
          </option>
        ))}
      </select>
    </FormField>
  );
}

export function SearchBox({
  value,
  label,
  onInput,
  onEnter,
}: {
  readonly value: string;
  readonly label: string;
  readonly onInput: (text: string) => void;
  readonly onEnter?: () => void;
}) {
  return (
    <div class="search">
      <Icon name="search" />
      <input
        type="search"
        data-search
        aria-label={label}
        placeholder={label}
        value={value}
        spellcheck={false}
        onInput={(event) => onInput(event.currentTarget.value)}
        onKeyDown={(event) => (event.key === "Enter" ? onEnter?.() : undefined)}
      />
    </div>
  );
}

export function CheckBox({
  label,
  isOn,
  onChange,
}: {
  readonly label: string;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
}) {
  return (
    <label class="check">
      <input type="checkbox" checked={isOn} onChange={(event) => onChange(event.currentTarget.checked)} />
      {label}
    </label>
  );
}

/** One of few, all in sight. */
export function Segments<Choice extends string>(props: {
  readonly label: string;
  readonly value: Choice;
  readonly choices: readonly (readonly [Choice, string])[];
  readonly onChange: (choice: Choice) => void;
}) {
  const { label, value, choices, onChange } = props;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out inline in every browser
    <div class="segments" role="group" aria-label={label}>
      {choices.map(([choice, words]) => (
        <button key={choice} type="button" aria-pressed={choice === value} onClick={() => onChange(choice)}>
          {words}
        </button>
      ))}
    </div>
  );
}
