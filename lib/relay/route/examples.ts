/** Runs the examples of a route: what it makes of an input, held against what the example expects. Nothing is delivered. */
import { isDeepStrictEqual } from "node:util";
import { createDeadline } from "../../deadline.js";
import { toRelayError } from "../../errors.js";
import { parseJson } from "../../json/read.js";
import { toJsonText } from "../../json/write.js";
import type { KafkaRecord } from "../../kafka/records.js";
import { prepare, toEntry } from "../batch/entry.js";
import type { Message } from "../delivery.js";
import type { ExpectedMessage, Route, RouteExample } from "../route.js";
import type { Encode } from "./encoding.js";

const encodeMsMax = 10_000;

interface ExampleResult {
  readonly name: string;
  /** What is different, one sentence each; none: it is as expected. */
  readonly faults: readonly string[];
}

/** `encode` writes the messages as the target's schema asks for, where that is known; whatever does not fit is a fault. */
export async function runExamples(route: Route, encode?: Encode): Promise<readonly ExampleResult[]> {
  return Promise.all(route.examples.map(async (example) => ({ name: example.name, faults: await faultsOf(example, route, encode) })));
}

async function faultsOf({ input, expected }: RouteExample, route: Route, encode: Encode | undefined): Promise<readonly string[]> {
  const entry = toEntry(toRecord(input), { namespace: "example" });
  await prepare(entry, route);
  if (entry.error !== undefined) return expected === "refused" ? [] : [`It is refused: ${entry.error.message}`];
  if (expected === "refused")
    return [entry.verdict === "filtered" ? "It is filtered, but should be refused." : "It is delivered, but should be refused."];
  const messages = (entry.pending ?? []).map(({ message }) => message);
  const misfit = await encode?.(messages, createDeadline(encodeMsMax)).then(
    () => undefined,
    (thrown: unknown) => toRelayError(thrown),
  );
  if (misfit !== undefined) return [`It is refused: ${misfit.message}`];
  if (expected === "filtered")
    return entry.verdict === "filtered" ? [] : [`It is not filtered: ${messages.length} message(s) would be delivered.`];
  if (entry.verdict === "filtered") return ["It is filtered."];
  const wanted: readonly ExpectedMessage[] = Array.isArray(expected)
    ? (expected as readonly ExpectedMessage[])
    : [expected as ExpectedMessage];
  if (messages.length !== wanted.length) return [`${messages.length} message(s) would be delivered instead of ${wanted.length}.`];
  return messages.flatMap((message, index) => differences(message, wanted[index] ?? {}, wanted.length > 1 ? `message ${index}: ` : ""));
}

function toRecord({
  key,
  value,
  headers = {},
  topic = "example",
  partition = 0,
  offset = 0,
  timestamp = 0,
}: RouteExample["input"]): KafkaRecord {
  return {
    topic,
    partition,
    offset: BigInt(offset),
    timestampMs: timestamp,
    timestampType: "CREATE_TIME",
    key: key === undefined || key === null ? null : Buffer.from(key),
    value: value === null || value === undefined ? null : Buffer.from(typeof value === "string" ? value : (toJsonText(value) ?? "")),
    headers: Object.entries(headers).map(([name, text]) => ({ name, value: text === null ? null : Buffer.from(text) })),
  };
}

function differences(message: Message, expected: ExpectedMessage, where: string): readonly string[] {
  const faults: string[] = [];
  const compare = (what: string, actual: unknown, wanted: unknown): void => {
    if (!isDeepStrictEqual(actual, wanted)) faults.push(`${where}${what} is ${toText(actual)} instead of ${toText(wanted)}.`);
  };
  if (expected.key !== undefined) compare("key", message.key?.toString() ?? null, expected.key);
  if ("value" in expected) compare("value", toComparable(message, expected.value), asJson(expected.value));
  for (const [name, wanted] of Object.entries(expected.headers ?? {})) {
    const header = message.headers.find((one) => one.name === name);
    compare(`header ${name}`, header === undefined ? undefined : (header.value?.toString() ?? null), wanted);
  }
  return faults;
}

/** As JSON, through JSON, so that what a transform left undefined is left out; as text where text is expected. */
function toComparable({ value }: Message, expected: unknown): unknown {
  if (value === null) return null;
  const text = value.toString();
  if (typeof expected === "string") return text;
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

/** Through JSON and with every digit, so that a bigint is the number it names. */
function asJson(expected: unknown): unknown {
  const json = typeof expected === "string" ? undefined : toJsonText(expected);
  return json === undefined ? expected : parseJson(json);
}

function toText(value: unknown): string {
  return (toJsonText(value) ?? "missing").slice(0, 500);
}
