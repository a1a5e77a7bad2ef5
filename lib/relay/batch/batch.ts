/**
 * Relays a batch: every record is delivered, filtered, dead-lettered or given back, in the order that the route asks for, and with as many calls at the same time as
 * that order allows. No record is skipped: what neither the target nor the dead letter topic has acknowledged is given back, with everything after it in its lane.
 */
import { RelayError } from "../../errors.js";
import type { PartitionRecords } from "../../kafka-event/shape.js";
import { callTarget } from "./call.js";
import { type Entry, prepareAll, toEntry } from "./entry.js";
import { type Lane, toLanes } from "./lane.js";
import { isDeadLetteredAfterRetries, type NextStep, stepAfterCall, stepWithoutCall, type TimeLimits } from "./next-step.js";
import { hasFailedBefore, headOf, type Outcomes } from "./outcomes.js";
import type { BatchParts } from "./parts.js";
import { askedWaitOf, faultOf } from "./retry.js";
import { type Settled, settleInOrder } from "./settle.js";
import { waitForTurn } from "./turn.js";

/** The entries of all records, partition by partition, each with its verdict. */
export async function relayBatch(partitions: readonly PartitionRecords[], parts: BatchParts): Promise<readonly Entry[]> {
  const { generation, deliveryIdOf } = parts.route;
  const origin = { ...parts, generation, deliveryIdOf };
  const entries = partitions.map(({ records }) => records.map((record) => toEntry(record, origin)));
  await new BatchRelay(toLanes(entries, parts.route.order), parts).run();
  return entries.flat();
}

/** What one call takes of a lane. */
interface Share {
  readonly lane: Lane;
  readonly entries: readonly Entry[];
}

const noOutcomes: Outcomes = new Map();

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
      this.#callsUnderWay++;
      this.#call(this.#takeShares()).then(
        () => {
          this.#callsUnderWay--;
          this.#startCalls();
        },
        (bug: unknown) => this.#end?.reject(bug),
      );
    }
  }

  /** A call takes the first entries of one lane. Where the order is not by partition, it fills itself from several lanes. */
  #takeShares(): readonly Share[] {
    const { route, target } = this.#parts;
    const shares: Share[] = [];
    let room = target.deliveriesMax;
    do {
      const lane = this.#ready.shift();
      if (lane === undefined) break;
      lane.state = "called";
      const entries = lane.openEntries(room);
      room -= entries.length;
      shares.push({ lane, entries });
    } while (room > 0 && route.order !== "partition");
    return shares;
  }

  async #call(shares: readonly Share[]): Promise<void> {
    await prepareAll(
      shares.flatMap(({ entries }) => entries),
      this.#parts.route,
      this.#parts,
    );
    const heads = shares.map(({ lane, entries }) => ({ lane, entries: headOf(entries) }));
    this.#noteFirstTimes(heads);
    const [settled, failed, sendable] = [heads.filter(isSettled), heads.filter(failedBefore), heads.filter(isSendable)];
    for (const { lane } of settled) this.#goOn(lane);
    await Promise.all([...failed.map((share) => this.#settle(share, noOutcomes)), this.#send(sendable)]);
  }

  #noteFirstTimes(heads: readonly Share[]): void {
    const nowMs = this.#parts.clock.now();
    for (const { entries } of heads) for (const entry of entries) entry.firstMs ??= nowMs;
  }

  async #send(shares: readonly Share[]): Promise<void> {
    if (shares.length === 0) return;
    const { breaker, clock, target, route } = this.#parts;
    const limitMs = Math.min(this.#endMs, ...shares.map(({ entries }) => this.#policyEndMs(entries[0])));
    if (!(await waitForTurn(breaker, clock, limitMs))) return this.#endWithoutCall(shares);
    try {
      const entries = shares.flatMap((share) => share.entries);
      for (const entry of entries) entry.lastMs = clock.now();
      const deliveries = entries.flatMap(({ pending }) => pending ?? []);
      const outcomes = await callTarget(deliveries, { target, clock, order: route.order, limitMs });
      // The breaker counts all shares, in order, before the first of them waits for its dead letters.
      await Promise.all(shares.map((share) => this.#settle(share, outcomes)));
    } finally {
      breaker.endWithoutWord(clock.now());
    }
  }

  /** Waits only where something is left to do for the lane: most of a batch is delivered. */
  #settle({ lane, entries }: Share, outcomes: Outcomes): void | Promise<void> {
    const { breaker, clock, target, route } = this.#parts;
    const keepsOrder = target.keepsOrder === true;
    const countsAlone = keepsOrder || route.order === "none";
    const settled = settleInOrder(entries, outcomes, { breaker, nowMs: clock.now(), keepsOrder, countsAlone });
    if (settled.refused.length === 0 && settled.stopped === undefined) return this.#goOn(lane);
    return this.#settleRest(lane, settled);
  }

  async #settleRest(lane: Lane, { refused, stopped }: Settled): Promise<void> {
    const held = await this.#writeDeadLetters(refused);
    if (held !== undefined) return this.#giveBack(lane, held);
    if (stopped === undefined) return this.#goOn(lane);
    this.#reportToBreaker(stopped);
    const next = stepAfterCall(stopped, this.#limitsOf(stopped), this.#parts.route.retry, this.#parts.random);
    await this.#take(next, lane, stopped);
  }

  /** Counts a failure that is the target's. A wait that the target asked for is not a failure: the target works. */
  #reportToBreaker(entry: Entry): void {
    const { breaker, clock, route } = this.#parts;
    // A registry could not be asked: that says nothing about the target.
    if (hasFailedBefore(entry)) {
      entry.failures++;
      return;
    }
    if (entry.error === undefined || faultOf(entry.error) !== "target") return;
    const asked = askedWaitOf(entry.error, route.retry);
    if (asked !== undefined) {
      breaker.hold(clock.now() + asked.waitMs, asked.isCut);
      return;
    }
    entry.failures++;
    breaker.fail(clock.now());
  }

  /** No attempt could start in time: the breaker is open, or no time is left. */
  async #endWithoutCall(shares: readonly Share[]): Promise<void> {
    const { breaker, clock, target } = this.#parts;
    const nowMs = clock.now();
    const nextMs = breaker.nextAttemptMs(nowMs) ?? nowMs;
    const reason =
      breaker.isOpen || nextMs > nowMs
        ? new RelayError("target-busy", `Nothing was sent to ${target.kind} ${target.name}: ${breaker.reason}.`)
        : new RelayError("deadline-exceeded", "The function had no time left for this record.");
    for (const { lane, entries } of shares) {
      const [head] = entries;
      if (head === undefined) continue;
      const next = stepWithoutCall({ nextMs, isSuspicious: breaker.isSuspicious }, { ...this.#limitsOf(head), nowMs });
      await this.#take(next, lane, head, reason);
    }
  }

  async #take(next: NextStep, lane: Lane, entry: Entry, reason?: RelayError): Promise<void> {
    switch (next.step) {
      case "queue":
        return this.#queue(lane);
      case "retry":
        return this.#retryAt(next.atMs, lane);
      case "exhaust":
        return this.#exhaust(lane, entry, reason);
      case "give-back":
        return this.#giveBack(lane, entry, reason);
    }
  }

  /** The route says whether the record waits or is dead-lettered. The breaker opens where nothing was delivered meanwhile. */
  async #exhaust(lane: Lane, entry: Entry, reason: RelayError | undefined): Promise<void> {
    const { breaker, clock, route } = this.#parts;
    if (breaker.failuresInRow >= entry.failures && entry.failures > 0) breaker.open(clock.now());
    if (hasFailedBefore(entry) || !isDeadLetteredAfterRetries(entry.error, route)) return this.#giveBack(lane, entry, reason);
    const held = await this.#writeDeadLetters([entry]);
    return held === undefined ? this.#goOn(lane) : this.#giveBack(lane, held);
  }

  /** Returns the first entry that the dead letter topic refused; its error says why. */
  async #writeDeadLetters(entries: readonly Entry[]): Promise<Entry | undefined> {
    if (entries.length === 0) return undefined;
    const refusals = await this.#parts.deadLetters.write(entries, this.#parts.deadline);
    for (const [index, entry] of entries.entries()) {
      const refusal = refusals[index];
      if (refusal === undefined) entry.verdict = "dead-lettered";
      else Object.assign(entry, { error: refusal, isHeld: true });
    }
    return entries.find((_, index) => refusals[index] !== undefined);
  }

  #giveBack(lane: Lane, entry: Entry, reason?: RelayError): void {
    lane.giveBackFrom(entry, reason);
    this.#goOn(lane);
  }

  #goOn(lane: Lane): void {
    lane.state = lane.stateAfterCall();
    if (lane.state === "ready") this.#ready.push(lane);
    else this.#unfinished--;
  }

  #queue(lane: Lane): void {
    lane.state = "ready";
    this.#ready.push(lane);
  }

  #retryAt(atMs: number, lane: Lane): void {
    lane.state = "waiting";
    const { clock } = this.#parts;
    clock.after(atMs - clock.now(), () => {
      this.#queue(lane);
      this.#startCalls();
    });
  }

  #limitsOf(entry: Entry): TimeLimits {
    return { nowMs: this.#parts.clock.now(), endMs: this.#endMs, policyEndMs: this.#policyEndMs(entry) };
  }

  #policyEndMs(entry: Entry | undefined): number {
    return entry?.firstMs === undefined ? Number.POSITIVE_INFINITY : entry.firstMs + this.#parts.route.retry.deadlineMs;
  }
}

const isSettled = ({ entries }: Share): boolean => entries.length === 0;
const failedBefore = ({ entries: [first] }: Share): boolean => first !== undefined && hasFailedBefore(first);
const isSendable = ({ entries: [first] }: Share): boolean => first !== undefined && !hasFailedBefore(first);
