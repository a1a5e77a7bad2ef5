/** One record on its way through a route: what the filter said, what the transform made of it, what was tried, and what became of it. */
import { RelayError, reasonOf } from "../../errors.js";
import type { KafkaRecord } from "../../kafka/records.js";
import { type RedriveMark, takeRedriveHeader } from "../dead-letters/redrive-mark.js";
import type { Delivery, Message } from "../delivery.js";
import { RecordDocument } from "../route/document.js";
import { textAt } from "../route/path.js";
import { transformRecord } from "../route/transform.js";
import type { Route } from "../route.js";
import { recordId } from "./delivery-id.js";

export type Verdict = "delivered" | "filtered" | "dead-lettered" | "given-back";

/** Where on its way a record failed. */
type Stage = "decode" | "filter" | "transform" | "deliver";

export interface Entry {
  /** As it lies in the topic that the route reads, or at its first coordinates where a redrive brings it. */
  readonly arrived: KafkaRecord;
  /** The same without the header of a redrive. */
  readonly source: KafkaRecord;
  readonly redrives: number;
  /** Of its delivery id: the cluster's, or the one it was first relayed under. */
  readonly namespace: string;
  /** Of the topic it first lay in. */
  readonly generation: number;
  /** What is still to be delivered; undefined: not prepared yet. */
  pending: readonly Delivery[] | undefined;
  verdict: Verdict | undefined;
  /** Its verdict stands from an earlier try of the same batch. */
  readonly isSettledBefore: boolean;
  error: RelayError | undefined;
  /** Its dead letter was refused, now or when the batch was here before: nothing behind it is delivered in the same call. */
  isHeld: boolean;
  stage: Stage;
  /** Attempts that reached the target. */
  attempts: number;
  /** Those of them that count against the policy: a wait that the target named itself uses none up. */
  failures: number;
  /** When its first and its last attempt began; undefined: not wanted yet. */
  firstMs: number | undefined;
  lastMs: number | undefined;
  deliveredMs: number | undefined;
}

/** What the invocation and the environment know of a record when it arrives. */
interface EntryOrigin {
  readonly namespace: string;
  readonly generation?: number;
  readonly settled?: (record: KafkaRecord) => Verdict | undefined;
  readonly isHeld?: (record: KafkaRecord) => boolean;
  /** The invocation is a redrive: its records have their first coordinates. */
  readonly redrive?: RedriveMark | undefined;
}

export function toEntry(arrived: KafkaRecord, { namespace, generation = 0, settled, isHeld, redrive }: EntryOrigin): Entry {
  const verdict = settled?.(arrived);
  const { source, redrives } = takeRedriveHeader(arrived);
  return {
    arrived,
    source,
    redrives: redrive?.count ?? redrives,
    namespace: redrive?.namespace ?? namespace,
    generation: redrive?.generation ?? generation,
    pending: undefined,
    verdict,
    isSettledBefore: verdict !== undefined,
    error: undefined,
    isHeld: isHeld?.(arrived) ?? false,
    stage: "decode",
    attempts: 0,
    failures: 0,
    firstMs: undefined,
    lastMs: undefined,
    deliveredMs: undefined,
  };
}

/** Filters and transforms entries that were not yet. Asynchronous transforms run at the same time, since only deliveries have an order. */
export async function prepareAll(entries: readonly Entry[], route: Route): Promise<void> {
  let underWay: Promise<void>[] = [];
  for (const entry of entries) {
    if (entry.pending !== undefined || entry.error !== undefined) continue;
    const prepared = prepare(entry, route);
    if (prepared === undefined) continue;
    underWay.push(prepared);
    if (underWay.length < route.concurrencyMax) continue;
    await Promise.all(underWay);
    underWay = [];
  }
  await Promise.all(underWay);
}

/** Filters and transforms. Afterwards the entry is filtered, has an error of its own, or has deliveries pending. Waits only for what is asynchronous. */
export function prepare(entry: Entry, route: Route): void | Promise<void> {
  const document = new RecordDocument(entry.source);
  try {
    entry.stage = "filter";
    if (route.matches !== undefined && !route.matches(document.toPatternEvent(route.filterFields))) {
      entry.verdict = "filtered";
      return;
    }
    entry.stage = "transform";
    const messages = transformRecord(document, route);
    if (messages instanceof Promise)
      return messages.then(
        (made) => accept(entry, document, made),
        (thrown) => fail(entry, thrown),
      );
    accept(entry, document, messages);
  } catch (thrown) {
    fail(entry, thrown);
  }
}

function accept(entry: Entry, document: RecordDocument, messages: readonly Message[]): void {
  entry.stage = "deliver";
  const several = messages.length > 1;
  entry.pending = messages.map((message, index) => new RecordDelivery(entry, document, message, several ? `#${index}` : ""));
  // A transform that answers no message has decided like a filter.
  if (messages.length === 0) entry.verdict = "filtered";
}

function fail(entry: Entry, thrown: unknown): void {
  const error = thrown instanceof RelayError ? thrown : toDecodeFault(thrown);
  if (error.code === "record-undecodable") entry.stage = "decode";
  entry.error = error;
}

/** Only the record can be the cause: given back, it would be delivered again forever and hold its partition. */
function toDecodeFault(thrown: unknown): RelayError {
  return new RelayError("record-undecodable", `The record could not be read or filtered: ${reasonOf(thrown)}.`, { cause: thrown });
}

class RecordDelivery implements Delivery {
  readonly message: Message;
  readonly source: KafkaRecord;
  readonly #entry: Entry;
  readonly #document: RecordDocument;
  readonly #suffix: string;
  #id: string | undefined;

  constructor(entry: Entry, document: RecordDocument, message: Message, suffix: string) {
    this.message = message;
    this.source = document.record;
    this.#entry = entry;
    this.#document = document;
    this.#suffix = suffix;
  }

  readonly textAt = (path: string): string | undefined => textAt(this, path);

  get id(): string {
    this.#id ??= recordId(this.#document, this.#entry.namespace, this.#entry.generation) + this.#suffix;
    return this.#id;
  }

  get generation(): number {
    return this.#entry.generation;
  }

  get attempt(): number {
    return this.#entry.attempts + 1;
  }
}
