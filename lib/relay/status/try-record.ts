/** What a route would make of a record: the filter's answer, the messages, or why it fails. Nothing is sent. */
import type { KafkaRecord } from "../../kafka/records.js";
import { type Conversions, prepare, toEntry } from "../batch/entry.js";
import { faultOf } from "../batch/retry.js";
import type { Route } from "../route.js";

/** Bytes are base64, so that the result can pass through JSON. */
export interface TriedMessage {
  /** Its delivery id. */
  readonly id: string;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly { readonly name: string; readonly value: string | null }[];
  readonly timestampMs: number;
}

export interface TriedRecord {
  readonly outcome: "delivered" | "filtered" | "dead-lettered" | "given-back";
  /** Null: the route has no filter, or the record could not be decoded for it. */
  readonly matches: boolean | null;
  readonly messages: readonly TriedMessage[];
  readonly error: { readonly stage: string; readonly code: string; readonly message: string } | null;
}

export async function tryRecord(route: Route, record: KafkaRecord, namespace: string, conversions?: Conversions): Promise<TriedRecord> {
  const entry = toEntry(record, { namespace, generation: route.generation });
  await prepare(entry, route, conversions);
  const { error, stage, verdict } = entry;
  if (error !== undefined) {
    const outcome = faultOf(error) === "record" ? "dead-lettered" : "given-back";
    const matches = (stage === "transform" || stage === "encode") && route.matches !== undefined ? true : null;
    return { outcome, matches, messages: [], error: { stage, code: error.code, message: error.message } };
  }
  const matches = route.matches === undefined ? null : verdict !== "filtered" || stage !== "filter";
  const messages = (entry.pending ?? []).map(({ id, message }) => ({
    id,
    key: toBase64(message.key),
    value: toBase64(message.value),
    headers: message.headers.map(({ name, value }) => ({ name, value: toBase64(value) })),
    timestampMs: message.timestampMs,
  }));
  return { outcome: verdict === "filtered" ? "filtered" : "delivered", matches, messages, error: null };
}

const toBase64 = (bytes: Buffer | null): string | null => bytes?.toString("base64") ?? null;
