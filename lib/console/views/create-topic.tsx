/** Creating a topic. */
import { useSignal } from "@preact/signals";
import { ActionDialog } from "../parts/action-dialog.js";
import { ChoiceField, TextField } from "../parts/fields.js";
import { goTo, linkTo } from "../state/place.js";
import { api, cluster, token } from "../state/session.js";
import { apiUrl } from "../state/settings.js";
import { toCommand, toCurl } from "../words/commands.js";

export function CreateTopic({ onClose }: { readonly onClose: () => void }) {
  const name = useSignal("");
  const partitions = useSignal("");
  const replicas = useSignal("");
  const cleanup = useSignal<"" | "delete" | "compact" | "compact,delete">("");
  const retentionDays = useSignal("");
  const body = toBody(name.value, partitions.value, replicas.value, cleanup.value, retentionDays.value);
  const { cluster_id } = cluster.value;
  return (
    <ActionDialog
      title="Create a topic"
      verb="Create"
      isReady={/^[a-zA-Z0-9._-]{1,249}$/.test(name.value)}
      run={() => api.call("POST /v3/clusters/{cluster_id}/topics", { path: cluster.value, body })}
      onDone={() => goTo(linkTo(["topics", name.value]))}
      onClose={onClose}
      done={`Topic ${name.value} was created.`}
      curl={toCurl({
        method: "POST",
        url: `${apiUrl}/v3/clusters/${cluster_id}/topics`,
        body: JSON.stringify(body),
        hasToken: token.value !== undefined,
      })}
      command={toCommand(
        "topics",
        "create",
        name.value,
        ...option("--partitions", partitions.value),
        ...option("--replication-factor", replicas.value),
        ...body.configs.flatMap((one) => ["--config", `${one.name}=${one.value}`]),
      )}
    >
      <TextField label="Name" value={name} placeholder="orders" hint="Letters, digits, dots, underscores and hyphens" />
      <div class="fields">
        <TextField label="Partitions" value={partitions} placeholder="the brokers' default" />
        <TextField label="Replicas" value={replicas} placeholder="the brokers' default" />
      </div>
      <div class="fields">
        <ChoiceField
          label="Cleanup"
          value={cleanup}
          choices={[
            ["", "the brokers' default"],
            ["delete", "delete old records"],
            ["compact", "keep the last record of each key"],
            ["compact,delete", "both"],
          ]}
        />
        <TextField label="Retention in days" value={retentionDays} placeholder="the brokers' default" hint="-1 keeps records forever" />
      </div>
    </ActionDialog>
  );
}

const option = (flag: string, value: string): readonly string[] => (value === "" ? [] : [flag, value]);
const dayMs = 86_400_000;

function toBody(name: string, partitions: string, replicas: string, cleanup: string, days: string) {
  const retention = Number(days) < 0 ? -1 : Math.round(Number(days) * dayMs);
  return {
    topic_name: name,
    ...(partitions === "" ? {} : { partitions_count: Number(partitions) }),
    ...(replicas === "" ? {} : { replication_factor: Number(replicas) }),
    configs: [
      ...(cleanup === "" ? [] : [{ name: "cleanup.policy", value: cleanup }]),
      ...(days === "" || Number.isNaN(retention) ? [] : [{ name: "retention.ms", value: String(retention) }]),
    ],
  };
}
