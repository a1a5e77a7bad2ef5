/** Media types (RFC 9110, sections 8.3 and 12.5.1): what a request body is, and what its sender accepts. Letter case is ignored. */

export interface MediaType {
  /** `type/subtype` in lower case. */
  readonly essence: string;
  /** Names in lower case, values unquoted. */
  readonly parameters: ReadonlyMap<string, string>;
}

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const essencePattern = new RegExp(`^${token}/${token}$`);
const headerBytesMax = 2_000;

/** Reads a Content-Type header; undefined if it is not a valid media type. */
export function parseMediaType(header: string): MediaType | undefined {
  if (header.length > headerBytesMax) return undefined;
  const [essence = "", ...rest] = splitOutsideQuotes(header, ";");
  if (!essencePattern.test(essence)) return undefined;
  const parameters = new Map<string, string>();
  for (const part of rest) {
    const at = part.indexOf("=");
    if (at <= 0) continue;
    const name = part.slice(0, at).trim().toLowerCase();
    if (!parameters.has(name)) parameters.set(name, unquoted(part.slice(at + 1).trim()));
  }
  return { essence: essence.toLowerCase(), parameters };
}

function unquoted(value: string): string {
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, "$1") : value;
}

function splitOutsideQuotes(text: string, mark: string): string[] {
  const parts: string[] = [];
  let isQuoted = false;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (isQuoted && character === "\\") at++;
    else if (character === '"') isQuoted = !isQuoted;
    else if (character === mark && !isQuoted) {
      parts.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  parts.push(text.slice(from).trim());
  return parts;
}

/**
 * The type in `offered` that an Accept header prefers, the earlier one of equals; undefined if it accepts none. A missing header accepts everything. The most
 * specific range decides the weight of a type.
 */
export function negotiate(accept: string | undefined, offered: readonly string[]): string | undefined {
  if (accept === undefined || accept.trim() === "") return offered[0];
  const ranges = splitOutsideQuotes(accept.slice(0, headerBytesMax), ",").flatMap((part) => {
    const range = parseMediaType(part);
    return range === undefined ? [] : [{ essence: range.essence, weight: toWeight(range.parameters.get("q")) }];
  });
  let best: string | undefined;
  let bestWeight = 0;
  for (const type of offered) {
    const weight = weightOf(type, ranges);
    if (weight > bestWeight) [best, bestWeight] = [type, weight];
  }
  return best;
}

function toWeight(text: string | undefined): number {
  if (text === undefined) return 1;
  const weight = Number(text);
  return weight >= 0 && weight <= 1 ? weight : 0;
}

function weightOf(type: string, ranges: readonly { readonly essence: string; readonly weight: number }[]): number {
  const essence = type.split(";")[0]?.trim().toLowerCase() ?? "";
  for (const wanted of [essence, `${essence.split("/")[0]}/*`, "*/*"]) {
    const weights = ranges.filter((range) => range.essence === wanted).map((range) => range.weight);
    if (weights.length > 0) return Math.max(...weights);
  }
  return 0;
}

/** Types whose bodies AWS hands to a function as text. All other bodies arrive in base64. */
export function isGatewayText(essence: string): boolean {
  return essence.startsWith("text/") || ["application/json", "application/xml", "application/javascript"].includes(essence);
}

export function isJsonMediaType(essence: string): boolean {
  return essence === "application/json" || essence.endsWith("+json");
}
