/** All groups, and how far each is behind. */
import { useMemo } from "preact/hooks";
import { Empty } from "../parts/empty.js";
import { SearchBox } from "../parts/fields.js";
import { type RowColumn, RowTable } from "../parts/rows.js";
import { LoadingState } from "../parts/trouble.js";
import { type GroupEntry, type LagTotal, loadGroups, loadLagTotals } from "../state/groups.js";
import { useLoaded } from "../state/loading.js";
import { changeQuery, goTo, linkTo, place } from "../state/place.js";
import { toCountText } from "../words/format.js";

const refreshMs = 15_000;
const lagsEveryMs = 5_000;

export function GroupsView() {
  const { search = "", sort = "lag", up } = place.value.query;
  const loaded = useLoaded("groups", loadGroups, refreshMs);
  const lags = useLoaded("lags of all groups", loadLagTotals, lagsEveryMs);
  const all = loaded.data ?? [];
  const lagOf = ({ consumer_group_id }: GroupEntry): LagTotal | undefined => lags.data?.get(consumer_group_id);
  const shown = useMemo(() => {
    const words = search.trim().toLowerCase();
    const found = words === "" ? all : all.filter(({ consumer_group_id }) => consumer_group_id.toLowerCase().includes(words));
    const ordered =
      sort === "lag" ? found.toSorted((one, other) => (lagOf(other)?.total_lag ?? -1) - (lagOf(one)?.total_lag ?? -1)) : found;
    return up === "1" ? ordered.toReversed() : ordered;
  }, [loaded.data, lags.data, search, sort, up]);
  return (
    <div class="view">
      <div class="view-head">
        <h1>Groups</h1>
        {loaded.data !== undefined && <span class="muted">{toCountText(shown.length)}</span>}
        <span class="grow" />
        <SearchBox label="Search groups" value={search} onInput={(text) => changeQuery({ search: text })} />
      </div>
      <LoadingState loaded={loaded} />
      {lags.error !== undefined && <LoadingState loaded={lags} />}
      {loaded.data !== undefined && shown.length === 0 && (
        <Empty title={all.length === 0 ? "There are no groups" : "No group has this in its name"}>
          <p>Consumers that share the partitions of topics form a group. Routes have one each.</p>
        </Empty>
      )}
      {shown.length > 0 && (
        <RowTable
          label="Groups"
          rows={shown}
          keyOf={({ consumer_group_id }) => consumer_group_id}
          columns={columnsWith(lagOf, lags.data !== undefined)}
          sorted={{ by: sort, isDescending: (sort === "lag") !== (up === "1") }}
          onSort={(by) => changeQuery({ sort: by, up: by === sort && up !== "1" ? "1" : undefined })}
          onOpen={({ consumer_group_id }) => goTo(linkTo(["groups", consumer_group_id]))}
        />
      )}
    </div>
  );
}

const stateColours: Readonly<Record<string, string>> = {
  STABLE: "good",
  EMPTY: "",
  DEAD: "bad",
  PREPARING_REBALANCE: "warn",
  COMPLETING_REBALANCE: "warn",
};

export function GroupState({ state }: { readonly state: string }) {
  return <span class={`badge ${stateColours[state] ?? ""}`}>{state.toLowerCase().replaceAll("_", " ")}</span>;
}

function columnsWith(lagOf: (group: GroupEntry) => LagTotal | undefined, isKnown: boolean): readonly RowColumn<GroupEntry>[] {
  return [
    {
      title: "Group",
      sort: "name",
      cell: ({ consumer_group_id }) => <a href={linkTo(["groups", consumer_group_id])}>{consumer_group_id}</a>,
    },
    { title: "State", width: "160px", cell: ({ state }) => <GroupState state={state} /> },
    { title: "Type", width: "110px", cell: ({ type }) => type.toLowerCase() },
    {
      title: "Lag",
      sort: "lag",
      width: "120px",
      isNumber: true,
      cell: (group) => {
        const lag = lagOf(group);
        if (lag === undefined) return <span class="muted">{isKnown ? "–" : "…"}</span>;
        return <span class={lag.total_lag > 0 ? "badge info" : ""}>{toCountText(lag.total_lag)}</span>;
      },
    },
    {
      title: "Furthest behind",
      width: "26%",
      cell: (group) => {
        const lag = lagOf(group);
        return lag === undefined || lag.max_lag === 0
          ? ""
          : `${lag.max_lag_topic_name} ${lag.max_lag_partition_id}: ${toCountText(lag.max_lag)}`;
      },
    },
  ];
}
