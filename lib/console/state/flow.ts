/** What flows: routes and the topics around them, again and again, with one minute of history. */
import { type FlowGraph, type FlowRoute, type FlowSource, toFlowGraph } from "../words/flow-graph.js";
import { healthOf, loadRouteStatuses, type RouteStatus } from "./routes.js";
import { loadSourceEntries, type SourceEntry, toKindText } from "./sources.js";
import { loadDetails, loadTopics } from "./topics.js";

/** One point per reading; what was read before is kept, so that leaving the view does not lose it. */
const history = new Map<string, readonly number[]>();
const historyPoints = 20;
export const flowEveryMs = 3_000;

export interface Flow {
  readonly graph: FlowGraph;
  readonly history: ReadonlyMap<string, readonly number[]>;
  /** How many there are, where nothing flows. */
  readonly topics: number;
}

export async function loadFlow(signal: AbortSignal): Promise<Flow> {
  const [routes, sources] = await Promise.all([loadRouteStatuses(signal), knownSources(signal)]);
  const [flowing, arriving] = [routes.map(toFlowRoute), sources.map(toFlowSource)];
  const details = await loadDetails([...topicsOf(flowing, arriving)], signal);
  const topics = new Map([...details].map(([name, { rate, records }]) => [name, { rate, records }]));
  const graph = toFlowGraph(flowing, arriving, topics);
  for (const { id, rate } of graph.nodes) if (rate !== undefined) history.set(id, [...(history.get(id) ?? []), rate].slice(-historyPoints));
  const isEmpty = graph.nodes.length === 0;
  return { graph, history: new Map(history), topics: isEmpty ? await countTopics(signal) : 0 };
}

function topicsOf(routes: readonly FlowRoute[], sources: readonly FlowSource[]): ReadonlySet<string> {
  return new Set([
    ...sources.flatMap(({ topic, letterTopic }) => [topic, letterTopic].filter((name) => name !== undefined)),
    ...routes.flatMap((route) => [...route.sources, ...route.letterTopics, ...(route.target?.kind === "topic" ? [route.target.name] : [])]),
  ]);
}

/** What changes rarely is asked for rarely: a cluster may have ten thousand topics. */
const rarelyMs = 30_000;

function rarely<Data>(load: (signal: AbortSignal) => Promise<Data>): (signal: AbortSignal) => Promise<Data> {
  let known: { readonly data: Data; readonly atMs: number } | undefined;
  return async (signal) => {
    if (known === undefined || Date.now() - known.atMs >= rarelyMs) known = { data: await load(signal), atMs: Date.now() };
    return known.data;
  };
}

const countTopics = rarely(async (signal) => (await loadTopics(signal)).filter(({ is_internal }) => !is_internal).length);
const knownSources = rarely(loadSourceEntries);

function toFlowSource({ name, fault, definition }: SourceEntry): FlowSource {
  const { from, topic, dead_letters } = definition ?? {};
  return {
    name,
    kind: from === undefined ? "faulty" : toKindText(from.kind),
    isFaulty: fault !== null,
    topic,
    letterTopic: dead_letters?.topic,
  };
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
