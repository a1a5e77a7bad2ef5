/** What flows: routes and the topics around them, again and again, with one minute of history. */
import { type FlowGraph, type FlowRoute, toFlowGraph } from "../words/flow-graph.js";
import { healthOf, loadRouteStatuses, type RouteStatus } from "./routes.js";
import { loadDetails, loadTopics } from "./topics.js";

/** One point per reading; what was read before is kept, so that leaving the view does not lose it. */
const history = new Map<string, readonly number[]>();
const historyPoints = 20;
export const flowEveryMs = 3_000;

export interface Flow {
  readonly graph: FlowGraph;
  readonly history: ReadonlyMap<string, readonly number[]>;
  readonly topics: number;
}

export async function loadFlow(signal: AbortSignal): Promise<Flow> {
  const [routes, summaries] = await Promise.all([loadRouteStatuses(signal), loadTopics(signal)]);
  const existing = new Set(summaries.map(({ topic_name }) => topic_name));
  const flowing = routes.map(toFlowRoute);
  const names = new Set(
    flowing.flatMap(({ sources, target, letterTopics }) => [
      ...sources,
      ...letterTopics,
      ...(target?.kind === "topic" ? [target.name] : []),
    ]),
  );
  const shown = [...names].filter((name) => existing.has(name));
  const details = shown.length === 0 ? new Map() : await loadDetails(shown, signal);
  const graph = toFlowGraph(
    flowing,
    new Map(shown.map((name) => [name, { rate: details.get(name)?.rate, records: details.get(name)?.records ?? 0 }])),
  );
  for (const { id, rate } of graph.nodes) if (rate !== undefined) history.set(id, [...(history.get(id) ?? []), rate].slice(-historyPoints));
  return { graph, history: new Map(history), topics: summaries.filter(({ is_internal }) => !is_internal).length };
}

const atRest = { records: 0, delivered: 0, dead_lettered: 0 };

function toFlowRoute(route: RouteStatus): FlowRoute {
  const { name, state, sources, lag, held, activity, definition } = route;
  return {
    name,
    state,
    health: healthOf(route),
    sources: sources.map(({ topic }) => topic),
    target: definition?.target,
    letterTopics: definition?.dead_letters.topics ?? [],
    lag: lag ?? 0,
    held: held.length,
    rates: activity?.rates ?? atRest,
  };
}
