/** A key or a value: as a JSON tree, as text, or as bytes. */
import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { toHexDump } from "../words/bytes.js";
import { toIndentedText } from "../words/json-text.js";
import { type RecordData, toRecordData } from "../words/record-text.js";
import { CopyButton } from "./copyable.js";
import { Segments } from "./fields.js";
import { JsonTree } from "./json-tree.js";

type Form = "tree" | "text" | "bytes";

interface DataViewProps {
  readonly title: string;
  readonly value: string | null;
  readonly format: string | undefined;
  /** Null is usual for keys; a null value is a tombstone. */
  readonly isKey?: boolean;
}

const shownBytesMax = 65_536;
const shownTextMax = 1_000_000;

export function DataPanel({ title, value, format, isKey = false }: DataViewProps) {
  const data = useMemo(() => toRecordData(value, format), [value, format]);
  const chosen = useSignal<Form | undefined>(undefined);
  const forms: readonly (readonly [Form, string])[] = [
    ...(data.json === undefined ? [] : [["tree", "Tree"] as const]),
    ["text", "Text"],
    ["bytes", "Hex"],
  ];
  const form = chosen.value ?? (data.kind === "json" ? "tree" : data.kind === "binary" ? "bytes" : "text");
  const isNothing = data.kind === "null" || data.kind === "empty";
  return (
    <section class="stack data-view">
      <div class="row">
        <h3>{title}</h3>
        <span class="grow" />
        {!isNothing && <Segments label={`${title} as`} value={form} choices={forms} onChange={(next) => (chosen.value = next)} />}
        {!isNothing && <CopyButton text={textOf(data)} label={`Copy the ${title.toLowerCase()}`} />}
      </div>
      {data.kind === "null" && (
        <p class="muted">{isKey ? "null: the record has no key" : "null: a tombstone, which deletes the key from a compacted topic"}</p>
      )}
      {data.kind === "empty" && <p class="muted">empty: no bytes</p>}
      {!isNothing && <Content data={data} form={form} />}
    </section>
  );
}

const textOf = ({ json, text, kind }: RecordData): string => (json !== undefined && kind === "json" ? toIndentedText(json) : text);

function Content({ data, form }: { readonly data: RecordData; readonly form: Form }) {
  if (form === "tree" && data.json !== undefined) return <JsonTree node={data.json} />;
  if (form === "bytes") return <pre class="code hex">{toHexDump(data.bytes, shownBytesMax)}</pre>;
  const text = textOf(data);
  return (
    <pre class="code">
      {text.length > shownTextMax ? `${text.slice(0, shownTextMax)}\n… ${text.length - shownTextMax} more characters: copy them` : text}
    </pre>
  );
}
