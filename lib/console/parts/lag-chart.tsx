/** Lag over time, while the view is open. */
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

export interface LagPoint {
  readonly atMs: number;
  readonly lag: number;
}

const heightPx = 140;
const spanMinSeconds = 60;

export function LagChart({ points }: { readonly points: readonly LagPoint[] }) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | undefined>(undefined);
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const plot = new uPlot(optionsFor(element), [[], []], element);
    chart.current = plot;
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: heightPx }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, []);
  useEffect(() => chart.current?.setData([points.map(({ atMs }) => atMs / 1_000), points.map(({ lag }) => lag)]), [points]);
  const last = points.at(-1)?.lag ?? 0;
  return (
    <section class="card chart" aria-label={`Lag over time; now ${last}`}>
      <div ref={place} />
    </section>
  );
}

function optionsFor(element: HTMLElement): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const axis = {
    font: `11px ${colour("--font")}`,
    stroke: colour("--muted"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { stroke: colour("--line"), width: 1 },
  };
  return {
    width: element.clientWidth,
    height: heightPx,
    legend: { show: false },
    cursor: { y: false },
    scales: {
      x: { range: (_, min, max) => [Math.min(min, max - spanMinSeconds), max] },
      y: { range: (_, __, max) => [0, Math.max(10, max * 1.1)] },
    },
    axes: [axis, { ...axis, size: 64 }],
    series: [{}, { label: "lag", stroke: colour("--accent"), width: 2, fill: colour("--accent-soft"), points: { show: false } }],
  };
}
