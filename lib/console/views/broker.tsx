/** One broker: its settings, with where each comes from. */
import { useSignal } from "@preact/signals";
import type { AnswerTo } from "../../client/client.js";
import { CheckBox, SearchBox } from "../parts/fields.js";
import { RowTable } from "../parts/rows.js";
import { LoadingState } from "../parts/trouble.js";
import { useLoaded } from "../state/loading.js";
import { linkTo, place } from "../state/place.js";
import { api, cluster } from "../state/session.js";

type BrokerSetting = AnswerTo<"GET /v3/clusters/{cluster_id}/brokers/{broker}/configs">["data"][number];

export function BrokerView() {
  const [, broker = ""] = place.value.path;
  const loaded = useLoaded(`broker ${broker}`, async (signal) => {
    const { data } = await api.call("GET /v3/clusters/{cluster_id}/brokers/{broker}/configs", {
      path: { ...cluster.value, broker },
      signal,
    });
    return data;
  });
  const search = useSignal("");
  const isOnlySet = useSignal(true);
  const shown = (loaded.data ?? []).filter(
    ({ name, is_default }) => name.includes(search.value.trim().toLowerCase()) && (!isOnlySet.value || !is_default),
  );
  return (
    <div class="view">
      <div class="view-head">
        <div class="crumbs">
          <a href={linkTo(["cluster"])}>Cluster</a>
          <span class="muted">/</span>
          <h1>Broker {broker}</h1>
        </div>
        <span class="grow" />
        <CheckBox
          label="Only those that differ from Kafka's default"
          isOn={isOnlySet.value}
          onChange={(isOn) => (isOnlySet.value = isOn)}
        />
        <SearchBox label="Search settings" value={search.value} onInput={(text) => (search.value = text)} />
      </div>
      <LoadingState loaded={loaded} />
      {shown.length > 0 && <RowTable label="Settings of the broker" rows={shown} keyOf={({ name }) => name} columns={columns} />}
    </div>
  );
}

const columns = [
  { title: "Name", cell: ({ name }: BrokerSetting) => <span class="mono">{name}</span> },
  { title: "Value", cell: ({ value, is_sensitive }: BrokerSetting) => <span class="mono">{is_sensitive ? "hidden" : value}</span> },
  {
    title: "Set by",
    width: "220px",
    cell: ({ source }: BrokerSetting) => <span class="muted">{source.toLowerCase().replaceAll("_", " ")}</span>,
  },
];
