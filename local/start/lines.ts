/** Turns the output of the functions, the triggers and serverless-offline into one readable line per event; undefined for noise. */
import pc from "picocolors";

/** Output of serverless-offline about itself: its route table, its own request lines, its advice. */
const noise: readonly RegExp[] = [
  /^\s*$/,
  /^[\s│┌└├─┐┘┤|*]+/,
  /^Environment: |^Docs: |^Support: |^Bugs: /,
  /Starting Offline at |Offline \[http for lambda\]|Function names exposed for local invocation/,
  /^\s*\* .*: \S+-local-/,
  /Server ready: |Enter "rp" to replay/,
  /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|ANY) \S+ \(λ: \w+\)$/,
  /^\(λ: \w+\) RequestId: /,
  /^Scheduling \[|^Successfully invoked scheduled function/,
  /Halting offline server|Got SIG(INT|TERM) signal/,
  /^Warning: Invalid configuration encountered/,
  // The route's own line says more about a successful batch.
  /^kafka-trigger .* succeeded$/,
  // The route's own line says more about held records.
  /^(× |Warning: kafka-trigger .*)RelayError: \d+ of \d+ records are given back/,
];

type Entry = Readonly<Record<string, unknown>>;

export function toLine(text: string, now: Date): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: removes the colours of another program before parsing its output
  const plain = text.replace(/\u001b\[[0-9;]*m/g, "").trimEnd();
  const entry = parseEntry(plain);
  if (entry === undefined) return noise.some((pattern) => pattern.test(plain)) ? undefined : plain;
  if ("_aws" in entry) return undefined;
  return toEntryLine(entry, now);
}

/** One log entry as a line for people. */
export function toEntryLine(entry: Entry, now: Date): string {
  return `${pc.dim(now.toTimeString().slice(0, 8))}  ${describe(entry)}`;
}

function parseEntry(text: string): Entry | undefined {
  if (!text.startsWith("{") || !text.endsWith("}")) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null && ("message" in parsed || "_aws" in parsed) ? (parsed as Entry) : undefined;
  } catch {
    return undefined;
  }
}

function describe(entry: Entry): string {
  switch (entry.message) {
    case "request":
      return describeRequest(entry);
    case "batch":
      return describeBatch(entry);
    case "dead letter":
      return `${pc.yellow("dead letter")}  ${entry.route}  ${placeOf(entry)}: ${entry.reason ?? entry.code}`;
    case "given back":
      return `${pc.yellow("held")}  ${entry.route}  ${placeOf(entry)} and the records after it: ${entry.reason ?? entry.code}`;
    default:
      return describeOther(entry);
  }
}

function describeRequest({ method, path, status, tookMs }: Entry): string {
  const paint = Number(status) >= 500 ? pc.red : Number(status) >= 400 ? pc.yellow : pc.green;
  return `${paint(String(status))}  ${method} ${path}  ${pc.dim(`${tookMs} ms`)}`;
}

function describeBatch({ route, records, delivered, filtered, deadLettered, givenBack, tookMs }: Entry): string {
  const parts = [
    [delivered, "delivered"],
    [filtered, "filtered"],
    [deadLettered, "dead-lettered"],
    [givenBack, "held for later"],
  ].filter(([count]) => Number(count) > 0);
  const what = parts.map(([count, word]) => `${count} ${word}`).join(", ");
  return `${pc.cyan(String(route))}  ${records} ${records === 1 ? "record" : "records"}: ${what}  ${pc.dim(`${tookMs} ms`)}`;
}

/** Any other entry keeps its fields, except those that every line has. */
function describeOther({ time: _, level, message, causes, cause, ...fields }: Entry): string {
  const paint = level === "error" ? pc.red : level === "warn" ? pc.yellow : (text: string) => text;
  const shown = Object.entries(fields)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => `${name}=${typeof value === "object" ? JSON.stringify(value) : value}`);
  const stack = Array.isArray(causes) ? causes.join("\n") : cause;
  return (
    [paint(`${level === undefined ? "" : `${level}  `}${message}`), ...shown].join("  ") +
    (stack === undefined ? "" : `\n${pc.dim(String(stack))}`)
  );
}

function placeOf({ topic, partition, offset }: Entry): string {
  return `${topic}/${partition}@${offset}`;
}
