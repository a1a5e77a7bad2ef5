/** JSON written without rounding its numbers: as JSON.stringify writes it, and bigints and number texts as their digits. */
import { jsonDepthMax } from "./depth.js";
import { NumberText } from "./number-text.js";

/** Undefined for what JSON has no form for, as with JSON.stringify. Throws a RangeError for what is nested deeper than `jsonDepthMax` or holds itself. */
export function toJsonText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value) as string | undefined;
  } catch {
    // Bigints and number texts refuse to be written so; it is ten times as fast where there are none.
    return write(value, "", 0);
  }
}

function write(given: unknown, name: string, depth: number): string | undefined {
  if (given instanceof NumberText) return given.text;
  if (typeof given !== "object" || given === null || isBoxed(given)) return writeScalar(given);
  if (depth > jsonDepthMax)
    throw new RangeError(`It is nested deeper than ${jsonDepthMax} levels, or it holds itself, and cannot be written as JSON.`);
  const { toJSON } = given as { readonly toJSON?: unknown };
  if (typeof toJSON === "function") return write(toJSON.call(given, name), name, depth + 1);
  if (Array.isArray(given)) return `[${given.map((element, index) => write(element, String(index), depth + 1) ?? "null").join(",")}]`;
  const members: string[] = [];
  for (const [member, value] of Object.entries(given)) {
    const text = write(value, member, depth + 1);
    if (text !== undefined) members.push(`${JSON.stringify(member)}:${text}`);
  }
  return `{${members.join(",")}}`;
}

function writeScalar(value: unknown): string | undefined {
  return typeof value === "bigint" ? String(value) : (JSON.stringify(value) as string | undefined);
}

/** Objects that JSON.stringify writes as a scalar; JSON.rawJSON is Node 22's way to write a number of any length. */
function isBoxed(given: object): boolean {
  const { isRawJSON } = JSON as { readonly isRawJSON?: (value: unknown) => boolean };
  return given instanceof String || given instanceof Number || given instanceof Boolean || isRawJSON?.(given) === true;
}
