/**
 * One breaker per target: an outage costs one timeout and not one per record, and a fault that affects every record stops before the topic is emptied.
 * It lives as long as the function's environment, so that the next batch knows what this one found out.
 */
import type { BreakerPolicy } from "../route.js";

/** As plain data, for those who show it. */
export interface BreakerState {
  readonly state: "closed" | "open" | "probing";
  /** When the next attempt may start, in milliseconds since the epoch; null: now, or when a probe has ended. */
  readonly untilMs: number | null;
  /** Why nothing may go; null while it is closed. */
  readonly reason: string | null;
}

export class Breaker {
  readonly #policy: BreakerPolicy;
  #state: "closed" | "open" | "probing" = "closed";
  #openUntilMs = 0;
  /** The target asked for no request before this time. */
  #heldUntilMs = 0;
  #failuresInRow = 0;
  #deadLettersInRow = 0;
  #waiting: (() => void)[] = [];

  constructor(policy: BreakerPolicy) {
    this.#policy = policy;
  }

  /** When the next attempt may start: now, a time to come, or undefined while a probe is under way, whose end `change` tells. */
  nextAttemptMs(nowMs: number): number | undefined {
    if (this.#heldUntilMs > nowMs) return Math.max(this.#heldUntilMs, this.#state === "open" ? this.#openUntilMs : 0);
    if (this.#state === "probing") return undefined;
    return this.#state === "open" && this.#openUntilMs > nowMs ? this.#openUntilMs : nowMs;
  }

  /** Ends when the state changes. */
  change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** It stopped because records in a row were dead-lettered: waiting would not help, somebody has to look. */
  get isSuspicious(): boolean {
    return this.#state === "open" && this.#deadLettersInRow >= this.#policy.deadLettersInRowMax;
  }

  /** An attempt starts; the first one after the open time is the probe, which may cost one dead letter where there were too many. */
  begin(): void {
    if (this.#state !== "open") return;
    this.#state = "probing";
    this.#deadLettersInRow = Math.min(this.#deadLettersInRow, this.#policy.deadLettersInRowMax - 1);
  }

  /** Something was delivered. */
  succeed(): void {
    this.#failuresInRow = 0;
    this.#deadLettersInRow = 0;
    this.#become("closed");
  }

  /** The target works and names the time of the next request, so this is not an outage. `isCut`: it named a later one, so that a probe goes first. */
  hold(untilMs: number, isCut = false): void {
    this.#heldUntilMs = Math.max(this.#heldUntilMs, untilMs);
    if (isCut) this.#openUntilMs = Math.max(this.#openUntilMs, untilMs);
    this.#become(isCut ? "open" : this.#state === "probing" ? "closed" : this.#state);
  }

  /** An attempt failed for the target's sake. */
  fail(nowMs: number): void {
    this.#failuresInRow++;
    if (this.#state === "probing" || this.#failuresInRow >= this.#policy.failuresInRowMax) this.open(nowMs);
  }

  /**
   * Asks for leave to dead-letter a record for its own sake; false: too many in a row, the record is to be given back. `isAnswered`: the target itself refused it, and
   * therefore is there. A record that failed before it was sent says nothing of the target; where there were too many, one goes after each open time.
   */
  mayDeadLetter(nowMs: number, isAnswered: boolean): boolean {
    const { deadLettersInRowMax } = this.#policy;
    if (this.#deadLettersInRow >= deadLettersInRowMax && (isAnswered || this.#openUntilMs > nowMs)) return false;
    if (isAnswered) this.#failuresInRow = 0;
    this.#deadLettersInRow = Math.min(this.#deadLettersInRow + 1, deadLettersInRowMax);
    if (this.#deadLettersInRow >= deadLettersInRowMax) this.open(nowMs);
    else if (isAnswered && this.#state === "probing") this.#become("closed");
    return true;
  }

  open(nowMs: number): void {
    this.#openUntilMs = nowMs + this.#policy.openMs;
    this.#become("open");
  }

  /** An attempt ended that says nothing about the target, so the next one is the probe. */
  endWithoutWord(nowMs: number): void {
    if (this.#state === "probing") this.open(nowMs);
  }

  get failuresInRow(): number {
    return this.#failuresInRow;
  }

  get isOpen(): boolean {
    return this.#state !== "closed";
  }

  /** Why nothing may go, for messages. */
  get reason(): string {
    if (this.isSuspicious)
      return `${this.#deadLettersInRow} records in a row were dead-lettered, so the route or its target is probably misconfigured`;
    return this.#state === "closed" || this.#failuresInRow === 0
      ? "the target asked to wait"
      : `the target failed ${this.#failuresInRow} times in a row`;
  }

  stateAt(nowMs: number): BreakerState {
    const nextMs = this.nextAttemptMs(nowMs);
    const isWaiting = nextMs !== undefined && nextMs > nowMs;
    return { state: this.#state, untilMs: isWaiting ? nextMs : null, reason: this.isOpen || isWaiting ? this.reason : null };
  }

  #become(state: "closed" | "open" | "probing"): void {
    this.#state = state;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }
}

const breakers = new Map<string, Breaker>();

/** The breaker of a target in this environment, kept by the target's name. */
export function breakerOf(target: { readonly kind: string; readonly name: string }, policy: BreakerPolicy): Breaker {
  const name = `${target.kind} ${target.name}`;
  const known = breakers.get(name);
  if (known !== undefined) return known;
  const breaker = new Breaker(policy);
  breakers.set(name, breaker);
  return breaker;
}
