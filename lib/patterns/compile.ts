/** Event patterns, the language of EventBridge and of Lambda's filters: a pattern in, a function from event to yes or no out. */

import { RelayError } from "../errors.js";
import { parseJson } from "../json/read.js";
import { spreadBranches } from "./branches.js";
import type { EventPattern } from "./event-pattern.js";
import { isScalar, type OperatorOptions } from "./operators.js";
import { type LeafNode, type ObjectNode, type PatternNode, parsePattern } from "./parse.js";

interface PatternOptions extends Partial<OperatorOptions> {
  /** The name of the pattern in messages: "filter", "filterPatterns[0]". */
  readonly place?: string;
}

export type EventMatcher = (event: unknown) => boolean;

/** `root` is the whole event: absence is judged over all of it. */
type Matcher = (value: unknown, root: unknown) => boolean;

/**
 * Compiles a pattern, given as an object or as its JSON text (whose numbers then keep every digit). Events are values as JSON.parse or `parseJson`
 * makes them; an event that is not an object matches nothing. Throws `bad-configuration` naming the place of the first fault.
 */
export function compilePattern(pattern: EventPattern | string, options: PatternOptions = {}): EventMatcher {
  const { place = "pattern", numbers = "value", operators = "all", rounded = "take" } = options;
  const root = parsePattern(typeof pattern === "string" ? parsePatternText(pattern, place, numbers) : pattern, place, {
    numbers,
    operators,
    rounded,
  });
  const matches = compileNode(spreadBranches(root, place));
  return (event) => matches(event, event);
}

function parsePatternText(text: string, place: string, numbers: "value" | "text"): unknown {
  try {
    return parseJson(text, numbers === "text" ? "text" : "exact");
  } catch (cause) {
    throw new RelayError(
      "bad-configuration",
      `${place}: the pattern is not valid JSON: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

function compileNode(node: PatternNode): Matcher {
  switch (node.kind) {
    case "leaf":
      return compileLeaf(node);
    case "object":
      return compileObject(node);
    case "any": {
      const matchers = node.nodes.map(compileNode);
      return (value, root) => matchers.some((matches) => matches(value, root));
    }
    case "all": {
      const matchers = node.nodes.map(compileNode);
      return (value, root) => matchers.every((matches) => matches(value, root));
    }
  }
}

function compileLeaf({ tests, absent }: LeafNode): Matcher {
  const [only, second] = tests;
  const test = only !== undefined && second === undefined ? only : (value: unknown) => tests.some((one) => one(value));
  return (value, root) => {
    if (value !== undefined && (isScalar(value) ? test(value) : Array.isArray(value) && anyScalar(value, test))) return true;
    return absent !== undefined && !hasLeaf(root, absent);
  };
}

function compileObject({ fields, branches }: ObjectNode): Matcher {
  const names = [...fields.keys()];
  const matchers = [...fields.values()].map(compileNode);
  const groups = branches.map((group) => group.map(compileNode));
  const mayBeAbsent = [...fields.values()].every(holdsWithoutEvent) && branches.every((group) => group.some(holdsWithoutEvent));

  const matchesObject: Matcher = (value, root) => {
    for (let index = 0; index < names.length; index++) {
      const name = names[index] as string;
      const inner = value !== undefined && Object.hasOwn(value as object, name) ? (value as Record<string, unknown>)[name] : undefined;
      if (!matchers[index]?.(inner, root)) return false;
    }
    return groups.every((group) => group.some((matches) => matches(value, root)));
  };
  return (value, root) => {
    if (!isScalar(value)) {
      if (!Array.isArray(value)) return matchesObject(value, root);
      if (anyObject(value, (element) => matchesObject(element, root))) return true;
    }
    return mayBeAbsent && matchesObject(undefined, root);
  };
}

/** Could it hold where the event has nothing there? */
function holdsWithoutEvent(node: PatternNode): boolean {
  switch (node.kind) {
    case "leaf":
      return node.absent !== undefined;
    case "object":
      return [...node.fields.values()].every(holdsWithoutEvent) && node.branches.every((group) => group.some(holdsWithoutEvent));
    case "any":
      return node.nodes.some(holdsWithoutEvent);
    case "all":
      return node.nodes.every(holdsWithoutEvent);
  }
}

/** Arrays in arrays are flattened, without recursion: the event decides how deep they are. */
function anyScalar(array: readonly unknown[], test: (value: unknown) => boolean): boolean {
  return anyElement(array, (element) => isScalar(element) && test(element));
}

function anyObject(array: readonly unknown[], test: (value: unknown) => boolean): boolean {
  return anyElement(array, (element) => !isScalar(element) && test(element));
}

function anyElement(array: readonly unknown[], test: (element: unknown) => boolean): boolean {
  const waiting: (readonly unknown[])[] = [array];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const element of next) {
      if (Array.isArray(element)) waiting.push(element);
      else if (test(element)) return true;
    }
  }
  return false;
}

/** Is there a scalar at the path, in any element of any array on the way? */
function hasLeaf(value: unknown, path: readonly string[], from = 0): boolean {
  if (value === undefined) return false;
  if (Array.isArray(value)) return anyElement(value, (element) => hasLeaf(element, path, from));
  const name = path[from];
  if (name === undefined) return isScalar(value);
  return !isScalar(value) && Object.hasOwn(value as object, name) && hasLeaf((value as Record<string, unknown>)[name], path, from + 1);
}
