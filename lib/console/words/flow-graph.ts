/** From routes and topics to a graph: what comes in, topics, routes, targets and dead letters. Pure. */

export interface FlowNode {
  readonly id: string;
  readonly kind: "input" | "source" | "topic" | "route" | "target" | "letters";
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

/** As much of a source as the graph needs. */
export interface FlowSource {
  readonly name: string;
  /** "Webhook" */
  readonly kind: string;
  readonly isFaulty: boolean;
  /** Undefined: not known, because the source cannot be described. */
  readonly topic: string | undefined;
  readonly letterTopic: string | undefined;
}

interface FlowTopic {
  readonly rate: number | undefined;
  readonly records: number;
}

const topicId = (name: string) => `topic ${name}`;

export function toFlowGraph(
  routes: readonly FlowRoute[],
  sources: readonly FlowSource[],
  topics: ReadonlyMap<string, FlowTopic>,
): FlowGraph {
  const drawing = new Drawing(topics, new Set([...routes.flatMap((route) => route.letterTopics), ...sources.flatMap(lettersOf)]));
  for (const source of sources) drawing.addSource(source);
  for (const route of routes) drawing.addRoute(route);
  drawing.addInput(routes);
  return drawing.graph();
}

const lettersOf = ({ letterTopic }: FlowSource): readonly string[] => (letterTopic === undefined ? [] : [letterTopic]);

class Drawing {
  readonly #topics: ReadonlyMap<string, FlowTopic>;
  readonly #letterTopics: ReadonlySet<string>;
  readonly #nodes = new Map<string, FlowNode>();
  readonly #edges: FlowEdge[] = [];

  constructor(topics: ReadonlyMap<string, FlowTopic>, letterTopics: ReadonlySet<string>) {
    this.#topics = topics;
    this.#letterTopics = letterTopics;
  }

  addSource({ name, kind, isFaulty, topic, letterTopic }: FlowSource): void {
    const id = `source ${name}`;
    const health = isFaulty ? "bad" : "";
    this.#add({ id, kind: "source", name, detail: kind, health, rate: undefined, marks: [], link: ["sources", name] });
    // How much of the topic's rate is the source's is not known.
    if (topic !== undefined) this.#edges.push({ from: id, to: this.#addTopic(topic), rate: 0, isTrouble: false });
    if (letterTopic !== undefined && this.#topics.has(letterTopic))
      this.#edges.push({ from: id, to: this.#addTopic(letterTopic), rate: this.#rateOf(letterTopic), isTrouble: true });
  }

  addRoute(route: FlowRoute): void {
    const { name, state, health, rates, target, sources } = route;
    const id = `route ${name}`;
    this.#add({ id, kind: "route", name, detail: state, health, rate: rates.records, marks: marksOf(route), link: ["routes", name] });
    const isTrouble = health === "bad";
    for (const source of sources) this.#edges.push({ from: this.#addTopic(source), to: id, rate: rates.records, isTrouble });
    if (target !== undefined) this.#edges.push({ from: id, to: this.#addTarget(target), rate: rates.delivered, isTrouble });
    for (const letters of route.letterTopics.filter((topic) => this.#topics.has(topic)))
      this.#edges.push({ from: id, to: this.#addTopic(letters), rate: rates.dead_lettered, isTrouble: true });
  }

  /** What writes into topics without being known here: calls of the API, and programs with a Kafka client. */
  addInput(routes: readonly FlowRoute[]): void {
    const written = new Set(routes.flatMap(({ target }) => (target?.kind === "topic" ? [target.name] : [])));
    const read = new Set(routes.flatMap(({ sources }) => sources).filter((name) => !written.has(name) && !this.#letterTopics.has(name)));
    if (read.size === 0) return;
    const rate = [...read].reduce((sum, name) => sum + this.#rateOf(name), 0);
    this.#add({ id: "input", kind: "input", name: "HTTP and clients", detail: "Producers", health: "", rate, marks: [], link: ["topics"] });
    for (const name of read) this.#edges.push({ from: "input", to: this.#addTopic(name), rate: this.#rateOf(name), isTrouble: false });
  }

  graph(): FlowGraph {
    return { nodes: [...this.#nodes.values()], edges: this.#edges };
  }

  #add(node: FlowNode): void {
    if (!this.#nodes.has(node.id)) this.#nodes.set(node.id, node);
  }

  #addTopic(name: string): string {
    this.#add(toTopicNode(name, this.#topics, this.#letterTopics.has(name)));
    return topicId(name);
  }

  #addTarget({ kind, name }: { readonly kind: string; readonly name: string }): string {
    if (kind === "topic") return this.#addTopic(name);
    const id = `target ${kind} ${name}`;
    this.#add({ id, kind: "target", name, detail: kind, health: "", rate: undefined, marks: [], link: ["routes"] });
    return id;
  }

  #rateOf(name: string): number {
    return this.#topics.get(name)?.rate ?? 0;
  }
}

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
