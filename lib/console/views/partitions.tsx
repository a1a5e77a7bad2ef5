/** The partitions of a topic: where they begin and end; adding partitions, and deleting old records. */
import { useSignal } from "@preact/signals";
import { ActionDialog } from "../parts/action-dialog.js";
import { Facts } from "../parts/facts.js";
import { TextField } from "../parts/fields.js";
import { Icon } from "../parts/icons.js";
import { RowTable } from "../parts/rows.js";
import { LoadingState } from "../parts/trouble.js";
import { useLoaded } from "../state/loading.js";
import { goTo, linkTo } from "../state/place.js";
import { loadRanges, type PartitionRange } from "../state/records.js";
import { api, cluster, mayDo, token } from "../state/session.js";
import { apiUrl } from "../state/settings.js";
import { loadDetails } from "../state/topics.js";
import { toCommand, toCurl } from "../words/commands.js";
import { toCountText, toDurationText, toRateText, toSizeText } from "../words/format.js";

const refreshMs = 3_000;

export function PartitionsTab({ topic }: { readonly topic: string }) {
  const loaded = useLoaded(
    `partitions ${topic}`,
    async (signal) => ({ ranges: await loadRanges(topic, signal), details: (await loadDetails([topic], signal)).get(topic) }),
    refreshMs,
  );
  const dialog = useSignal<"grow" | "delete" | undefined>(undefined);
  const { ranges = [], details } = loaded.data ?? {};
  return (
    <>
      <LoadingState loaded={loaded} />
      {details !== undefined && (
        <Facts
          facts={[
            ["Records, at most", toCountText(details.records)],
            ["Rate", toRateText(details.rate)],
            ["Size on the leaders", details.bytes === undefined ? "–" : toSizeText(details.bytes)],
            ["Retention", details.retentionMs === undefined ? "–" : toDurationText(details.retentionMs)],
            ["Cleanup", details.cleanup ?? "–"],
          ]}
        />
      )}
      <div class="row">
        {mayDo("topic:alter", topic) && (
          <button type="button" onClick={() => (dialog.value = "grow")}>
            <Icon name="plus" /> Add partitions
          </button>
        )}
        {mayDo("record:delete", topic) && (
          <button type="button" class="danger" onClick={() => (dialog.value = "delete")}>
            <Icon name="trash" /> Delete records
          </button>
        )}
      </div>
      {ranges.length > 0 && (
        <RowTable
          label="Partitions"
          rows={ranges}
          keyOf={({ partition }) => partition}
          columns={columns}
          onOpen={({ partition }) => goTo(linkTo(["topics", topic], { partition }))}
        />
      )}
      {dialog.value === "grow" && (
        <AddPartitions topic={topic} count={ranges.length} onClose={() => (dialog.value = undefined)} onDone={loaded.reload} />
      )}
      {dialog.value === "delete" && (
        <DeleteRecords topic={topic} ranges={ranges} onClose={() => (dialog.value = undefined)} onDone={loaded.reload} />
      )}
    </>
  );
}

const columns = [
  { title: "Partition", width: "120px", isNumber: true, cell: ({ partition }: PartitionRange) => partition },
  { title: "First offset", isNumber: true, cell: ({ begin }: PartitionRange) => toCountText(begin) },
  { title: "Next offset", isNumber: true, cell: ({ end }: PartitionRange) => toCountText(end) },
  { title: "Records, at most", isNumber: true, cell: ({ begin, end }: PartitionRange) => toCountText(end - begin) },
];

interface DialogProps {
  readonly topic: string;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

function AddPartitions({ topic, count, onClose, onDone }: DialogProps & { readonly count: number }) {
  const wanted = useSignal(String(count + 1));
  const body = { partitions_count: Number(wanted.value) };
  const path = { ...cluster.value, topic };
  return (
    <ActionDialog
      title={`Add partitions to ${topic}`}
      verb="Add"
      isReady={Number.isInteger(body.partitions_count) && body.partitions_count > count}
      run={() => api.call("PATCH /v3/clusters/{cluster_id}/topics/{topic}", { path, body })}
      done={`${topic} has ${wanted.value} partitions.`}
      onClose={onClose}
      onDone={onDone}
      curl={toCurl({
        method: "PATCH",
        url: `${apiUrl}/v3/clusters/${path.cluster_id}/topics/${encodeURIComponent(topic)}`,
        body: JSON.stringify(body),
        hasToken: token.value !== undefined,
      })}
      command={toCommand("topics", "alter", topic, "--partitions", wanted.value)}
    >
      <TextField
        label="Partitions in all"
        value={wanted}
        hint={`There are ${count} now, and never fewer. Keys go to other partitions from then on.`}
      />
    </ActionDialog>
  );
}

function DeleteRecords({ topic, ranges, onClose, onDone }: DialogProps & { readonly ranges: readonly PartitionRange[] }) {
  const before = useSignal("");
  const partition = useSignal("");
  const beforeOffset = before.value === "" ? -1 : Number(before.value);
  const chosen = ranges.filter((one) => partition.value === "" || String(one.partition) === partition.value);
  const body = { partitions: chosen.map((one) => ({ partition_id: one.partition, before_offset: beforeOffset })) };
  const path = { ...cluster.value, topic };
  return (
    <ActionDialog
      title={`Delete records of ${topic}`}
      verb="Delete records"
      nameToType={topic}
      isReady={chosen.length > 0 && Number.isInteger(beforeOffset)}
      run={() => api.call("POST /v3/clusters/{cluster_id}/topics/{topic}/records:delete", { path, body })}
      done={`Records of ${topic} were deleted.`}
      onClose={onClose}
      onDone={onDone}
      curl={toCurl({
        method: "POST",
        url: `${apiUrl}/v3/clusters/${path.cluster_id}/topics/${encodeURIComponent(topic)}/records:delete`,
        body: JSON.stringify(body),
        hasToken: token.value !== undefined,
      })}
    >
      <div class="fields">
        <TextField label="Partition" value={partition} placeholder="all" />
        <TextField label="Before offset" value={before} placeholder="all records" hint="The record at this offset stays" />
      </div>
    </ActionDialog>
  );
}
