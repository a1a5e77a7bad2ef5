/** The members of a value list: plain values and the operators, each parsed to a test of one scalar. */

import { compareNumbers, type EventNumber, isNumber, NumberText, numberText } from "../json/number-text.js";
import { toJsonText } from "../json/write.js";
import { parseCidr } from "./cidr.js";
import { describe, isObject, refuseOperator, refusePattern } from "./fault.js";
import { ignoringCase } from "./letter-case.js";
import { matchesWildcard, parseWildcard } from "./wildcard.js";

/** Does this scalar (string, number, boolean or null) match? */
export type Test = (value: unknown) => boolean;

export interface OperatorOptions {
  /** How plain numbers compare: by decimal `value` (300 is 3e2), or by `text`, as Lambda's event filtering documents. */
  readonly numbers: "value" | "text";
  /** `lambda`: only what Lambda's event filtering lists (https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html). */
  readonly operators: "all" | "lambda";
  /** Plain whole numbers of the pattern that a double may have rounded before they came here: accepted as they are, or refused. */
  readonly rounded: "take" | "refuse";
}

export function parseMember(member: unknown, place: string, options: OperatorOptions): Test {
  if (member === null || typeof member === "string" || typeof member === "boolean") return (value) => value === member;
  if (isNumber(member)) return equalsNumber(member, place, options);
  if (!isObject(member))
    return refusePattern(
      place,
      `a member must be a string, a number, a boolean, null or an object with one operator, not ${describe(member)}.`,
    );
  const [name, operand] = onlyOperator(member, place);
  return parseOperator(name, operand, `${place}.${name}`, options);
}

function parseOperator(name: string, operand: unknown, place: string, options: OperatorOptions): Test {
  if (options.operators === "lambda" && (name === "wildcard" || name === "cidr"))
    refusePattern(place, `Lambda's event filtering does not support ${JSON.stringify(name)}.`);
  switch (name) {
    case "exists":
      if (operand !== true) refusePattern(place, `exists must be true or false, not ${describe(operand)}.`);
      return () => true;
    case "prefix":
    case "suffix":
      return parseAffix(name, operand, place, options);
    case "equals-ignore-case":
      return equalsIgnoringCase(text(operand, place));
    case "wildcard":
      return wildcard(text(operand, place), place);
    case "cidr":
      return cidr(text(operand, place), place);
    case "numeric":
      return numeric(operand, place);
    case "anything-but":
      return anythingBut(operand, place, options);
    default:
      return refuseOperator(place, name);
  }
}

function onlyOperator(member: Readonly<Record<string, unknown>>, place: string): readonly [name: string, operand: unknown] {
  const [name, ...others] = Object.keys(member);
  if (name === undefined) return refusePattern(place, "an operator is missing: the object is empty.");
  if (others.length > 0)
    refusePattern(
      place,
      `an object must have exactly one operator, and this one has ${others.length + 1}: ${[name, ...others].join(", ")}.`,
    );
  return [name, member[name]];
}

function text(operand: unknown, place: string): string {
  return typeof operand === "string" ? operand : refusePattern(place, `it must be a string, not ${describe(operand)}.`);
}

/** A double that stands for a whole number with more digits than a double holds was rounded before. */
function assertExact(member: EventNumber, place: string): void {
  if (typeof member !== "number") return;
  if (!Number.isFinite(member)) refusePattern(place, `${member} is not a number that JSON can express.`);
  if (Number.isInteger(member) && !Number.isSafeInteger(member) && !/^-?\d{1,15}0*$/.test(String(BigInt(member))))
    refusePattern(
      place,
      `${member} has more digits than a JavaScript number holds: write it as a bigint (${BigInt(member)}n), or give the pattern as JSON text.`,
    );
}

function equalsNumber(member: EventNumber, place: string, options: OperatorOptions): Test {
  if (options.rounded === "refuse" || !Number.isFinite(Number(member))) assertExact(member, place);
  if (options.numbers === "text") {
    const expected = numberText(member);
    return (value) => isNumber(value) && numberText(value) === expected;
  }
  if (typeof member === "number")
    return (value) => (typeof value === "number" ? value === member : isNumber(value) && compareNumbers(value, member) === 0);
  return (value) => isNumber(value) && compareNumbers(value, member) === 0;
}

function parseAffix(name: "prefix" | "suffix", operand: unknown, place: string, options: OperatorOptions): Test {
  if (!isObject(operand)) return affix(name, text(operand, place));
  const [inner, innerOperand] = onlyOperator(operand, place);
  if (inner !== "equals-ignore-case")
    refusePattern(place, `${name} must be a string or {"equals-ignore-case": string}; ${toJsonText(inner)} is not possible here.`);
  if (options.operators === "lambda") refusePattern(place, `Lambda's event filtering supports ${name} only with a plain string.`);
  const expected = text(innerOperand, `${place}.${inner}`);
  const matchesAt = ignoringCase(expected);
  return name === "prefix"
    ? (value) => typeof value === "string" && matchesAt(value, 0)
    : (value) => typeof value === "string" && matchesAt(value, value.length - expected.length);
}

function affix(name: "prefix" | "suffix", expected: string): Test {
  return name === "prefix"
    ? (value) => typeof value === "string" && value.startsWith(expected)
    : (value) => typeof value === "string" && value.endsWith(expected);
}

function equalsIgnoringCase(expected: string): Test {
  const matchesAt = ignoringCase(expected);
  return (value) => typeof value === "string" && value.length === expected.length && matchesAt(value, 0);
}

function wildcard(pattern: string, place: string): Test {
  const parts = parsed(place, () => parseWildcard(pattern));
  return (value) => typeof value === "string" && matchesWildcard(parts, value);
}

function cidr(range: string, place: string): Test {
  const includes = parsed(place, () => parseCidr(range));
  return (value) => typeof value === "string" && includes(value);
}

function parsed<T>(place: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    return refusePattern(place, `${error instanceof Error ? error.message : String(error)}.`);
  }
}

const comparisons: Readonly<Record<string, (order: number) => boolean>> = {
  "=": (order) => order === 0,
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
};

function numeric(operand: unknown, place: string): Test {
  const shape = 'numeric must be a list of one of = < <= > >= and a number, or of a lower and an upper bound, such as [">=", 4, "<", 5]';
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4))
    return refusePattern(place, `${shape}, not ${describe(operand)}.`);
  const [lowerSign, lower, upperSign, upper] = operand as readonly unknown[];
  const first = bound(lowerSign, lower, Object.keys(comparisons), place, shape);
  if (operand.length === 2) return (value) => isNumber(value) && first.holds(compareNumbers(value, first.number));
  if (lowerSign !== ">" && lowerSign !== ">=") refusePattern(place, `${shape}. A range must start with > or >=.`);
  const second = bound(upperSign, upper, ["<", "<="], place, shape);
  if (compareNumbers(first.number, second.number) >= 0) refusePattern(place, "the lower bound of a range must be less than the upper one.");
  return (value) =>
    isNumber(value) && first.holds(compareNumbers(value, first.number)) && second.holds(compareNumbers(value, second.number));
}

function bound(sign: unknown, number: unknown, signs: readonly string[], place: string, shape: string) {
  const holds = typeof sign === "string" && signs.includes(sign) ? comparisons[sign] : undefined;
  if (holds === undefined) return refusePattern(place, `${shape}. Use one of ${signs.join(" ")} instead of ${describe(sign)}.`);
  if (!isNumber(number)) return refusePattern(place, `${shape}. Use a number instead of ${describe(number)}.`);
  assertExact(number, place);
  return { holds, number };
}

function anythingBut(operand: unknown, place: string, options: OperatorOptions): Test {
  if (isObject(operand) && !isNumber(operand)) return anythingButOperator(operand, place, options);
  const values: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  if (values.length === 0) refusePattern(place, "anything-but must have at least one value.");
  const areStrings = values.every((value) => typeof value === "string");
  if (!areStrings && !values.every(isNumber))
    refusePattern(
      place,
      "anything-but must be a string, a number, a list of only strings or only numbers, or an object with prefix, suffix, equals-ignore-case or wildcard.",
    );
  if (areStrings) {
    const excluded = new Set<unknown>(values);
    return (value) => !excluded.has(value);
  }
  const excluded = values.map((value) => equalsNumber(value as EventNumber, place, options));
  return (value) => !excluded.some((equals) => equals(value));
}

function anythingButOperator(operand: Readonly<Record<string, unknown>>, place: string, options: OperatorOptions): Test {
  const [name, inner] = onlyOperator(operand, place);
  const innerPlace = `${place}.${name}`;
  if (!["prefix", "suffix", "equals-ignore-case", "wildcard"].includes(name))
    refusePattern(innerPlace, "anything-but can contain only prefix, suffix, equals-ignore-case or wildcard.");
  if (options.operators === "lambda") refusePattern(innerPlace, "Lambda's event filtering supports anything-but only with plain values.");
  const texts: readonly unknown[] = Array.isArray(inner) ? inner : [inner];
  if (texts.length === 0) refusePattern(innerPlace, "it must be a string or a list of strings, and the list must not be empty.");
  const excluded = texts.map((one) => {
    const expected = text(one, innerPlace);
    if (expected === "" && (name === "prefix" || name === "suffix"))
      refusePattern(innerPlace, "an empty string would exclude every string.");
    return parseOperator(name, expected, innerPlace, { ...options, operators: "all" });
  });
  return (value) => !excluded.some((matches) => matches(value));
}

/** Is this a scalar of an event, rather than an object or array? */
export function isScalar(value: unknown): boolean {
  return value === null || typeof value !== "object" || value instanceof NumberText;
}
