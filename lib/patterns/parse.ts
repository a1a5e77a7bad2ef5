/** From a pattern as it was written to what a matcher runs: everything is checked here, and a fault names its place. */
import { toJsonText } from "../json/write.js";
import { describe, isObject, operatorNames, refusePattern } from "./fault.js";
import { type OperatorOptions, parseMember, type Test } from "./operators.js";

/** What one place of an event must hold. */
export type PatternNode = LeafNode | ObjectNode | AnyNode | AllNode;

export interface LeafNode {
  readonly kind: "leaf";
  /** Joined by or. */
  readonly tests: readonly Test[];
  /** Holds also where the event has no leaf at this path, over all elements of every array on the way. */
  readonly absent: readonly string[] | undefined;
}

/** Fields and groups of branches joined by and, all met by one and the same object. */
export interface ObjectNode {
  readonly kind: "object";
  readonly fields: ReadonlyMap<string, PatternNode>;
  readonly branches: readonly (readonly ObjectNode[])[];
}

/** One of several objects. */
interface AnyNode {
  readonly kind: "any";
  readonly nodes: readonly ObjectNode[];
}

/** Several demands on one place. */
interface AllNode {
  readonly kind: "all";
  readonly nodes: readonly PatternNode[];
}

const patternDepthMax = 100;

/** Where in the pattern something stands. */
interface Position {
  readonly path: readonly string[];
  /** Inside a branch of `$or`, at any depth: fields named like operators are refused there, as AWS does. */
  readonly isInBranch: boolean;
}

export function parsePattern(pattern: unknown, place: string, options: OperatorOptions): ObjectNode {
  return parseObject(pattern, place, { path: [], isInBranch: false }, options);
}

function parseObject(pattern: unknown, place: string, position: Position, options: OperatorOptions): ObjectNode {
  const { path, isInBranch } = position;
  if (!isObject(pattern)) refusePattern(place, `a pattern must be an object of fields, not ${describe(pattern)}.`);
  if (path.length > patternDepthMax) refusePattern(place, `the pattern has more than ${patternDepthMax} levels, which is the limit.`);
  const names = Object.keys(pattern);
  if (names.length === 0) refusePattern(place, "a pattern must have at least one field.");
  const fields = new Map<string, PatternNode>();
  const branches: (readonly ObjectNode[])[] = [];
  for (const name of names) {
    const inner = pattern[name];
    const innerPlace = placeOf(place, name);
    if (isInBranch && operatorNames.includes(name))
      refusePattern(place, `${JSON.stringify(name)} is an operator. It belongs in a list of values and cannot be a field inside $or.`);
    if (name === "$or") branches.push(parseBranches(inner, innerPlace, path, options));
    else fields.set(name, parseField(inner, innerPlace, { path: [...path, name], isInBranch }, options));
  }
  return { kind: "object", fields, branches };
}

function parseField(inner: unknown, place: string, position: Position, options: OperatorOptions): PatternNode {
  if (Array.isArray(inner)) return parseLeaf(inner, place, position.path, options);
  if (isObject(inner)) return parseObject(inner, place, position, options);
  return refusePattern(place, `a value must be in a list, such as [${toJsonText(inner) ?? "..."}], and this is ${describe(inner)}.`);
}

function parseLeaf(members: readonly unknown[], place: string, path: readonly string[], options: OperatorOptions): LeafNode {
  if (members.length === 0) refusePattern(place, "a list of values must have at least one member, because an empty list matches nothing.");
  const tests: Test[] = [];
  let absent: readonly string[] | undefined;
  members.forEach((member, index) => {
    const memberPlace = `${place}[${index}]`;
    if (isObject(member) && Object.keys(member).length === 1 && member.exists === false) absent = path;
    else tests.push(parseMember(member, memberPlace, options));
  });
  return { kind: "leaf", tests, absent };
}

function parseBranches(inner: unknown, place: string, path: readonly string[], options: OperatorOptions): readonly ObjectNode[] {
  if (!Array.isArray(inner) || inner.length < 2) refusePattern(place, "$or must be a list of two or more patterns.");
  return inner.map((branch: unknown, index) => parseObject(branch, `${place}[${index}]`, { path, isInBranch: true }, options));
}

function placeOf(place: string, name: string): string {
  return /^[\w$-]+$/.test(name) ? `${place}.${name}` : `${place}[${JSON.stringify(name)}]`;
}
