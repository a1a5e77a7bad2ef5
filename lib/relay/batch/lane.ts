/**
 * A lane: entries of a batch that must be delivered one after the other. Different lanes may be delivered at the same time. Its states:
 *
 *   ready ──▶ called ──▶ ready      more entries are open, or this call did not attempt them
 *                   ├──▶ waiting ──▶ ready      a retry, once its time has come
 *                   └──▶ finished      every entry has a verdict
 */
import type { RelayError } from "../../errors.js";
import type { Order } from "../route.js";
import type { Entry } from "./entry.js";

type LaneState = "ready" | "called" | "waiting" | "finished";

export class Lane {
  state: LaneState = "ready";
  readonly #entries: readonly Entry[];
  #firstOpen = 0;

  constructor(entries: readonly Entry[]) {
    this.#entries = entries;
  }

  /** The next entries without a verdict, at most `entriesMax`. */
  openEntries(entriesMax: number): readonly Entry[] {
    // Most lanes by key have one entry.
    if (this.#entries.length === 1 && entriesMax >= 1 && this.#entries[0]?.verdict === undefined) return this.#entries;
    const open: Entry[] = [];
    for (let index = this.#firstOpen; index < this.#entries.length && open.length < entriesMax; index++) {
      const entry = this.#entries[index] as Entry;
      if (entry.verdict === undefined) open.push(entry);
    }
    return open;
  }

  /** Gives back the entry and everything after it, even what was already delivered: the order would be broken otherwise. */
  giveBackFrom(entry: Entry, reason?: RelayError): void {
    const error = entry.error ?? reason;
    for (const later of this.#entries.slice(this.#entries.indexOf(entry))) {
      later.verdict = "given-back";
      later.error ??= error;
    }
  }

  /** The state after a call: finished once every entry has a verdict. */
  stateAfterCall(): "ready" | "finished" {
    while (this.#entries[this.#firstOpen]?.verdict !== undefined) this.#firstOpen++;
    return this.#firstOpen < this.#entries.length ? "ready" : "finished";
  }
}

/**
 * One lane per partition, per key, or per record, as the route's order says. A key's lane belongs to one partition. With order "key", every record without a key
 * gets a lane of its own.
 */
export function toLanes(partitions: readonly (readonly Entry[])[], order: Order): readonly Lane[] {
  return groupsBy(order, partitions).map((entries) => new Lane(entries));
}

function groupsBy(order: Order, partitions: readonly (readonly Entry[])[]): readonly (readonly Entry[])[] {
  switch (order) {
    case "partition":
      return partitions.filter((entries) => entries.length > 0);
    case "key":
      return partitions.flatMap(groupsByKey);
    case "none":
      return partitions.flatMap((entries) => entries.map((entry) => [entry]));
  }
}

function groupsByKey(entries: readonly Entry[]): readonly (readonly Entry[])[] {
  const groups = new Map<string, Entry[]>();
  for (const [index, entry] of entries.entries()) {
    const key = entry.arrived.key;
    const name = key === null ? `record ${index}` : `key ${key.toString("latin1")}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [entry]);
    else group.push(entry);
  }
  return [...groups.values()];
}
