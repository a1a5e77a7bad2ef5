/** Adding an ACL. */
import { useSignal } from "@preact/signals";
import { ActionDialog } from "../parts/action-dialog.js";
import { ChoiceField, TextField } from "../parts/fields.js";
import { api, cluster, token } from "../state/session.js";
import { apiUrl } from "../state/settings.js";
import { toCurl } from "../words/commands.js";

const resourceTypes = ["TOPIC", "GROUP", "CLUSTER", "TRANSACTIONAL_ID"] as const;
const operations = [
  "READ",
  "WRITE",
  "DESCRIBE",
  "CREATE",
  "DELETE",
  "ALTER",
  "DESCRIBE_CONFIGS",
  "ALTER_CONFIGS",
  "IDEMPOTENT_WRITE",
  "CLUSTER_ACTION",
  "ALL",
] as const;

const choicesOf = <Name extends string>(names: readonly Name[]) =>
  names.map((name) => [name, name.toLowerCase().replaceAll("_", " ")] as const);

export function AddAcl({ onClose, onDone }: { readonly onClose: () => void; readonly onDone: () => void }) {
  const principal = useSignal("User:");
  const host = useSignal("*");
  const resourceType = useSignal<(typeof resourceTypes)[number]>("TOPIC");
  const resourceName = useSignal("");
  const patternType = useSignal<"LITERAL" | "PREFIXED">("LITERAL");
  const operation = useSignal<(typeof operations)[number]>("READ");
  const permission = useSignal<"ALLOW" | "DENY">("ALLOW");
  const body = {
    principal: principal.value,
    host: host.value,
    resource_type: resourceType.value,
    resource_name: resourceType.value === "CLUSTER" ? "kafka-cluster" : resourceName.value,
    pattern_type: patternType.value,
    operation: operation.value,
    permission: permission.value,
  };
  const path = cluster.value;
  return (
    <ActionDialog
      title="Add an ACL"
      verb="Add"
      isReady={/^[^:]+:.+/.test(principal.value) && body.resource_name !== ""}
      run={() => api.call("POST /v3/clusters/{cluster_id}/acls", { path, body })}
      onClose={onClose}
      onDone={onDone}
      done="The ACL was added."
      curl={toCurl({
        method: "POST",
        url: `${apiUrl}/v3/clusters/${path.cluster_id}/acls`,
        body: JSON.stringify(body),
        hasToken: token.value !== undefined,
      })}
    >
      <div class="fields">
        <TextField label="Principal" value={principal} placeholder="User:alice" />
        <TextField label="From host" value={host} hint="* is any" />
      </div>
      <div class="fields">
        <ChoiceField label="Resource" value={resourceType} choices={choicesOf(resourceTypes)} />
        {resourceType.value !== "CLUSTER" && <TextField label="Resource name" value={resourceName} />}
        {resourceType.value !== "CLUSTER" && (
          <ChoiceField
            label="Names"
            value={patternType}
            choices={[
              ["LITERAL", "this name, or * for any"],
              ["PREFIXED", "names that begin with it"],
            ]}
          />
        )}
      </div>
      <div class="fields">
        <ChoiceField label="Operation" value={operation} choices={choicesOf(operations)} />
        <ChoiceField label="Permission" value={permission} choices={choicesOf(["ALLOW", "DENY"])} />
      </div>
    </ActionDialog>
  );
}
