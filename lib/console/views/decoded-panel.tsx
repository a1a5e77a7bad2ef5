/** A key or value decoded by its schema, where its bytes name one; else as it is. */
import { useMemo } from "preact/hooks";
import { DataPanel } from "../parts/data-panel.js";
import { JsonTree } from "../parts/json-tree.js";
import { LoadingState } from "../parts/trouble.js";
import { decodeRecord, mayNameSchema } from "../state/decoding.js";
import { useLoaded } from "../state/loading.js";
import type { ShownRecord } from "../state/records.js";
import { toRecordData } from "../words/record-text.js";

interface DecodedPanelProps {
  readonly topic: string;
  readonly record: ShownRecord;
  readonly part: "key" | "value";
}

export function DecodedPanel({ topic, record, part }: DecodedPanelProps) {
  const [value, format] = part === "key" ? [record.key, record.key_format] : [record.value, record.value_format];
  const namesSchema = useMemo(() => mayNameSchema(toRecordData(value, format).bytes, record, part), [record, part]);
  return (
    <>
      {namesSchema && <Decoded topic={topic} record={record} part={part} />}
      <DataPanel title={part === "key" ? "Key" : "Value"} value={value} format={format} isKey={part === "key"} />
    </>
  );
}

function Decoded({ topic, record, part }: DecodedPanelProps) {
  const loaded = useLoaded(`decoded ${topic} ${record.partition}/${record.offset} ${part}`, (signal) =>
    decodeRecord(topic, record, part, signal),
  );
  const { node, schema, fault } = loaded.data ?? {};
  return (
    <section class="stack">
      <div class="row">
        <h3>{part === "key" ? "Key" : "Value"}, decoded</h3>
        {schema !== undefined && schema !== "" && <span class="badge info">{schema}</span>}
      </div>
      <LoadingState loaded={loaded} />
      {fault !== undefined && <p class="muted">It is not decoded: {fault}</p>}
      {fault === undefined && node !== undefined && <JsonTree node={node} />}
    </section>
  );
}
