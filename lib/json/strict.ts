/** JSON both ways with every digit kept: bigints are written as whole numbers, and whole numbers that a double cannot hold are read as bigints. */
import { RelayError } from "../errors.js";

/** How deep arrays and objects may lie in each other in a body: far beyond what any client means, and far below what a stack holds. */
export const jsonDepthMax = 100;

/** JSON text of a value, bigints as numbers; undefined members are left out, as by `JSON.stringify`. */
export function toJson(value: unknown): string {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map(toJson).join(",")}]`;
  if ("toJSON" in value && typeof value.toJSON === "function") return toJson(value.toJSON());
  const members: string[] = [];
  for (const [name, member] of Object.entries(value)) {
    if (member !== undefined && typeof member !== "function") members.push(`${JSON.stringify(name)}:${toJson(member)}`);
  }
  return `{${members.join(",")}}`;
}

/**
 * Reads one JSON text. A name given twice, nesting beyond 100 levels, a number beyond the range of a double and anything after the value are refused as
 * `malformed-json`, with the place; what the text holds is never repeated in the message.
 */
export function parseJson(text: string): unknown {
  const reader: JsonReader = { text, at: 0, depth: 0 };
  const value = readValue(reader);
  skipSpace(reader);
  if (reader.at < text.length) throw malformed(reader.at, "one JSON value was expected, and more follows it");
  return value;
}

interface JsonReader {
  readonly text: string;
  at: number;
  depth: number;
}

export function malformed(at: number, what: string): RelayError {
  return new RelayError("malformed-json", `The body is no valid JSON: at position ${at}, ${what}.`);
}

const space = /[ \t\n\r]*/y;
const number = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const words = new Map<string, unknown>([
  ["t", true],
  ["f", false],
  ["n", null],
]);

function readValue(reader: JsonReader): unknown {
  skipSpace(reader);
  const first = reader.text[reader.at];
  if (first === undefined) throw malformed(reader.at, "a value was expected, and the body ends");
  if (first === "{") return nested(reader, readObject);
  if (first === "[") return nested(reader, readArray);
  if (first === '"') return readString(reader);
  if (words.has(first)) return readWord(reader, words.get(first));
  return readNumber(reader);
}

function nested<Value>(reader: JsonReader, read: (reader: JsonReader) => Value): Value {
  if (++reader.depth > jsonDepthMax) throw malformed(reader.at, `it is nested more than ${jsonDepthMax} levels deep`);
  reader.at++;
  const value = read(reader);
  reader.depth--;
  return value;
}

function readObject(reader: JsonReader): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  if (take(reader, "}")) return object;
  do {
    skipSpace(reader);
    const nameAt = reader.at;
    if (reader.text[nameAt] !== '"') throw malformed(nameAt, "a member's name in double quotes was expected");
    const name = readString(reader);
    if (Object.hasOwn(object, name)) throw malformed(nameAt, `the member ${JSON.stringify(name.slice(0, 80))} is given twice`);
    if (!take(reader, ":")) throw malformed(reader.at, "a colon was expected");
    const value = readValue(reader);
    // Defined, not assigned: a member called __proto__ is a member like any other, and changes no prototype.
    Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
  } while (take(reader, ","));
  if (!take(reader, "}")) throw malformed(reader.at, "a comma or a closing brace was expected");
  return object;
}

function readArray(reader: JsonReader): unknown[] {
  const items: unknown[] = [];
  if (take(reader, "]")) return items;
  do items.push(readValue(reader));
  while (take(reader, ","));
  if (!take(reader, "]")) throw malformed(reader.at, "a comma or a closing bracket was expected");
  return items;
}

function readString(reader: JsonReader): string {
  const from = reader.at;
  const end = endOfString(reader.text, from);
  try {
    reader.at = end;
    return JSON.parse(reader.text.slice(from, end));
  } catch {
    throw malformed(from, "a string is not closed, or holds a control character or an unknown escape");
  }
}

/** Behind the closing quote, or the end of the text. A loop, since a pattern over a string of megabytes overflows its stack. */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5c) at++;
    else if (code === 0x22) return at + 1;
  }
  return text.length;
}

function readWord(reader: JsonReader, value: unknown): unknown {
  const word = String(value);
  if (!reader.text.startsWith(word, reader.at)) refuse(reader, "a value was expected");
  reader.at += word.length;
  return value;
}

function readNumber(reader: JsonReader): number | bigint {
  const from = reader.at;
  const digits = match(reader, number) ?? refuse(reader, "a value was expected");
  const value = Number(digits);
  if (!Number.isFinite(value)) throw malformed(from, "a number is out of range");
  return Number.isInteger(value) && !Number.isSafeInteger(value) && /^-?\d+$/.test(digits) ? BigInt(digits) : value;
}

function refuse(reader: JsonReader, what: string): never {
  throw malformed(reader.at, what);
}

function match(reader: JsonReader, pattern: RegExp): string | undefined {
  pattern.lastIndex = reader.at;
  const found = pattern.exec(reader.text)?.[0];
  if (found !== undefined) reader.at += found.length;
  return found;
}

function skipSpace(reader: JsonReader): void {
  match(reader, space);
}

function take(reader: JsonReader, mark: string): boolean {
  skipSpace(reader);
  if (reader.text[reader.at] !== mark) return false;
  reader.at++;
  return true;
}
