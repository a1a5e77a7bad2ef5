/** ACLs as a matrix: who (rows) may do what (columns). */
import { useSignal } from "@preact/signals";
import { ActionDialog } from "../parts/action-dialog.js";
import { Empty } from "../parts/empty.js";
import { SearchBox } from "../parts/fields.js";
import { Icon } from "../parts/icons.js";
import { type RowColumn, RowTable } from "../parts/rows.js";
import { LoadingState } from "../parts/trouble.js";
import { type AclEntry, type AclRow, loadAcls, toAclRows } from "../state/acl-rows.js";
import { useLoaded } from "../state/loading.js";
import { changeQuery, place } from "../state/place.js";
import { api, cluster, mayDo, token } from "../state/session.js";
import { apiUrl } from "../state/settings.js";
import { toCurl } from "../words/commands.js";
import { AddAcl } from "./add-acl.js";

export function AclsView() {
  const { search = "" } = place.value.query;
  const loaded = useLoaded("acls", loadAcls);
  const isAdding = useSignal(false);
  const removed = useSignal<AclEntry | undefined>(undefined);
  const words = search.trim().toLowerCase();
  const rows = toAclRows(loaded.data ?? []).filter(({ principal, resource }) => `${principal} ${resource}`.toLowerCase().includes(words));
  const operations = [...new Set((loaded.data ?? []).map(({ operation }) => operation))].sort();
  const mayChange = mayDo("acl:alter");
  return (
    <div class="view">
      <div class="view-head">
        <h1>ACLs</h1>
        {loaded.data !== undefined && <span class="muted">{loaded.data.length}</span>}
        <span class="grow" />
        <SearchBox label="Search principals and resources" value={search} onInput={(text) => changeQuery({ search: text })} />
        {mayChange && (
          <button type="button" class="primary" data-new onClick={() => (isAdding.value = true)}>
            <Icon name="plus" /> Add ACL
          </button>
        )}
      </div>
      <LoadingState loaded={loaded} />
      {loaded.data !== undefined && rows.length === 0 && (
        <Empty title="There are no ACLs">
          <p>The brokers decide by other rules who may do what, or everybody may do everything.</p>
        </Empty>
      )}
      {rows.length > 0 && (
        <RowTable
          label="ACLs"
          rows={rows}
          keyOf={({ key }) => key}
          columns={columnsOf(operations, mayChange ? (acl) => (removed.value = acl) : undefined)}
        />
      )}
      {isAdding.value && <AddAcl onClose={() => (isAdding.value = false)} onDone={loaded.reload} />}
      {removed.value !== undefined && <RemoveAcl acl={removed.value} onClose={() => (removed.value = undefined)} onDone={loaded.reload} />}
    </div>
  );
}

function columnsOf(operations: readonly string[], onRemove: ((acl: AclEntry) => void) | undefined): readonly RowColumn<AclRow>[] {
  return [
    { title: "Principal", width: "220px", cell: ({ principal, host }) => `${principal}${host === "*" ? "" : ` from ${host}`}` },
    { title: "Resource", cell: ({ resource, pattern }) => <span title={pattern}>{resource}</span> },
    ...operations.map((operation) => ({
      title: operation.toLowerCase().replaceAll("_", " "),
      width: "112px",
      cell: ({ acls }: AclRow) => <Cell acl={acls.get(operation)} onRemove={onRemove} />,
    })),
  ];
}

function Cell({ acl, onRemove }: { readonly acl: AclEntry | undefined; readonly onRemove: ((acl: AclEntry) => void) | undefined }) {
  if (acl === undefined) return null;
  const isAllow = acl.permission === "ALLOW";
  const mark = <span class={`badge ${isAllow ? "good" : "bad"}`}>{isAllow ? "allow" : "deny"}</span>;
  if (onRemove === undefined) return mark;
  return (
    <button type="button" class="quiet mark" title="Remove this ACL" onClick={() => onRemove(acl)}>
      {mark}
    </button>
  );
}

function RemoveAcl({ acl, onClose, onDone }: { readonly acl: AclEntry; readonly onClose: () => void; readonly onDone: () => void }) {
  const { resource_type, resource_name, pattern_type, principal, host, operation, permission } = acl;
  const query = { resource_type, resource_name, pattern_type, principal, host, operation, permission };
  const path = cluster.value;
  return (
    <ActionDialog
      title="Remove an ACL"
      verb="Remove"
      isDanger
      run={() => api.call("DELETE /v3/clusters/{cluster_id}/acls", { path, query })}
      onClose={onClose}
      onDone={onDone}
      done="The ACL was removed."
      curl={toCurl({
        method: "DELETE",
        url: `${apiUrl}/v3/clusters/${path.cluster_id}/acls?${new URLSearchParams(query)}`,
        hasToken: token.value !== undefined,
      })}
    >
      <p>
        {principal} from {host === "*" ? "any host" : host} is no longer {permission === "ALLOW" ? "allowed" : "denied"}{" "}
        {operation.toLowerCase()} on {resource_type.toLowerCase()} {resource_name}.
      </p>
    </ActionDialog>
  );
}
