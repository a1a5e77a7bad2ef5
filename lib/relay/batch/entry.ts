/** One record on its way through a route: what the filter said, what the transform made of it, what was tried, and what became of it. */
import type { Deadline } from "../../deadline.js";
import { RelayError, reasonOf } from "../../errors.js";
import type { KafkaRecord } from "../../kafka/records.js";
import { type RedriveMark, takeRedriveHeader } from "../dead-letters/redrive-mark.js";
import type { Delivery, Message } from "../delivery.js";
import type { Decode } from "../route/decoding.js";
import { type DecodedParts, RecordDocument } from "../route/document.js";
import type { Encode } from "../route/encoding.js";
import { textAt } from "../route/path.js";
import { transformRecord } from "../route/transform.js";
import type { Route } from "../route.js";
import { recordId } from "./delivery-id.js";
import { faultOf } from "./retry.js";

export type Verdict = "delivered" | "filtered" | "dead-lettered" | "given-back";

/** Where on its way a record failed. */
type Stage = "decode" | "filter" | "transform" | "encode" | "deliver";

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
  readonly deliveryIdOf: Route["deliveryIdOf"];
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
  readonly deliveryIdOf?: Route["deliveryIdOf"];
  readonly settled?: (record: KafkaRecord) => Verdict | undefined;
  /** Why a record cannot be relayed at all, where that is known beforehand. */
  readonly refusalOf?: ((record: KafkaRecord) => RelayError | undefined) | undefined;
  readonly isHeld?: (record: KafkaRecord) => boolean;
  /** The invocation is a redrive: its records have their first coordinates. */
  readonly redrive?: RedriveMark | undefined;
}

export function toEntry(
  arrived: KafkaRecord,
  { namespace, generation = 0, deliveryIdOf, settled, refusalOf, isHeld, redrive }: EntryOrigin,
): Entry {
  const verdict = settled?.(arrived);
  const { source, redrives } = takeRedriveHeader(arrived);
  return {
    arrived,
    source,
    redrives: redrive?.count ?? redrives,
    namespace: redrive?.namespace ?? namespace,
    generation: redrive?.generation ?? generation,
    deliveryIdOf,
    pending: undefined,
    verdict,
    isSettledBefore: verdict !== undefined,
    error: refusalOf?.(arrived),
    isHeld: isHeld?.(arrived) ?? false,
    stage: "decode",
    attempts: 0,
    failures: 0,
    firstMs: undefined,
    lastMs: undefined,
    deliveredMs: undefined,
  };
}

/** What stands between a record's bytes and a route: its schemas. */
export interface Conversions {
  readonly decode?: Decode | undefined;
  readonly encode?: Encode | undefined;
  readonly deadline: Deadline;
}

/** Decodes, filters and transforms entries that were not yet. What is asynchronous runs at the same time, since only deliveries have an order. */
export async function prepareAll(entries: readonly Entry[], route: Route, conversions: Conversions): Promise<void> {
  let underWay: Promise<void>[] = [];
  for (const entry of entries) {
    if (entry.pending !== undefined || isRefusedForGood(entry)) continue;
    entry.error = undefined;
    const prepared = prepare(entry, route, conversions);
    if (prepared === undefined) continue;
    underWay.push(prepared);
    if (underWay.length < route.concurrencyMax) continue;
    await Promise.all(underWay);
    underWay = [];
  }
  await Promise.all(underWay);
}

/** A registry that could not be asked may answer the next time; what is wrong with the record itself stays. */
function isRefusedForGood({ error }: Entry): boolean {
  return error !== undefined && faultOf(error) === "record";
}

/** Decodes, filters and transforms. Afterwards the entry is filtered, has an error of its own, or has deliveries pending. Waits only for what is asynchronous. */
export function prepare(entry: Entry, route: Route, conversions?: Conversions): void | Promise<void> {
  try {
    entry.stage = "decode";
    const decoded = conversions?.decode?.(entry.source, conversions.deadline);
    const prepared =
      decoded instanceof Promise
        ? decoded.then((parts) => sift(entry, route, parts, conversions))
        : sift(entry, route, decoded, conversions);
    return prepared instanceof Promise ? prepared.catch((thrown: unknown) => fail(entry, thrown)) : undefined;
  } catch (thrown) {
    fail(entry, thrown);
  }
}

function sift(entry: Entry, route: Route, decoded: DecodedParts | undefined, conversions: Conversions | undefined): void | Promise<void> {
  const document = new RecordDocument(entry.source, decoded, route.decode !== false && route.decode?.forward === "json");
  entry.stage = "filter";
  if (route.matches !== undefined && !route.matches(document.toPatternEvent(route.filterFields))) {
    entry.verdict = "filtered";
    return;
  }
  entry.stage = "transform";
  const messages = transformRecord(document, route);
  if (messages instanceof Promise) return messages.then((made) => encodeAll(entry, document, made, conversions));
  return encodeAll(entry, document, messages, conversions);
}

function encodeAll(
  entry: Entry,
  document: RecordDocument,
  messages: readonly Message[],
  conversions: Conversions | undefined,
): void | Promise<void> {
  if (conversions?.encode === undefined || messages.length === 0) return accept(entry, document, messages);
  entry.stage = "encode";
  return conversions.encode(messages, conversions.deadline).then((encoded) => accept(entry, document, encoded));
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

  get textAt(): Delivery["textAt"] {
    return (path) => textAt(this, path);
  }

  get id(): string {
    this.#id ??= this.#recordId() + this.#suffix;
    return this.#id;
  }

  get generation(): number {
    return this.#entry.generation;
  }

  #recordId(): string {
    const { deliveryIdOf, namespace, generation } = this.#entry;
    return deliveryIdOf?.(this.source) ?? recordId(this.#document, namespace, generation);
  }

  get attempt(): number {
    return this.#entry.attempts + 1;
  }
}
