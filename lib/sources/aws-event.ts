/** What the events of AWS have in common for a source: reading their records, and answering which of them Kafka has not acknowledged. */
import { RelayError } from "../errors.js";
import type { RecordHeader } from "../kafka/records.js";
import type { ItemResult, SourceContext } from "./origin.js";

export type EventObject = Readonly<Record<string, unknown>>;

/** What a function answers where its mapping has ReportBatchItemFailures. */
export interface BatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

export function isEventObject(value: unknown): value is EventObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The records of an event whose every record names `eventSource`. Throws `bad-request` that says what was expected. */
export function recordsOfEvent(event: unknown, eventSource: string, what: string): readonly EventObject[] {
  const refuse = (place: string, why: string) =>
    new RelayError("bad-request", `${place}: ${why}. This source reads the events of ${what} ("eventSource": "${eventSource}").`);
  if (!isEventObject(event) || !Array.isArray(event.Records)) throw refuse("event", "it has no list Records");
  return event.Records.map((record: unknown, index) => {
    if (!isEventObject(record)) throw refuse(`event.Records[${index}]`, "it is not an object");
    if (record.eventSource !== eventSource)
      throw refuse(
        `event.Records[${index}].eventSource`,
        `it is ${JSON.stringify(record.eventSource ?? record.EventSource)?.slice(0, 100)}`,
      );
    return record;
  });
}

/** A text member, by its path. Throws `bad-request` where it is missing: without it, an item has no identity. */
export function textMember(record: EventObject, path: readonly string[], place: string): string {
  const value = path.reduce<unknown>((inner, name) => (isEventObject(inner) ? inner[name] : undefined), record);
  if (typeof value === "string" && value !== "") return value;
  throw new RelayError("bad-request", `${place}.${path.join(".")}: it must be text.`);
}

/**
 * Names the items that are not settled, or throws where the mapping does not accept that: it would then take the answer for success and delete them. The environment
 * variable is set beside the mapping's own setting.
 */
export function answerBatch(
  identifiers: readonly string[],
  results: readonly ItemResult[],
  { config }: Pick<SourceContext, "config">,
): BatchResponse {
  const failed = identifiers.filter((_, index) => results[index]?.verdict === "given-back");
  if (failed.length > 0 && !config.RELAY_PARTIAL_RESPONSES) throw notAcknowledged(results);
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}

/** For events without partial responses. */
export function assertSettled(results: readonly ItemResult[]): void {
  if (results.some(({ verdict }) => verdict === "given-back")) throw notAcknowledged(results);
}

function notAcknowledged(results: readonly ItemResult[]): RelayError {
  const failures = results.flatMap((result) => (result.verdict === "given-back" ? [result.error] : []));
  const [first] = failures;
  return new RelayError(
    first?.code ?? "internal",
    `Kafka has not acknowledged ${failures.length} of ${results.length} records, so this invocation fails and its source delivers them again. The first: ${first?.message ?? "the reason is unknown"}`,
    first === undefined ? {} : { cause: first },
  );
}

/** Seconds since the epoch, with a fraction, as streams tell times; `now` where an emulator leaves them out. */
export function msOfSeconds(seconds: unknown, now: number): number {
  return typeof seconds === "number" && Number.isFinite(seconds) ? Math.round(seconds * 1_000) : now;
}

const headerValueOf = (value: unknown): Buffer | undefined => (typeof value === "string" ? Buffer.from(value) : undefined);

/** Message attributes as headers: texts and numbers as text, binary values as their bytes. Names under `relay.` are ours and are left out. */
export function attributeHeaders(
  attributes: unknown,
  members: { readonly text: string; readonly binary: string },
): readonly RecordHeader[] {
  if (!isEventObject(attributes)) return [];
  return Object.entries(attributes).flatMap(([name, given]) => {
    if (!isEventObject(given) || name.startsWith("relay.")) return [];
    const binary = given[members.binary];
    const value = typeof binary === "string" ? Buffer.from(binary, "base64") : headerValueOf(given[members.text]);
    return value === undefined ? [] : [{ name, value }];
  });
}
