/** The way to one broker: at most one socket, opened on first use, shared by all who ask meanwhile; pauses before it is opened again after a failure. */
import { assertTimeLeft, type Deadline, within } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import { type Pauses, pauseMs, type TimeAndChance } from "../ask.js";
import { type Address, addressKey } from "../brokers.js";
import type { BrokerConnection } from "./broker-connection.js";

type LinkState =
  | { readonly state: "closed" }
  | { readonly state: "opening"; readonly opening: Promise<BrokerConnection> }
  | { readonly state: "open"; readonly connection: BrokerConnection };

interface LinkOptions {
  /** Connects and finds out which cluster answers; callers receive what it throws. */
  readonly open: (address: Address, limitMs: number) => Promise<BrokerConnection>;
  /** A connection unused for longer is replaced before it is used again. */
  readonly unusedMaxMs: number;
  readonly closing: AbortSignal;
  readonly now: () => number;
  readonly world: TimeAndChance;
}

/** As the Java client's `reconnect.backoff.ms` and `reconnect.backoff.max.ms`, with full jitter: many environments lose the same broker at the same moment. */
const reconnectPauses: Pauses = { firstMs: 50, maxMs: 1_000 };
/** The rest of the time is for connecting. */
const pauseShareMax = 0.5;

export class Link {
  readonly address: Address;
  readonly #options: LinkOptions;
  #state: LinkState = { state: "closed" };
  #failuresInRow = 0;
  #failedAtMs = Number.NEGATIVE_INFINITY;
  #throttledUntilMs = 0;

  constructor(address: Address, options: LinkOptions) {
    this.address = address;
    this.#options = options;
  }

  isInUse(): boolean {
    return this.#state.state === "opening" || (this.#state.state === "open" && this.#state.connection.isOpen());
  }

  /** The open connection, or a new one. Concurrent calls wait for the same one, and try again themselves if it ran out of time. */
  async connected(deadline: Deadline, limitMs: number): Promise<BrokerConnection> {
    this.#dropUnusable();
    if (this.#state.state === "open") return this.#state.connection;
    for (;;) {
      assertTimeLeft(deadline, `connect to ${this.#words()}`);
      if (this.#options.closing.aborted) throw new RelayError("kafka-unreachable", "The connection to Kafka has been closed.");
      if (this.#state.state !== "opening") return this.#open(limitMs);
      try {
        return await within(deadline, this.#state.opening, () => {
          throw new RelayError("kafka-unreachable", `${this.#words()} cannot be reached: no connection was opened in time.`);
        });
      } catch (error) {
        if (isFinal(error) || deadline.leftMs() <= 0) throw error;
      }
    }
  }

  /** What was not used for long may have been forgotten in silence by something on the way. */
  #dropUnusable(): void {
    if (this.#state.state !== "open") return;
    const { connection } = this.#state;
    const isUsable = connection.isOpen() && this.#options.now() - connection.usedAtMs() < this.#options.unusedMaxMs;
    if (isUsable) return;
    connection.close();
    this.#state = { state: "closed" };
  }

  #open(limitMs: number): Promise<BrokerConnection> {
    const opening = this.#openLater(limitMs).then(
      (connection) => {
        if (this.#options.closing.aborted) connection.close();
        this.#failuresInRow = 0;
        this.#state = { state: "open", connection };
        return connection;
      },
      (error: unknown) => {
        this.#failuresInRow++;
        this.#failedAtMs = this.#options.now();
        this.#state = { state: "closed" };
        throw error;
      },
    );
    this.#state = { state: "opening", opening };
    return opening;
  }

  async #openLater(limitMs: number): Promise<BrokerConnection> {
    const { world, now, open } = this.#options;
    const pausedUntilMs = this.#failuresInRow === 0 ? 0 : this.#failedAtMs + pauseMs(this.#failuresInRow, reconnectPauses, world.random);
    const pause = Math.min(pausedUntilMs - now(), limitMs * pauseShareMax);
    if (pause <= 0) return open(this.address, limitMs);
    await world.sleep(pause);
    return open(this.address, limitMs - pause);
  }

  /** The broker answers at once and expects us to wait (KIP-219): its answer is used, and the next request to it waits. */
  obey(throttleMs: number): void {
    if (throttleMs > 0) this.#throttledUntilMs = Math.max(this.#throttledUntilMs, this.#options.now() + throttleMs);
  }

  /** Throws `too-many-requests` where the broker asked for a longer pause than there is time. */
  async waitForThrottle(deadline: Deadline): Promise<void> {
    const waitMs = this.#throttledUntilMs - this.#options.now();
    if (waitMs <= 0) return;
    if (waitMs < deadline.leftMs()) {
      await this.#options.world.sleep(waitMs);
      return;
    }
    const message = `${this.#words()} asked us to wait ${waitMs} ms, longer than this request may take.`;
    throw new RelayError("too-many-requests", message, { retryAfterMs: waitMs });
  }

  close(): void {
    if (this.#state.state === "open") this.#state.connection.close();
  }

  #words(): string {
    return `Kafka at ${addressKey(this.address)}`;
  }
}

/** No other attempt and no other broker would answer differently. */
export function isFinal(error: unknown): boolean {
  return error instanceof RelayError && error.code === "kafka-unauthenticated";
}
