/** The record that is open: its value as a tree, text or bytes, its key, headers and place, and what can be done with it. */
import { useSignal } from "@preact/signals";
import { Commands, CopyButton } from "../parts/copyable.js";
import { Drawer } from "../parts/drawer.js";
import { FactRow, FactTable } from "../parts/fact-table.js";
import { Icon } from "../parts/icons.js";
import { TimeText } from "../parts/times.js";
import { LoadingState } from "../parts/trouble.js";
import { useLoaded } from "../state/loading.js";
import { changeQuery, linkTo } from "../state/place.js";
import { loadRecord, type ShownRecord } from "../state/records.js";
import { cluster, mayDo, token } from "../state/session.js";
import { apiUrl } from "../state/settings.js";
import { toCommand, toCurl } from "../words/commands.js";
import { toSizeText } from "../words/format.js";
import { sizeOf, toEventAttributes } from "../words/record-text.js";
import { DecodedPanel } from "./decoded-panel.js";
import { type ProduceDraft, toDraft } from "./produce-draft.js";

interface RecordDrawerProps {
  readonly topic: string;
  /** "<partition>/<offset>" */
  readonly recordPlace: string;
  /** The record, where the list has it. */
  readonly known: ShownRecord | undefined;
  readonly onResend: (draft: ProduceDraft) => void;
}

export function RecordDrawer({ topic, recordPlace, known, onResend }: RecordDrawerProps) {
  const isWhole = known !== undefined && known.omitted === undefined;
  const loaded = useLoaded(`record ${topic} ${recordPlace}`, async (signal) => (isWhole ? known : loadRecord(topic, recordPlace, signal)));
  const record = loaded.data;
  const actions = record !== undefined && (
    <>
      <CopyButton
        text={`${location.origin}${location.pathname}${linkTo(["topics", topic], { record: recordPlace })}`}
        label="Copy a link to this record"
      />
      {mayDo("record:write", topic) && record.omitted === undefined && (
        <button type="button" onClick={() => onResend(toDraft(record))}>
          <Icon name="again" /> Resend
        </button>
      )}
    </>
  );
  return (
    <Drawer title={`Record ${recordPlace}`} onClose={() => changeQuery({ record: undefined })} actions={actions}>
      <LoadingState loaded={loaded} />
      {record !== undefined && <RecordDetails topic={topic} record={record} />}
    </Drawer>
  );
}

function RecordDetails({ topic, record }: { readonly topic: string; readonly record: ShownRecord }) {
  const { partition, offset, timestamp, timestamp_type, key, key_format, value, value_format, omitted } = record;
  const event = toEventAttributes(record);
  const path = `/v3/clusters/${cluster.value.cluster_id}/topics/${encodeURIComponent(topic)}/partitions/${partition}/records/${offset}`;
  return (
    <>
      <FactTable>
        <FactRow name="Time">
          <TimeText timeMs={timestamp} />{" "}
          <span class="muted">{timestamp_type === "CREATE_TIME" ? "set by the producer" : "set by the broker"}</span>
        </FactRow>
        <FactRow name="Size">
          {toSizeText(omitted?.value_bytes ?? sizeOf(value, value_format))} value,{" "}
          {toSizeText(omitted?.key_bytes ?? sizeOf(key, key_format))} key
        </FactRow>
      </FactTable>
      {omitted !== undefined && <p class="badge warn">The record is too large for an answer of this API.</p>}
      {event !== undefined && <EventAttributes attributes={event} />}
      <DecodedPanel topic={topic} record={record} part="key" />
      <DecodedPanel topic={topic} record={record} part="value" />
      <Headers record={record} />
      <Commands
        curl={toCurl({ method: "GET", url: `${apiUrl}${path}`, hasToken: token.value !== undefined })}
        command={toCommand("consume", topic, "--from-offset", offset, "--partitions", partition, "--limit", 1, "--json")}
      />
    </>
  );
}

function EventAttributes({ attributes }: { readonly attributes: readonly (readonly [string, string])[] }) {
  return (
    <section>
      <h3>CloudEvent</h3>
      <FactTable>
        {attributes.map(([name, value]) => (
          <FactRow key={name} name={name}>
            <span class="mono">{value}</span>
          </FactRow>
        ))}
      </FactTable>
    </section>
  );
}

function Headers({ record: { headers } }: { readonly record: ShownRecord }) {
  const isOpen = useSignal(true);
  if (headers.length === 0) return <p class="muted">No headers</p>;
  return (
    <details open={isOpen.value}>
      <summary>Headers ({headers.length})</summary>
      <FactTable>
        {headers.map(({ name, value, value_format }, index) => (
          // Names may repeat, and their order counts.
          <FactRow key={index} name={name}>
            {value === null ? <span class="muted">null</span> : <span class="mono">{value}</span>}{" "}
            {value_format === "base64" && <span class="badge">base64</span>}
          </FactRow>
        ))}
      </FactTable>
    </details>
  );
}
