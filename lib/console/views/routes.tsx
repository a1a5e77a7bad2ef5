/** All routes: what each reads and writes, its rates, lag, and what is held. */
import { Empty } from "../parts/empty.js";
import { type RowColumn, RowTable } from "../parts/rows.js";
import { LoadingState } from "../parts/trouble.js";
import { useLoaded } from "../state/loading.js";
import { goTo, linkTo } from "../state/place.js";
import { healthOf, loadRouteStatuses, type RouteStatus } from "../state/routes.js";
import { toCountText, toRateText } from "../words/format.js";

const refreshMs = 4_000;

export function RoutesView() {
  const loaded = useLoaded("routes", loadRouteStatuses, refreshMs);
  const routes = loaded.data;
  return (
    <div class="view">
      <div class="view-head">
        <h1>Routes and triggers</h1>
        {routes !== undefined && <span class="muted">{routes.length}</span>}
      </div>
      <LoadingState loaded={loaded} />
      {routes?.length === 0 && (
        <Empty title="There are no routes">
          <p>
            A route is one file in <code>functions/routes</code> and one function in <code>serverless.yml</code>.{" "}
            <code>kafka-relay routes</code> checks and tests them.
          </p>
        </Empty>
      )}
      {routes !== undefined && routes.length > 0 && (
        <RowTable
          label="Routes"
          rows={routes}
          keyOf={({ name }) => name}
          columns={columns}
          onOpen={({ name }) => goTo(linkTo(["routes", name]))}
        />
      )}
    </div>
  );
}

const columns: readonly RowColumn<RouteStatus>[] = [
  { title: "Route", cell: ({ name }) => <a href={linkTo(["routes", name])}>{name}</a> },
  { title: "State", width: "150px", cell: (route) => <RouteState route={route} /> },
  { title: "Reads", cell: ({ sources }) => sources.map(({ topic }) => topic).join(", ") },
  { title: "Target", cell: ({ definition }) => (definition === null ? "–" : `${definition.target.kind} ${definition.target.name}`) },
  {
    title: "Records",
    width: "92px",
    isNumber: true,
    cell: ({ activity }) => (activity === null ? "–" : toRateText(activity.rates.records)),
  },
  {
    title: "Delivered",
    width: "96px",
    isNumber: true,
    cell: ({ activity }) => (activity === null ? "–" : toCountText(activity.counts.delivered)),
  },
  {
    title: "Dead letters",
    width: "108px",
    isNumber: true,
    cell: ({ activity }) =>
      activity === null ? (
        "–"
      ) : (
        <span class={activity.counts.dead_lettered > 0 ? "badge warn" : ""}>{toCountText(activity.counts.dead_lettered)}</span>
      ),
  },
  { title: "Lag", width: "84px", isNumber: true, cell: ({ lag }) => (lag === null ? "–" : toCountText(lag)) },
];

export function RouteState({ route }: { readonly route: RouteStatus }) {
  const health = healthOf(route);
  return (
    <span class={`badge ${health}`}>
      <span class={`dot ${health}`} />
      {route.state.replaceAll("-", " ")}
      {route.breaker?.state === "open" && " · breaker open"}
    </span>
  );
}
