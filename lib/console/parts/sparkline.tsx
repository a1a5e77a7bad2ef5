/** A short history as a line without axes. */

const width = 72;
const height = 22;

export function Sparkline({ points, label }: { readonly points: readonly number[]; readonly label: string }) {
  if (points.length < 2) return null;
  const max = Math.max(...points, 0.001);
  const step = width / (points.length - 1);
  const line = points
    .map((point, index) => `${(index * step).toFixed(1)},${(height - 1 - (point / max) * (height - 3)).toFixed(1)}`)
    .join(" ");
  return (
    <svg class="sparkline" width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
      <polygon points={`0,${height} ${line} ${width},${height}`} />
      <polyline points={line} />
    </svg>
  );
}
