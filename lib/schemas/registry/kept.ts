/** Answers that are kept: bounded in number, for a time or for good; who asks while an answer is on its way waits for the same. */
import { RelayError } from "../../errors.js";

interface KeptOptions {
  readonly entriesMax: number;
  /** Absent: for good, since it cannot change. */
  readonly keptMs?: number;
  /** How long `schema-not-found` and an outage are kept, so that a stream of records does not wait for each. */
  readonly failureKeptMs: number;
  readonly now?: () => number;
}

interface Entry<Value> {
  readonly value: Promise<Value>;
  /** Set once it has come. */
  arrived?: { readonly value: Value };
  failure?: unknown;
  untilMs: number;
}

export class Kept<Value> {
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #options: KeptOptions;
  readonly #now: () => number;

  constructor(options: KeptOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  get(key: string, ask: () => Promise<Value>): Promise<Value> {
    const known = this.#entries.get(key);
    if (known !== undefined && this.#now() < known.untilMs) {
      // The one that was used last goes last.
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known.value;
    }
    const entry: Entry<Value> = { value: ask(), untilMs: Number.POSITIVE_INFINITY };
    this.#set(key, entry);
    entry.value.then(
      (value) => {
        entry.arrived = { value };
        if (this.#options.keptMs !== undefined) entry.untilMs = this.#now() + this.#options.keptMs;
      },
      (thrown: unknown) => {
        entry.failure = thrown;
        if (isKeptFailure(thrown)) entry.untilMs = this.#now() + this.#options.failureKeptMs;
        else if (this.#entries.get(key) === entry) this.#entries.delete(key);
      },
    );
    return entry.value;
  }

  /** What has come already, for those that cannot wait. */
  known(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    return entry !== undefined && this.#now() < entry.untilMs ? entry.arrived?.value : undefined;
  }

  /** And what has failed, as long as that is kept. */
  knownFailure(key: string): unknown {
    const entry = this.#entries.get(key);
    return entry !== undefined && this.#now() < entry.untilMs ? entry.failure : undefined;
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }

  #set(key: string, entry: Entry<Value>): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size <= this.#options.entriesMax) return;
    const oldest = this.#entries.keys().next();
    if (!oldest.done) this.#entries.delete(oldest.value);
  }
}

function isKeptFailure(thrown: unknown): boolean {
  return thrown instanceof RelayError && thrown.code === "schema-not-found";
}
