/** Producing a record: JSON, text, bytes, a CloudEvent or a tombstone, with key and headers. What was typed stays when the API refuses it. */
import { type Signal, useComputed, useSignal } from "@preact/signals";
import type { ApiError } from "../../client/api-error.js";
import { Commands } from "../parts/copyable.js";
import { Dialog } from "../parts/dialog.js";
import { ChoiceField, FormField, TextField } from "../parts/fields.js";
import { Trouble } from "../parts/trouble.js";
import { notify } from "../state/notices.js";
import { linkTo } from "../state/place.js";
import { produce } from "../state/producing.js";
import { cluster, noteFailure, token } from "../state/session.js";
import { apiUrl } from "../state/settings.js";
import { toCommand, toCurl } from "../words/commands.js";
import { HeaderFields } from "./header-fields.js";
import { type DraftHeader, type KeyType, type ProduceDraft, toCall, type ValueType } from "./produce-draft.js";
import { emptySchema, type TypedSchema } from "./produce-schema.js";
import { SchemaFields } from "./schema-fields.js";

export function ProduceDialog({
  topic,
  draft,
  onClose,
}: {
  readonly topic: string;
  readonly draft: ProduceDraft;
  readonly onClose: () => void;
}) {
  const form = useForm(draft);
  const call = useComputed(() => toCall(cluster.value.cluster_id, topic, toValues(form)));
  const isSending = useSignal(false);
  const failure = useSignal<ApiError | undefined>(undefined);
  const send = async () => {
    if ("fault" in call.value || isSending.value) return;
    isSending.value = true;
    failure.value = undefined;
    try {
      const { partition, offset } = await produce(call.value);
      notify(`Written to partition ${partition} at offset ${offset}.`, linkTo(["topics", topic], { record: `${partition}/${offset}` }));
      onClose();
    } catch (thrown) {
      failure.value = noteFailure(thrown);
    } finally {
      isSending.value = false;
    }
  };
  const foot = (
    <>
      {"fault" in call.value && <span class="muted grow">{call.value.fault}</span>}
      <button type="button" onClick={onClose}>
        Cancel
      </button>
      <button type="submit" class="primary" disabled={"fault" in call.value || isSending.value}>
        Produce
      </button>
    </>
  );
  return (
    <Dialog title={`Produce to ${topic}`} onClose={onClose} onSubmit={() => void send()} foot={foot}>
      <KeyAndValue form={form} topic={topic} />
      {form.valueType.value !== "event" && <HeaderFields headers={form.headers} />}
      {!("fault" in call.value) && (
        <Commands
          curl={toCurl({
            method: "POST",
            url: `${apiUrl}${call.value.path}`,
            body: call.value.body,
            contentType: call.value.contentType,
            hasToken: token.value !== undefined,
          })}
          command={commandOf(topic, form)}
        />
      )}
      {failure.value !== undefined && <Trouble error={failure.value} />}
    </Dialog>
  );
}

interface Form {
  readonly partition: Signal<string>;
  readonly keyType: Signal<KeyType>;
  readonly key: Signal<string>;
  readonly valueType: Signal<ValueType>;
  readonly value: Signal<string>;
  readonly keySchema: Signal<TypedSchema>;
  readonly valueSchema: Signal<TypedSchema>;
  readonly headers: Signal<readonly DraftHeader[]>;
  readonly eventType: Signal<string>;
  readonly eventSource: Signal<string>;
}

function useForm(draft: ProduceDraft): Form {
  return {
    partition: useSignal(draft.partition ?? ""),
    keyType: useSignal<KeyType>(draft.keyType ?? "none"),
    key: useSignal(draft.key ?? ""),
    valueType: useSignal<ValueType>(draft.valueType ?? "json"),
    value: useSignal(draft.value ?? ""),
    keySchema: useSignal(draft.keySchema ?? emptySchema),
    valueSchema: useSignal(draft.valueSchema ?? emptySchema),
    headers: useSignal<readonly DraftHeader[]>(draft.headers ?? []),
    eventType: useSignal(draft.eventType ?? ""),
    eventSource: useSignal(draft.eventSource ?? "/console"),
  };
}

const toValues = (form: Form): Required<ProduceDraft> => ({
  partition: form.partition.value,
  keyType: form.keyType.value,
  key: form.key.value,
  valueType: form.valueType.value,
  value: form.value.value,
  keySchema: form.keySchema.value,
  valueSchema: form.valueSchema.value,
  headers: form.headers.value,
  eventType: form.eventType.value,
  eventSource: form.eventSource.value,
});

const keyChoices = [
  ["none", "No key"],
  ["text", "Text"],
  ["json", "JSON"],
  ["binary", "Bytes, in base64"],
  ["schema", "With a schema"],
] as const;
const valueChoices = [
  ["json", "JSON"],
  ["text", "Text"],
  ["binary", "Bytes, in base64"],
  ["schema", "With a schema"],
  ["event", "CloudEvent"],
  ["null", "null (a tombstone)"],
] as const;

function KeyAndValue({ form, topic }: { readonly form: Form; readonly topic: string }) {
  const { keyType, key, valueType, value, partition, eventType, eventSource } = form;
  const isEvent = valueType.value === "event";
  return (
    <>
      <div class="fields">
        <ChoiceField label="Value" value={valueType} choices={valueChoices} />
        {!isEvent && <ChoiceField label="Key" value={keyType} choices={keyChoices} />}
        {!isEvent && <TextField label="Partition" value={partition} placeholder="by the key" />}
      </div>
      {isEvent && (
        <div class="fields">
          <TextField label="Type" value={eventType} placeholder="order.created" />
          <TextField label="Source" value={eventSource} />
        </div>
      )}
      {!isEvent && keyType.value === "schema" && <SchemaFields part="Key" topic={topic} schema={form.keySchema} />}
      {!isEvent && keyType.value !== "none" && (
        <TextField label={keyType.value === "schema" ? "Key data, as JSON" : "Key data"} value={key} />
      )}
      {valueType.value === "schema" && <SchemaFields part="Value" topic={topic} schema={form.valueSchema} />}
      {valueType.value === "null" ? (
        <p class="muted">A record without a value deletes its key from a compacted topic.{keyType.value === "none" && " Give it a key."}</p>
      ) : (
        <FormField label={isEvent ? "Data, as JSON" : valueType.value === "schema" ? "Value data, as JSON" : "Value data"}>
          <textarea
            rows={8}
            spellcheck={false}
            value={value.value}
            placeholder={valueType.value === "json" || isEvent ? '{"total": 12.50}' : ""}
            onInput={(event) => (value.value = event.currentTarget.value)}
          />
        </FormField>
      )}
    </>
  );
}

/** Only what the command line can say in one line. */
function commandOf(topic: string, { valueType, keyType, key, value }: Form): string | undefined {
  if (valueType.value === "null" && keyType.value === "text") return toCommand("produce", topic, "--key", key.value, "--tombstone");
  if (valueType.value !== "json" && valueType.value !== "text") return undefined;
  if (keyType.value === "binary" || keyType.value === "schema" || value.value.includes("\n")) return undefined;
  const line = keyType.value === "none" ? value.value : `${key.value}=${value.value}`;
  return `echo ${JSON.stringify(line)} | ${toCommand("produce", topic, ...(keyType.value === "none" ? [] : ["--key-separator", "="]))}`;
}
