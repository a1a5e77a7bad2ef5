/** Where the nodes of the flow stand and how the lines between them run. Pure. */
import { graphlib, layout } from "@dagrejs/dagre";
import type { FlowEdge, FlowGraph, FlowNode } from "./flow-graph.js";

export const nodeWidth = 176;
export const nodeHeight = 84;

export interface PlacedNode extends FlowNode {
  readonly x: number;
  readonly y: number;
}

interface PlacedEdge extends FlowEdge {
  /** An SVG path. */
  readonly path: string;
  readonly widthPx: number;
}

interface PlacedFlow {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
}

export function placeFlow({ nodes, edges }: FlowGraph, direction: "LR" | "TB"): PlacedFlow {
  const graph = new graphlib.Graph();
  graph.setGraph({ rankdir: direction, nodesep: 26, ranksep: direction === "LR" ? 44 : 40, marginx: 8, marginy: 8 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id } of nodes) graph.setNode(id, { width: nodeWidth, height: nodeHeight });
  for (const { from, to } of edges) graph.setEdge(from, to);
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { readonly width?: number; readonly height?: number };
  const placed = nodes.map((node) => {
    const { x, y } = graph.node(node.id) as { readonly x: number; readonly y: number };
    return { ...node, x: x - nodeWidth / 2, y: y - nodeHeight / 2 };
  });
  const byId = new Map(placed.map((node) => [node.id, node]));
  const lines = edges.flatMap((edge) => {
    const [from, to] = [byId.get(edge.from), byId.get(edge.to)];
    return from === undefined || to === undefined ? [] : [{ ...edge, path: pathBetween(from, to, direction), widthPx: widthOf(edge.rate) }];
  });
  return { width, height, nodes: placed, edges: lines };
}

function pathBetween(from: PlacedNode, to: PlacedNode, direction: "LR" | "TB"): string {
  if (direction === "LR") {
    const [x1, y1, x2, y2] = [from.x + nodeWidth, from.y + nodeHeight / 2, to.x, to.y + nodeHeight / 2];
    const bend = Math.max(24, Math.abs(x2 - x1) / 2);
    return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
  }
  const [x1, y1, x2, y2] = [from.x + nodeWidth / 2, from.y + nodeHeight, to.x + nodeWidth / 2, to.y];
  const bend = Math.max(20, Math.abs(y2 - y1) / 2);
  return `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`;
}

/** From 1.5 pixels at rest to 12 at thousands of records per second. */
const widthOf = (rate: number): number => 1.5 + Math.min(10.5, Math.log10(1 + rate) * 3);
