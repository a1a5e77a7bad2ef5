/** From routes and topics to a graph: what comes in, topics, routes, targets and dead letters. Pure. */

export interface FlowNode {
  readonly id: string;
  readonly kind: "input" | "topic" | "route" | "target" | "letters";
  readonly name: string;
  /** "webhook", "sql"; for routes their state. */
  readonly detail: string;
  readonly health: "good" | "warn" | "bad" | "";
  /** Records per second; undefined: unknown. */
  readonly rate: number | undefined;
  readonly marks: readonly { readonly words: string; readonly colour: string }[];
  readonly link: readonly string[];
}

export interface FlowEdge {
  readonly from: string;
  readonly to: string;
  readonly rate: number;
  readonly isTrouble: boolean;
}

export interface FlowGraph {
  readonly nodes: readonly FlowNode[];
  readonly edges: readonly FlowEdge[];
}

/** As much of a route as the graph needs. */
export interface FlowRoute {
  readonly name: string;
  readonly state: string;
  readonly health: FlowNode["health"];
  readonly sources: readonly string[];
  readonly target: { readonly kind: string; readonly name: string } | undefined;
  readonly letterTopics: readonly string[];
  readonly lag: number;
  readonly held: number;
  readonly rates: { readonly records: number; readonly delivered: number; readonly dead_lettered: number };
}

interface FlowTopic {
  readonly rate: number | undefined;
  readonly records: number;
}

const topicId = (name: string) => `topic ${name}`;

export function toFlowGraph(routes: readonly FlowRoute[], topics: ReadonlyMap<string, FlowTopic>): FlowGraph {
  const nodes = new Map<string, FlowNode>();
  const edges: FlowEdge[] = [];
  const add = (node: FlowNode) => nodes.set(node.id, nodes.get(node.id) ?? node);
  const letterTopics = new Set(routes.flatMap((route) => route.letterTopics));
  const written = new Set(routes.flatMap(({ target }) => (target?.kind === "topic" ? [target.name] : [])));
  for (const route of routes) {
    const routeId = `route ${route.name}`;
    add({
      id: routeId,
      kind: "route",
      name: route.name,
      detail: route.state,
      health: route.health,
      rate: route.rates.records,
      marks: marksOf(route),
      link: ["routes", route.name],
    });
    for (const source of route.sources) {
      add(toTopicNode(source, topics, letterTopics.has(source)));
      edges.push({ from: topicId(source), to: routeId, rate: route.rates.records, isTrouble: route.health === "bad" });
    }
    if (route.target !== undefined)
      edges.push({ from: routeId, to: addTarget(route.target), rate: route.rates.delivered, isTrouble: route.health === "bad" });
    for (const name of route.letterTopics.filter((letters) => topics.has(letters))) {
      add(toTopicNode(name, topics, true));
      edges.push({ from: routeId, to: topicId(name), rate: route.rates.dead_lettered, isTrouble: true });
    }
  }
  const sources = new Set(routes.flatMap((route) => route.sources).filter((name) => !written.has(name) && !letterTopics.has(name)));
  if (sources.size > 0)
    add({
      id: "input",
      kind: "input",
      name: "HTTP and sources",
      detail: "producers",
      health: "",
      rate: sumOf(sources, topics),
      marks: [],
      link: ["topics"],
    });
  for (const name of sources) edges.push({ from: "input", to: topicId(name), rate: topics.get(name)?.rate ?? 0, isTrouble: false });
  return { nodes: [...nodes.values()], edges };

  function addTarget({ kind, name }: { readonly kind: string; readonly name: string }): string {
    if (kind === "topic") {
      add(toTopicNode(name, topics, false));
      return topicId(name);
    }
    const id = `target ${kind} ${name}`;
    add({ id, kind: "target", name, detail: kind, health: "", rate: undefined, marks: [], link: ["routes"] });
    return id;
  }
}

const sumOf = (names: ReadonlySet<string>, topics: ReadonlyMap<string, FlowTopic>): number =>
  [...names].reduce((sum, name) => sum + (topics.get(name)?.rate ?? 0), 0);

function toTopicNode(name: string, topics: ReadonlyMap<string, FlowTopic>, isLetters: boolean): FlowNode {
  const { rate, records = 0 } = topics.get(name) ?? {};
  const count = new Intl.NumberFormat("en-US", { notation: "compact" }).format(records);
  return {
    id: topicId(name),
    kind: isLetters ? "letters" : "topic",
    name,
    detail: isLetters ? `${count} ${records === 1 ? "dead letter" : "dead letters"}` : `${count} ${records === 1 ? "record" : "records"}`,
    health: isLetters && (rate ?? 0) > 0 ? "warn" : "",
    rate,
    marks: [],
    link: isLetters ? ["dead-letters", name] : ["topics", name],
  };
}

function marksOf({ lag, held, rates }: FlowRoute): FlowNode["marks"] {
  return [
    ...(lag > 0 ? [{ words: `lag ${lag}`, colour: "info" }] : []),
    ...(held > 0 ? [{ words: `${held} held`, colour: "bad" }] : []),
    ...(rates.dead_lettered > 0 ? [{ words: "dead letters", colour: "warn" }] : []),
  ];
}
