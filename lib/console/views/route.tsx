/** One route: how it fares, what is held and why, recent failures, its positions and definition; and trying it with a record. */
import { Facts } from "../parts/facts.js";
import { Tabs } from "../parts/tabs.js";
import { LoadingState } from "../parts/trouble.js";
import { useLoaded } from "../state/loading.js";
import { linkTo, place } from "../state/place.js";
import type { RouteStatus } from "../state/routes.js";
import { api, mayDo } from "../state/session.js";
import { toCountText, toRateText } from "../words/format.js";
import { DefinitionTab } from "./route-definition.js";
import { RouteTroubles } from "./route-troubles.js";
import { RouteState } from "./routes.js";
import { TryRoute } from "./try-route.js";

const refreshMs = 4_000;

export function RouteView() {
  const [, name = "", tab = "status"] = place.value.path;
  const loaded = useLoaded(`route ${name}`, (signal) => api.call("GET /routes/{route}", { path: { route: name }, signal }), refreshMs);
  const route = loaded.data;
  return (
    <div class="view">
      <div class="view-head">
        <div class="crumbs">
          <a href={linkTo(["routes"])}>Routes</a>
          <span class="muted">/</span>
          <h1>{name}</h1>
        </div>
        {route !== undefined && <RouteState route={route} />}
      </div>
      <Tabs
        label="Parts of the route"
        current={tab}
        tabs={[
          { name: "status", words: "Status", link: linkTo(["routes", name]) },
          { name: "definition", words: "Definition", link: linkTo(["routes", name, "definition"]) },
          ...(mayDo("route:try", name) ? [{ name: "try", words: "Try it", link: linkTo(["routes", name, "try"]) }] : []),
        ]}
      />
      <LoadingState loaded={loaded} />
      {route !== undefined && tab === "status" && <Status route={route} />}
      {route !== undefined && tab === "definition" && <DefinitionTab route={route} />}
      {route !== undefined && tab === "try" && <TryRoute route={route} />}
    </div>
  );
}

function Status({ route }: { readonly route: RouteStatus }) {
  const { activity, lag } = route;
  return (
    <>
      {activity !== null && (
        <Facts
          facts={[
            ["Records", toRateText(activity.rates.records)],
            ["Delivered", toCountText(activity.counts.delivered)],
            ["Filtered", toCountText(activity.counts.filtered)],
            ["Dead letters", toCountText(activity.counts.dead_lettered)],
            ["Given back", toCountText(activity.counts.given_back)],
            ["Lag", lag === null ? "–" : toCountText(lag)],
          ]}
        />
      )}
      <RouteTroubles route={route} />
      <Positions route={route} />
    </>
  );
}

function Positions({ route }: { readonly route: RouteStatus }) {
  return (
    <>
      {route.sources.map(({ topic, group, state, partitions, batch }) => (
        <section class="card" key={topic}>
          <div class="card-head">
            <h2>
              <a href={linkTo(["topics", topic])}>{topic}</a>
            </h2>
            <span class="muted">
              {group === null ? "" : <a href={linkTo(["groups", group])}>{group}</a>} {state ?? ""}
              {batch.records_max !== null && ` · at most ${batch.records_max} records per batch`}
              {batch.window_ms !== null && `, window ${batch.window_ms} ms`}
            </span>
          </div>
          {partitions !== null && <PartitionTable partitions={partitions} topic={topic} />}
        </section>
      ))}
    </>
  );
}

type Partitions = NonNullable<RouteStatus["sources"][number]["partitions"]>;

function PartitionTable({ partitions, topic }: { readonly partitions: Partitions; readonly topic: string }) {
  return (
    <table class="plain">
      <thead>
        <tr>
          {["Partition", "Position", "End", "Lag", "Waiting"].map((title) => (
            <th key={title} scope="col" class="number">
              {title}
            </th>
          ))}
          <th scope="col">Failure</th>
        </tr>
      </thead>
      <tbody>
        {partitions.map(({ partition, committed, end, lag, waiting, failure }) => (
          <tr key={partition}>
            <td class="number">
              <a href={linkTo(["topics", topic], { partition, from: "offset", offset: committed ?? 0 })}>{partition}</a>
            </td>
            <td class="number">{committed === null ? "–" : toCountText(committed)}</td>
            <td class="number">{toCountText(end)}</td>
            <td class="number">{toCountText(lag)}</td>
            <td class="number">{toCountText(waiting)}</td>
            <td>{failure === null ? "" : `${failure.code}: ${failure.message}`}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
