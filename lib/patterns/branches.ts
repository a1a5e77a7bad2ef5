/**
 * `$or` beside fields of the same name. `{a: {x}, $or: [{a: {y}}, ...]}` asks one element of an array `a` for x and y together, so the branches are
 * spread: one object per combination. Where no name is shared the branches stay as they are, which is the same and costs nothing.
 */
import { refusePattern } from "./fault.js";
import type { ObjectNode, PatternNode } from "./parse.js";

/** Combinations a pattern may spread to. */
const combinationsMax = 1000;

export function spreadBranches(node: ObjectNode, place: string): PatternNode {
  const nodes = combinations(node, place);
  const [only, second] = nodes;
  return only !== undefined && second === undefined ? only : { kind: "any", nodes };
}

function combinations(node: ObjectNode, place: string): readonly ObjectNode[] {
  if (!sharesNames(node)) {
    return [
      {
        kind: "object",
        fields: spreadFields(node.fields, place),
        branches: node.branches.map((group) => group.flatMap((branch) => combinations(branch, place))),
      },
    ];
  }
  let found: readonly ObjectNode[] = [{ kind: "object", fields: node.fields, branches: [] }];
  for (const group of node.branches) {
    const alternatives = group.flatMap(flatten);
    if (found.length * alternatives.length > combinationsMax)
      refusePattern(place, `its $or branches combine to more than ${combinationsMax} patterns.`);
    found = found.flatMap((left) => alternatives.map((right) => merge(left, right)));
  }
  return found.map(({ fields }) => ({ kind: "object", fields: spreadFields(fields, place), branches: [] }));
}

/** The alternatives of a branch that has `$or` of its own, without any `$or`. */
function flatten(node: ObjectNode): readonly ObjectNode[] {
  return node.branches.reduce<readonly ObjectNode[]>(
    (found, group) => found.flatMap((left) => group.flatMap(flatten).map((right) => merge(left, right))),
    [{ kind: "object", fields: node.fields, branches: [] }],
  );
}

function spreadFields(fields: ReadonlyMap<string, PatternNode>, place: string): ReadonlyMap<string, PatternNode> {
  return new Map([...fields].map(([name, node]) => [name, spreadNode(node, `${place}.${name}`)]));
}

function spreadNode(node: PatternNode, place: string): PatternNode {
  if (node.kind === "object") return spreadBranches(node, place);
  return node.kind === "all" ? { kind: "all", nodes: node.nodes.map((one) => spreadNode(one, place)) } : node;
}

function sharesNames(node: ObjectNode): boolean {
  const groups = [new Set(node.fields.keys()), ...node.branches.map((group) => new Set(group.flatMap(namesOf)))];
  const names = groups.flatMap((group) => [...group]);
  return new Set(names).size < names.length || node.branches.some((group) => group.some(sharesNames));
}

function namesOf(node: ObjectNode): readonly string[] {
  return [...node.fields.keys(), ...node.branches.flatMap((group) => group.flatMap(namesOf))];
}

function merge(left: ObjectNode, right: ObjectNode): ObjectNode {
  const fields = new Map(left.fields);
  for (const [name, node] of right.fields) {
    const other = fields.get(name);
    fields.set(name, other === undefined ? node : mergeNodes(other, node));
  }
  return { kind: "object", fields, branches: [...left.branches, ...right.branches] };
}

function mergeNodes(left: PatternNode, right: PatternNode): PatternNode {
  return left.kind === "object" && right.kind === "object" ? merge(left, right) : { kind: "all", nodes: [left, right] };
}
