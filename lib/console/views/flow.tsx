/** The home view: what comes in, where it goes, how fast, and where it stops. */
import type { RefObject } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Empty } from "../parts/empty.js";
import { Icon, type IconName } from "../parts/icons.js";
import { Sparkline } from "../parts/sparkline.js";
import { LoadingState } from "../parts/trouble.js";
import { type Flow, flowEveryMs, loadFlow } from "../state/flow.js";
import { useLoaded } from "../state/loading.js";
import { linkTo } from "../state/place.js";
import type { FlowNode } from "../words/flow-graph.js";
import { nodeHeight, nodeWidth, type PlacedNode, placeFlow } from "../words/flow-layout.js";
import { toRateText } from "../words/format.js";

export function FlowView() {
  const loaded = useLoaded("flow", loadFlow, flowEveryMs);
  const flow = loaded.data;
  return (
    <div class="view">
      <div class="view-head">
        <h1>Flow</h1>
        <span class="grow" />
        <Legend />
      </div>
      <LoadingState loaded={loaded} />
      {flow !== undefined && flow.graph.nodes.length === 0 && <NoRoutes topics={flow.topics} />}
      {flow !== undefined && flow.graph.nodes.length > 0 && <Diagram flow={flow} />}
    </div>
  );
}

function NoRoutes({ topics }: { readonly topics: number }) {
  return (
    <Empty title="Nothing flows yet">
      <p>A route reads a topic and delivers its records to a target. This API has no routes.</p>
      <p>
        <a href={linkTo(["topics"])}>{topics === 0 ? "Create a topic" : `Look at the ${topics} topics`}</a>, or write a route in{" "}
        <code>functions/routes</code>.
      </p>
    </Empty>
  );
}

function Legend() {
  return (
    <div class="row muted small">
      <span class="dot good" /> running
      <span class="dot warn" /> look at it
      <span class="dot bad" /> held
      <span>· a line is as wide as its rate</span>
    </div>
  );
}

/** Below this width the flow runs from top to bottom. */
const narrowPx = 640;
/** Smaller text could not be read; beyond that, the diagram scrolls. */
const scaleMin = 0.72;

function Diagram({ flow }: { readonly flow: Flow }) {
  const element = useRef<HTMLElement>(null);
  const roomPx = useRoom(element);
  const placed = useMemo(() => placeFlow(flow.graph, roomPx < narrowPx ? "TB" : "LR"), [flow, roomPx < narrowPx]);
  const scale = Math.max(scaleMin, Math.min(1, roomPx / placed.width));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: an area that scrolls must be reachable by keyboard (WCAG 2.1.1)
    <section class="flow card" aria-label="Flow of records" tabIndex={0} ref={element}>
      <div class="flow-room" style={{ width: `${placed.width * scale}px`, height: `${placed.height * scale}px` }}>
        <div class="flow-canvas" style={{ width: `${placed.width}px`, height: `${placed.height}px`, transform: `scale(${scale})` }}>
          <svg width={placed.width} height={placed.height} aria-hidden="true">
            {placed.edges.map(({ from, to, path, widthPx, isTrouble, rate }) => (
              <path
                key={`${from} ${to}`}
                d={path}
                stroke-width={widthPx}
                class={`${isTrouble && rate > 0 ? "trouble-line" : ""} ${rate > 0 ? "moving" : ""}`}
              />
            ))}
          </svg>
          {placed.nodes.map((node) => (
            <NodeCard key={node.id} node={node} points={flow.history.get(node.id) ?? []} />
          ))}
        </div>
      </div>
    </section>
  );
}

const paddingPx = 34;

/** The width that the diagram has, as it changes. */
function useRoom(element: RefObject<HTMLElement | null>): number {
  const [roomPx, setRoom] = useState(window.innerWidth);
  useEffect(() => {
    const { current } = element;
    if (current === null) return undefined;
    const observer = new ResizeObserver(() => setRoom(current.clientWidth - paddingPx));
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
  return roomPx;
}

const icons: Readonly<Record<FlowNode["kind"], IconName>> = {
  input: "send",
  source: "sources",
  topic: "topics",
  route: "routes",
  target: "cluster",
  letters: "letters",
};

function NodeCard({ node, points }: { readonly node: PlacedNode; readonly points: readonly number[] }) {
  const { x, y, kind, name, detail, health, rate, marks, link } = node;
  return (
    <a
      class={`flow-node ${kind} ${health}`}
      href={linkTo(link)}
      style={{ left: `${x}px`, top: `${y}px`, width: `${nodeWidth}px`, height: `${nodeHeight}px` }}
    >
      <span class="flow-name">
        <Icon name={icons[kind]} />
        <strong title={name}>{name}</strong>
        {health !== "" && <span class={`dot ${health}`} />}
      </span>
      <span class="flow-detail">
        {detail}
        {marks.map(({ words, colour }) => (
          <span key={words} class={`badge ${colour}`}>
            {words}
          </span>
        ))}
      </span>
      {rate !== undefined && (
        <span class="flow-rate">
          {toRateText(rate)}
          <Sparkline points={points} label={`The rate of ${name} in the last minute`} />
        </span>
      )}
    </a>
  );
}
