/** The settings of a topic: each with its default and where its value comes from; changed one by one. */
import { useSignal } from "@preact/signals";
import type { AnswerTo } from "../../client/client.js";
import { ActionDialog } from "../parts/action-dialog.js";
import { CheckBox, SearchBox, TextField } from "../parts/fields.js";
import { Icon } from "../parts/icons.js";
import { RowTable } from "../parts/rows.js";
import { LoadingState } from "../parts/trouble.js";
import { useLoaded } from "../state/loading.js";
import { api, cluster, mayDo, token } from "../state/session.js";
import { apiUrl } from "../state/settings.js";
import { toCommand, toCurl } from "../words/commands.js";

type Setting = AnswerTo<"GET /v3/clusters/{cluster_id}/topics/{topic}/configs">["data"][number];

export function SettingsTab({ topic }: { readonly topic: string }) {
  const loaded = useLoaded(`settings ${topic}`, async (signal) => {
    const answer = await api.call("GET /v3/clusters/{cluster_id}/topics/{topic}/configs", { path: { ...cluster.value, topic }, signal });
    return answer.data;
  });
  const search = useSignal("");
  const isOnlySet = useSignal(false);
  const edited = useSignal<Setting | undefined>(undefined);
  const words = search.value.trim().toLowerCase();
  const shown = (loaded.data ?? []).filter(
    ({ name, source }) => name.includes(words) && (!isOnlySet.value || source === "DYNAMIC_TOPIC_CONFIG"),
  );
  const mayEdit = mayDo("topic:alter", topic);
  return (
    <>
      <div class="row wrap">
        <SearchBox label="Search settings" value={search.value} onInput={(text) => (search.value = text)} />
        <CheckBox label="Only those set for this topic" isOn={isOnlySet.value} onChange={(isOn) => (isOnlySet.value = isOn)} />
      </div>
      <LoadingState loaded={loaded} />
      {shown.length > 0 && (
        <RowTable
          label="Settings"
          rows={shown}
          keyOf={({ name }) => name}
          columns={columns}
          {...(mayEdit ? { onOpen: (setting: Setting) => (edited.value = setting.is_read_only ? undefined : setting) } : {})}
        />
      )}
      {edited.value !== undefined && (
        <EditSetting topic={topic} setting={edited.value} onClose={() => (edited.value = undefined)} onDone={loaded.reload} />
      )}
    </>
  );
}

const originWords: Readonly<Record<string, string>> = {
  DYNAMIC_TOPIC_CONFIG: "this topic",
  DYNAMIC_BROKER_CONFIG: "the broker",
  DYNAMIC_DEFAULT_BROKER_CONFIG: "all brokers",
  STATIC_BROKER_CONFIG: "the broker's file",
  DEFAULT_CONFIG: "Kafka's default",
};

const columns = [
  { title: "Name", cell: ({ name }: Setting) => <span class="mono">{name}</span> },
  { title: "Value", cell: ({ value, is_sensitive }: Setting) => <span class="mono">{is_sensitive ? "hidden" : value}</span> },
  {
    title: "Set for",
    width: "150px",
    cell: ({ source }: Setting) => (
      <span class={source === "DYNAMIC_TOPIC_CONFIG" ? "badge info" : "muted"}>{originWords[source] ?? source.toLowerCase()}</span>
    ),
  },
  {
    title: "Default",
    width: "22%",
    cell: ({ synonyms }: Setting) => (
      <span class="mono muted">{synonyms.find(({ source }) => source === "DEFAULT_CONFIG")?.value ?? ""}</span>
    ),
  },
];

function EditSetting(props: {
  readonly topic: string;
  readonly setting: Setting;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const { topic, setting, onClose, onDone } = props;
  const { name } = setting;
  const value = useSignal(setting.value ?? "");
  const isReset = useSignal(false);
  const path = { ...cluster.value, topic, name };
  const url = `${apiUrl}/v3/clusters/${path.cluster_id}/topics/${encodeURIComponent(topic)}/configs/${name}`;
  const hasToken = token.value !== undefined;
  const run = () =>
    isReset.value
      ? api.call("DELETE /v3/clusters/{cluster_id}/topics/{topic}/configs/{name}", { path })
      : api.call("PUT /v3/clusters/{cluster_id}/topics/{topic}/configs/{name}", { path, body: { value: value.value } });
  return (
    <ActionDialog
      title={name}
      verb={isReset.value ? "Reset" : "Set"}
      run={run}
      done={`${name} of ${topic} was ${isReset.value ? "reset" : `set to ${value.value}`}.`}
      onClose={onClose}
      onDone={onDone}
      curl={
        isReset.value
          ? toCurl({ method: "DELETE", url, hasToken })
          : toCurl({ method: "PUT", url, body: JSON.stringify({ value: value.value }), hasToken })
      }
      command={toCommand("topics", "alter", topic, ...(isReset.value ? ["--delete-config", name] : ["--config", `${name}=${value.value}`]))}
    >
      {!isReset.value && <TextField label="Value" value={value} />}
      {setting.source === "DYNAMIC_TOPIC_CONFIG" && (
        <CheckBox label="Reset it to the value of the brokers" isOn={isReset.value} onChange={(isOn) => (isReset.value = isOn)} />
      )}
      <table class="plain">
        <thead>
          <tr>
            <th scope="col">Value</th>
            <th scope="col">Set for</th>
          </tr>
        </thead>
        <tbody>
          {setting.synonyms.map((one) => (
            <tr key={one.source}>
              <td class="mono">{one.value ?? "hidden"}</td>
              <td>
                {one.source === setting.source && <Icon name="check" size={12} />} {originWords[one.source] ?? one.source}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ActionDialog>
  );
}
