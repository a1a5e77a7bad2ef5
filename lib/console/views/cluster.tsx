/** The cluster: its brokers, which of them is the controller, their settings; and electing leaders. */
import { useSignal } from "@preact/signals";
import type { AnswerTo } from "../../client/client.js";
import { ActionDialog } from "../parts/action-dialog.js";
import { Facts } from "../parts/facts.js";
import { Icon } from "../parts/icons.js";
import { type RowColumn, RowTable } from "../parts/rows.js";
import { LoadingState } from "../parts/trouble.js";
import { useLoaded } from "../state/loading.js";
import { goTo, linkTo } from "../state/place.js";
import { api, cluster, mayDo, token } from "../state/session.js";
import { apiUrl } from "../state/settings.js";
import { loadTopics } from "../state/topics.js";
import { toCommand, toCurl } from "../words/commands.js";
import { toCountText } from "../words/format.js";

type Broker = AnswerTo<"GET /v3/clusters/{cluster_id}/brokers">["data"][number];

const refreshMs = 10_000;

export function ClusterView() {
  const loaded = useLoaded("cluster", loadCluster, refreshMs);
  const isElecting = useSignal(false);
  const { brokers = [], controllerId, topics = [] } = loaded.data ?? {};
  const sum = (of: (topic: (typeof topics)[number]) => number) => toCountText(topics.reduce((total, topic) => total + of(topic), 0));
  return (
    <div class="view">
      <div class="view-head">
        <h1>Cluster</h1>
        <span class="grow" />
        {mayDo("cluster:alter") && (
          <button type="button" onClick={() => (isElecting.value = true)}>
            <Icon name="again" /> Elect preferred leaders
          </button>
        )}
      </div>
      <LoadingState loaded={loaded} />
      {loaded.data !== undefined && (
        <Facts
          facts={[
            ["Brokers", toCountText(brokers.length)],
            ["Controller", controllerId === undefined ? "–" : controllerId],
            ["Topics", toCountText(topics.length)],
            ["Partitions", sum(({ partitions_count }) => partitions_count)],
            ["Not in sync", sum(({ under_replicated_count }) => under_replicated_count)],
            ["Without a leader", sum(({ offline_count }) => offline_count)],
          ]}
        />
      )}
      {brokers.length > 0 && (
        <RowTable
          label="Brokers"
          rows={brokers}
          keyOf={({ broker_id }) => broker_id}
          columns={columnsWith(controllerId)}
          onOpen={({ broker_id }) => goTo(linkTo(["cluster", broker_id]))}
        />
      )}
      {isElecting.value && <ElectLeaders onClose={() => (isElecting.value = false)} />}
    </div>
  );
}

async function loadCluster(signal: AbortSignal) {
  const path = cluster.value;
  const [description, brokers, topics] = await Promise.all([
    api.call("GET /v3/clusters/{cluster_id}", { path, signal }),
    api.call("GET /v3/clusters/{cluster_id}/brokers", { path, signal }),
    mayDo("topic:list") ? loadTopics(signal) : [],
  ]);
  const controller = description.controller?.related.split("/").at(-1);
  return { brokers: brokers.data, controllerId: controller, topics };
}

function columnsWith(controllerId: string | undefined): readonly RowColumn<Broker>[] {
  return [
    {
      title: "Broker",
      width: "220px",
      cell: ({ broker_id }) => (
        <>
          <a href={linkTo(["cluster", broker_id])}>{broker_id}</a>{" "}
          {String(broker_id) === controllerId && <span class="badge info">controller</span>}
        </>
      ),
    },
    { title: "Address", cell: ({ host, port }) => <span class="mono">{`${host ?? "?"}:${port ?? "?"}`}</span> },
    { title: "Rack", width: "200px", cell: ({ rack }) => rack ?? <span class="muted">none</span> },
  ];
}

function ElectLeaders({ onClose }: { readonly onClose: () => void }) {
  const path = cluster.value;
  const body = { election_type: "PREFERRED" };
  return (
    <ActionDialog
      title="Elect preferred leaders"
      verb="Elect"
      run={() => api.call("POST /v3/clusters/{cluster_id}/leaders:elect", { path, body })}
      onClose={onClose}
      done="The preferred leaders were elected."
      curl={toCurl({
        method: "POST",
        url: `${apiUrl}/v3/clusters/${path.cluster_id}/leaders:elect`,
        body: JSON.stringify(body),
        hasToken: token.value !== undefined,
      })}
      command={toCommand("cluster", "elect-leaders", "--all")}
    >
      <p>
        Every partition whose preferred replica is in sync is led by it again. Producers and consumers find the new leaders by themselves.
      </p>
    </ActionDialog>
  );
}
