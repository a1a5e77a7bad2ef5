/** JSON as a tree whose branches open and close, with every digit of its numbers. */
import type { JsonNode } from "../words/json-text.js";

/** More items of one list or object are shown on demand. */
const shownMax = 200;
const openDepth = 3;

export function JsonTree({ node }: { readonly node: JsonNode }) {
  return (
    <div class="tree">
      <Branch node={node} depth={0} />
    </div>
  );
}

function Branch({ name, node, depth }: { readonly name?: string; readonly node: JsonNode; readonly depth: number }) {
  if (node.kind !== "object" && node.kind !== "array") {
    return (
      <div class="leaf">
        <Name name={name} />
        <span class={node.kind}>{node.kind === "string" ? JSON.stringify(node.text) : node.text}</span>
      </div>
    );
  }
  const inner = node.kind === "object" ? node.members : node.items.map((item, index) => [String(index), item] as const);
  const [open, close] = node.kind === "object" ? ["{", "}"] : ["[", "]"];
  if (inner.length === 0) {
    return (
      <div class="leaf">
        <Name name={name} />
        {open}
        {close}
      </div>
    );
  }
  return (
    <details open={depth < openDepth}>
      <summary>
        <Name name={name} />
        {open}
        <span class="muted"> {inner.length} </span>
        {close}
      </summary>
      <div>
        {inner.slice(0, shownMax).map(([key, child]) => (
          <Branch key={key} name={key} node={child} depth={depth + 1} />
        ))}
        {inner.length > shownMax && <div class="leaf muted">… {inner.length - shownMax} more. Show the value as text to see all.</div>}
      </div>
    </details>
  );
}

function Name({ name }: { readonly name: string | undefined }) {
  return name === undefined ? null : <span class="name">{name}: </span>;
}
