/** One group: its members, its lag by partition and over time; moving its offsets, and deleting it. */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { ApiError } from "../../client/api-error.js";
import { ActionDialog } from "../parts/action-dialog.js";
import { Facts } from "../parts/facts.js";
import { Icon } from "../parts/icons.js";
import { LagChart, type LagPoint } from "../parts/lag-chart.js";
import { type RowColumn, RowTable } from "../parts/rows.js";
import { LoadingState } from "../parts/trouble.js";
import { type LagEntry, loadGroup, loadLags } from "../state/groups.js";
import { useLoaded } from "../state/loading.js";
import { goTo, linkTo, place } from "../state/place.js";
import { api, cluster, mayDo, token } from "../state/session.js";
import { apiUrl } from "../state/settings.js";
import { toCommand, toCurl } from "../words/commands.js";
import { toCountText } from "../words/format.js";
import { GroupState } from "./groups.js";
import { ResetOffsets } from "./reset-offsets.js";

const refreshMs = 10_000;
const lagsEveryMs = 2_000;
const pointsMax = 900;

export function GroupView() {
  const [, group = ""] = place.value.path;
  const loaded = useLoaded(`group ${group}`, (signal) => loadGroup(group, signal), refreshMs);
  const points = useRef<readonly LagPoint[]>([]);
  const lags = useLoaded(
    `lags ${group}`,
    async (signal) => {
      const entries = await orNothing(loadLags(group, signal));
      points.current = [...points.current, { atMs: Date.now(), lag: entries.reduce((sum, { lag }) => sum + lag, 0) }].slice(-pointsMax);
      return entries;
    },
    lagsEveryMs,
  );
  const dialog = useSignal<"reset" | "delete" | undefined>(undefined);
  const close = () => (dialog.value = undefined);
  const { description, members = [] } = loaded.data ?? {};
  const entries = lags.data ?? [];
  return (
    <div class="view">
      <GroupHead
        group={group}
        state={description?.state}
        onReset={() => (dialog.value = "reset")}
        onDelete={() => (dialog.value = "delete")}
      />
      <LoadingState loaded={loaded} />
      <Facts
        facts={[
          ["Lag", toCountText(entries.reduce((sum, { lag }) => sum + lag, 0))],
          ["Partitions", toCountText(entries.length)],
          ["Members", toCountText(members.length)],
          ["Assignor", description?.partition_assignor || "–"],
          ["Type", description?.type.toLowerCase() ?? "–"],
        ]}
      />
      <LagChart points={points.current} />
      <LoadingState loaded={lags} />
      {entries.length > 0 && (
        <RowTable
          label="Lag by partition"
          rows={entries}
          keyOf={({ topic_name, partition_id }) => `${topic_name} ${partition_id}`}
          columns={columns}
        />
      )}
      {dialog.value === "reset" && (
        <ResetOffsets
          group={group}
          topics={[...new Set(entries.map(({ topic_name }) => topic_name))]}
          onClose={close}
          onDone={lags.reload}
        />
      )}
      {dialog.value === "delete" && <DeleteGroup group={group} onClose={close} />}
    </div>
  );
}

interface GroupHeadProps {
  readonly group: string;
  readonly state: string | undefined;
  readonly onReset: () => void;
  readonly onDelete: () => void;
}

function GroupHead({ group, state, onReset, onDelete }: GroupHeadProps) {
  return (
    <div class="view-head">
      <div class="crumbs">
        <a href={linkTo(["groups"])}>Groups</a>
        <span class="muted">/</span>
        <h1>{group}</h1>
      </div>
      {state !== undefined && <GroupState state={state} />}
      <span class="grow" />
      {mayDo("group:delete", group) && (
        <button type="button" class="quiet danger" onClick={onDelete}>
          <Icon name="trash" /> Delete
        </button>
      )}
      {mayDo("group:alter", group) && (
        <button type="button" onClick={onReset}>
          <Icon name="again" /> Move offsets
        </button>
      )}
    </div>
  );
}

async function orNothing(loading: Promise<readonly LagEntry[]>): Promise<readonly LagEntry[]> {
  try {
    return await loading;
  } catch (error) {
    // It has committed nothing yet.
    if (error instanceof ApiError && error.status === 404) return [];
    throw error;
  }
}

const columns: readonly RowColumn<LagEntry>[] = [
  { title: "Topic", cell: ({ topic_name }) => <a href={linkTo(["topics", topic_name])}>{topic_name}</a> },
  { title: "Partition", width: "84px", isNumber: true, cell: ({ partition_id }) => partition_id },
  { title: "Position", width: "110px", isNumber: true, cell: ({ current_offset }) => toCountText(current_offset) },
  { title: "End", width: "110px", isNumber: true, cell: ({ log_end_offset }) => toCountText(log_end_offset) },
  { title: "Lag", width: "100px", isNumber: true, cell: ({ lag }) => <span class={lag > 0 ? "badge info" : ""}>{toCountText(lag)}</span> },
  {
    title: "Consumer",
    width: "26%",
    cell: ({ client_id, consumer_id }) => (
      <span title={consumer_id}>{client_id === "" ? <span class="muted">nobody</span> : client_id}</span>
    ),
  },
];

function DeleteGroup({ group, onClose }: { readonly group: string; readonly onClose: () => void }) {
  const path = { ...cluster.value, group };
  return (
    <ActionDialog
      title={`Delete ${group}`}
      verb="Delete the group"
      nameToType={group}
      run={() => api.call("DELETE /v3/clusters/{cluster_id}/consumer-groups/{group}", { path })}
      onDone={() => goTo(linkTo(["groups"]))}
      onClose={onClose}
      done={`Group ${group} was deleted.`}
      curl={toCurl({
        method: "DELETE",
        url: `${apiUrl}/v3/clusters/${path.cluster_id}/consumer-groups/${encodeURIComponent(group)}`,
        hasToken: token.value !== undefined,
      })}
      command={toCommand("groups", "delete", group)}
    >
      <p>The group and all its positions are deleted. It must have no members. Consumers of the same name start over.</p>
    </ActionDialog>
  );
}
