/**
 * Relays a batch: every record is delivered, filtered, dead-lettered or given back, in the order the route asks for, and with as much side by side as that
 * order allows. Nothing is passed over: what neither the target nor the dead letter topic has acknowledged is given back, with everything behind it in its lane.
 */
import { createDeadline, type Deadline } from "../../deadline.js";
import { RelayError, toRelayError } from "../../errors.js";
import type { KafkaRecord } from "../../kafka/records.js";
import type { PartitionRecords } from "../../kafka-event/read.js";
import type { RedriveMark } from "../dead-letters/redrive-mark.js";
import type { Delivery, DeliveryOutcome, Target } from "../delivery.js";
import type { Route } from "../route.js";
import type { Breaker } from "./breaker.js";
import type { Clock } from "./clock.js";
import { type Entry, prepare, toEntry, type Verdict } from "./entry.js";
import { toLanes } from "./lanes.js";
import { deliverAgain, hasFailedBefore, headOf, judge } from "./outcomes.js";
import { backoffMs, faultOf, toWaitMs } from "./retry.js";

export interface DeadLetters {
  /** One answer an entry: undefined once the dead letter topic has acknowledged it, else why it has not. */
  readonly write: (entries: readonly Entry[], deadline: Deadline) => Promise<readonly (RelayError | undefined)[]>;
}

export interface BatchParts {
  readonly route: Route;
  readonly target: Target;
  readonly deadLetters: DeadLetters;
  readonly breaker: Breaker;
  readonly clock: Clock;
  /** At least 0 and below 1. */
  readonly random: () => number;
  /** The function's own end, the margin already taken off. */
  readonly deadline: Deadline;
  readonly namespace: string;
  /** What was settled when the same batch was here before, and is not done again. */
  readonly settled?: (record: KafkaRecord) => Verdict | undefined;
  /** Its dead letter was refused when the same batch was here before. */
  readonly isHeld?: (record: KafkaRecord) => boolean;
  /** The invocation is a redrive. */
  readonly redrive?: RedriveMark | undefined;
}

interface Lane {
  readonly entries: readonly Entry[];
  /** The first entry without a verdict. */
  at: number;
}

/** What one call takes of a lane. */
interface Share {
  readonly lane: Lane;
  readonly entries: readonly Entry[];
}

/** What a target gets beyond its deadline to tell of it in its own words. */
const overrunMs = 250;

/** The entries of all records, partition by partition, each with its verdict. */
export async function relayBatch(partitions: readonly PartitionRecords[], parts: BatchParts): Promise<readonly Entry[]> {
  const entries = partitions.map(({ records }) =>
    records.map((record) => toEntry(record, parts.namespace, parts.settled?.(record), parts.redrive, parts.route.generation)),
  );
  for (const entry of entries.flat()) entry.isHeld = parts.isHeld?.(entry.arrived) ?? false;
  const lanes = toLanes(entries, parts.route.order).map((lane) => ({ entries: lane, at: 0 }));
  await new BatchRelay(lanes, parts).run();
  return entries.flat();
}

class BatchRelay {
  readonly #parts: BatchParts;
  readonly #ready: Lane[];
  readonly #endMs: number;
  #unfinished: number;
  #callsUnderWay = 0;
  #end: { readonly resolve: () => void; readonly reject: (bug: unknown) => void } | undefined;

  constructor(lanes: readonly Lane[], parts: BatchParts) {
    this.#parts = parts;
    this.#ready = [...lanes];
    this.#unfinished = lanes.length;
    this.#endMs = parts.clock.now() + parts.deadline.leftMs();
  }

  run(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#end = { resolve, reject };
      this.#startCalls();
    });
  }

  #startCalls(): void {
    if (this.#unfinished === 0) this.#end?.resolve();
    while (this.#ready.length > 0 && this.#callsUnderWay < this.#parts.route.concurrencyMax) {
      const shares = this.#takeShares();
      this.#callsUnderWay++;
      this.#call(shares).then(
        () => {
          this.#callsUnderWay--;
          this.#startCalls();
        },
        (bug: unknown) => this.#end?.reject(bug),
      );
    }
  }

  /** A call takes the head of one lane, or, where records wait for no partition, fills itself from several. */
  #takeShares(): readonly Share[] {
    const { route, target } = this.#parts;
    const shares: Share[] = [];
    let room = target.deliveriesMax;
    do {
      const lane = this.#ready.shift();
      if (lane === undefined) break;
      const entries: Entry[] = [];
      for (let index = lane.at; index < lane.entries.length && entries.length < room; index++) {
        const entry = lane.entries[index] as Entry;
        if (entry.verdict === undefined) entries.push(entry);
      }
      room -= entries.length;
      shares.push({ lane, entries });
    } while (room > 0 && route.order !== "partition");
    return shares;
  }

  async #call(shares: readonly Share[]): Promise<void> {
    await this.#prepare(shares);
    const heads = shares.map(({ lane, entries }) => ({ lane, entries: headOf(entries.filter(({ verdict }) => verdict === undefined)) }));
    const nowMs = this.#parts.clock.now();
    for (const { lane, entries } of heads) {
      if (entries.length === 0) this.#advance(lane);
      for (const entry of entries) entry.firstMs ??= nowMs;
    }
    const wanted = heads.filter(({ entries: [first] }) => first !== undefined && !hasFailedBefore(first));
    const failed = heads.filter(({ entries: [first] }) => first !== undefined && hasFailedBefore(first));
    await Promise.all([...failed.map((share) => this.#settle(share, new Map())), ...(wanted.length === 0 ? [] : [this.#callFor(wanted)])]);
  }

  async #callFor(wanted: readonly Share[]): Promise<void> {
    const { breaker, clock } = this.#parts;
    const limitMs = Math.min(this.#endMs, ...wanted.map(({ entries }) => this.#policyEndMs(entries[0])));
    if (!(await this.#mayGo(limitMs))) return this.#endTooLate(wanted);
    try {
      const outcomes = await this.#deliver(wanted, limitMs);
      // What the breaker counts is counted in order, before the first of them waits for its dead letters.
      await Promise.all(wanted.map((share) => this.#settle(share, outcomes)));
    } finally {
      breaker.endWithoutWord(clock.now());
    }
  }

  /** Filters and transforms; what is asynchronous goes side by side, since it is the deliveries that have an order. */
  async #prepare(shares: readonly Share[]): Promise<void> {
    const { route } = this.#parts;
    let waiting: Promise<void>[] = [];
    for (const entry of shares.flatMap(({ entries }) => entries)) {
      if (entry.pending !== undefined || entry.error !== undefined) continue;
      const prepared = prepare(entry, route);
      if (prepared === undefined) continue;
      waiting.push(prepared);
      if (waiting.length < route.concurrencyMax) continue;
      await Promise.all(waiting);
      waiting = [];
    }
    await Promise.all(waiting);
  }

  /** Waits for the breaker; false where an attempt would come too late, or no waiting helps. */
  async #mayGo(limitMs: number): Promise<boolean> {
    const { breaker, clock } = this.#parts;
    for (;;) {
      const nowMs = clock.now();
      if (nowMs >= limitMs) return false;
      const nextMs = breaker.nextAttemptMs(nowMs);
      if (nextMs !== undefined && nextMs <= nowMs) {
        breaker.begin();
        return true;
      }
      if (breaker.isSuspicious || (nextMs !== undefined && nextMs >= limitMs)) return false;
      await this.#wait((nextMs ?? limitMs) - nowMs, breaker.change());
    }
  }

  async #wait(delayMs: number, until: Promise<void>): Promise<void> {
    let takeBack: (() => void) | undefined;
    const time = new Promise<void>((resolve) => {
      takeBack = this.#parts.clock.after(delayMs, resolve);
    });
    await Promise.race([time, until]);
    takeBack?.();
  }

  async #endTooLate(shares: readonly Share[]): Promise<void> {
    const { breaker, clock, target } = this.#parts;
    const nowMs = clock.now();
    const nextMs = breaker.nextAttemptMs(nowMs) ?? nowMs;
    const error =
      breaker.isOpen || nextMs > nowMs
        ? new RelayError("target-busy", `Nothing was sent to ${target.kind} ${target.name}: ${breaker.reason}.`)
        : new RelayError("deadline-exceeded", "The function had no time left for this record.");
    for (const { lane, entries } of shares) {
      const [head] = entries;
      if (head === undefined) this.#advance(lane);
      else if (breaker.isSuspicious || Math.max(nowMs, nextMs) >= this.#endMs) this.#giveBack(lane, head, error);
      else if (Math.max(nowMs, nextMs) >= this.#policyEndMs(head)) await this.#exhaust(lane, head, error);
      else this.#queue(lane);
    }
  }

  /** By delivery; slices of what the target takes at once, and none after one that failed, unless nothing is held by a record that failed for its own sake. */
  async #deliver(shares: readonly Share[], limitMs: number): Promise<ReadonlyMap<Delivery, DeliveryOutcome>> {
    const { target, clock, route } = this.#parts;
    const entries = shares.flatMap((share) => share.entries);
    const deliveries = entries.flatMap(({ pending }) => pending ?? []);
    const outcomes = new Map<Delivery, DeliveryOutcome>();
    const startedMs = clock.now();
    for (const entry of entries) entry.lastMs = startedMs;
    for (let from = 0; from < deliveries.length; from += target.deliveriesMax) {
      const slice = deliveries.slice(from, from + target.deliveriesMax);
      const answers = await this.#attempt(slice, createDeadline(Math.max(0, limitMs - clock.now()), clock.now));
      for (const [index, delivery] of slice.entries()) outcomes.set(delivery, answers[index] as DeliveryOutcome);
      const holds = (answer: DeliveryOutcome): boolean =>
        answer.verdict === "failed" && (route.order !== "none" || faultOf(answer.error) !== "record");
      if (answers.some(holds)) break;
    }
    return outcomes;
  }

  /** Never throws and always ends: also a target that breaks its word is answered for. */
  async #attempt(deliveries: readonly Delivery[], deadline: Deadline): Promise<readonly DeliveryOutcome[]> {
    const { target, clock } = this.#parts;
    let takeBack: (() => void) | undefined;
    const overrun = new Promise<RelayError>((resolve) => {
      takeBack = clock.after(deadline.leftMs() + overrunMs, () =>
        resolve(new RelayError("target-timeout", `${target.kind} ${target.name} did not answer in the time there was.`)),
      );
    });
    const answer = await Promise.race([target.deliver(deliveries, deadline).catch(toRelayError), overrun]);
    takeBack?.();
    if (Array.isArray(answer) && answer.length === deliveries.length) return answer as readonly DeliveryOutcome[];
    const error =
      answer instanceof RelayError ? answer : new RelayError("internal", `The target ${target.name} did not answer each delivery.`);
    return deliveries.map(() => ({ verdict: "failed", error }));
  }

  /** Goes through what one call brought a lane, in order, up to the first record that must be tried again or given back. */
  async #settle({ lane, entries }: Share, outcomes: ReadonlyMap<Delivery, DeliveryOutcome>): Promise<void> {
    const { breaker, clock } = this.#parts;
    const nowMs = clock.now();
    const refused: Entry[] = [];
    let stopped: Entry | undefined;
    const keepsOrder = this.#parts.target.keepsOrder === true;
    for (const entry of entries) {
      if (stopped !== undefined && !keepsOrder) {
        if (deliverAgain(entry, outcomes)) breaker.succeed();
        continue;
      }
      if (entry.pending !== undefined) judge(entry, outcomes, keepsOrder || this.#parts.route.order === "none");
      if (entry.verdict === "delivered") {
        entry.deliveredMs = nowMs;
        breaker.succeed();
      } else if (stopped === undefined && entry.error !== undefined && faultOf(entry.error) === "record") {
        if (breaker.mayDeadLetter(nowMs, !hasFailedBefore(entry))) refused.push(entry);
        else stopped = entry;
      } else {
        stopped ??= entry;
      }
    }
    const held = await this.#writeDeadLetters(refused);
    if (held !== undefined) return this.#giveBack(lane, held);
    if (stopped === undefined) return this.#advance(lane);
    return this.#goOnAfter(lane, stopped);
  }

  /** Retry, dead letter or give back: what the fault of a lane's first unsettled entry asks for. */
  async #goOnAfter(lane: Lane, entry: Entry): Promise<void> {
    const { breaker, clock, route, random } = this.#parts;
    const { error } = entry;
    if (error === undefined) return this.#queue(lane); // not attempted: an earlier one of another lane stopped the call
    const fault = faultOf(error);
    if (fault !== "target") return this.#giveBack(lane, entry);
    const nowMs = clock.now();
    const { retryAfterMs: askedMs } = error.details;
    const waitMs = askedMs === undefined ? 0 : toWaitMs(askedMs, route.retry);
    if (askedMs === undefined) {
      entry.failures++;
      breaker.fail(nowMs);
    } else {
      breaker.hold(nowMs + waitMs, askedMs > waitMs);
    }
    const againMs = nowMs + Math.max(waitMs, backoffMs(Math.max(1, entry.failures), route.retry, random));
    if (againMs >= this.#endMs) return this.#giveBack(lane, entry);
    if (entry.failures >= route.retry.attemptsMax || againMs >= this.#policyEndMs(entry)) return this.#exhaust(lane, entry);
    clock.after(againMs - nowMs, () => {
      this.#queue(lane);
      this.#startCalls();
    });
  }

  /**
   * The policy is at its end: the route says whether the record waits or is dead-lettered, and the breaker opens where nothing was delivered meanwhile.
   * A record that was never tried, or that the target itself asked to bring later, is not dead-lettered for it.
   */
  async #exhaust(lane: Lane, entry: Entry, error?: RelayError): Promise<void> {
    const { breaker, clock, route } = this.#parts;
    if (breaker.failuresInRow >= entry.failures && entry.failures > 0) breaker.open(clock.now());
    if (route.afterRetries === "give-back" || entry.error === undefined || entry.error.details.retryAfterMs !== undefined)
      return this.#giveBack(lane, entry, error);
    const held = await this.#writeDeadLetters([entry]);
    return held === undefined ? this.#advance(lane) : this.#giveBack(lane, held);
  }

  /** The first entry that the dead letter topic did not take, its error told. */
  async #writeDeadLetters(entries: readonly Entry[]): Promise<Entry | undefined> {
    if (entries.length === 0) return undefined;
    const answers = await this.#parts.deadLetters.write(entries, this.#parts.deadline);
    let held: Entry | undefined;
    entries.forEach((entry, index) => {
      const refusal = answers[index];
      if (refusal === undefined) entry.verdict = "dead-lettered";
      else {
        entry.error = refusal;
        entry.isHeld = true;
        held ??= entry;
      }
    });
    return held;
  }

  #policyEndMs(entry: Entry | undefined): number {
    return entry?.firstMs === undefined ? Number.POSITIVE_INFINITY : entry.firstMs + this.#parts.route.retry.deadlineMs;
  }

  /** The entry and everything behind it in its lane, whatever was already done there: order holds it. */
  #giveBack(lane: Lane, entry: Entry, reason?: RelayError): void {
    const error = entry.error ?? reason;
    for (let index = lane.entries.indexOf(entry); index < lane.entries.length; index++) {
      const later = lane.entries[index] as Entry;
      later.verdict = "given-back";
      later.error ??= error;
    }
    this.#advance(lane);
  }

  #advance(lane: Lane): void {
    while (lane.at < lane.entries.length && lane.entries[lane.at]?.verdict !== undefined) lane.at++;
    if (lane.at < lane.entries.length) this.#queue(lane);
    else this.#unfinished--;
  }

  #queue(lane: Lane): void {
    this.#ready.push(lane);
  }
}
