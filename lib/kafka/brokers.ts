/** Which brokers there are and whom to ask next: addresses, the controller and coordinators as last reported. No I/O. */
import { RelayError } from "../errors.js";

export interface Address {
  readonly host: string;
  readonly port: number;
}

interface Reported {
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
  readonly controllerId: number;
}

export const addressKey = ({ host, port }: Address): string => `${host}:${port}`;

/** "host:port" with a name, an IPv4 address or an IPv6 address in brackets. */
export function parseAddress(text: string): Address {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port) > 65_535 || Number(port) === 0) {
    throw new RelayError(
      "bad-configuration",
      `${JSON.stringify(text)} is not a broker address: KAFKA_BROKERS is a list of host:port, separated by commas.`,
    );
  }
  return { host, port: Number(port) };
}

/** Remembers what Metadata and FindCoordinator said. */
export class Brokers {
  readonly #bootstrap: readonly Address[];
  #byId: ReadonlyMap<number, Address> = new Map();
  #controllerId: number | undefined;
  readonly #coordinators = new Map<string, number>();
  readonly #failedAtMs = new Map<string, number>();
  #turn: number;

  /** `turn`: where in the list to begin, so that many environments do not all begin with the first broker. */
  constructor(bootstrap: readonly Address[], turn: number) {
    this.#bootstrap = bootstrap;
    this.#turn = turn;
  }

  learn({ brokers, controllerId }: Reported): void {
    if (brokers.length === 0) return;
    this.#byId = new Map(brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    this.#controllerId = controllerId < 0 ? undefined : controllerId;
    // A coordinator that is not a broker any more has a successor, which only a new question finds.
    for (const [group, nodeId] of this.#coordinators) if (!this.#byId.has(nodeId)) this.#coordinators.delete(group);
  }

  byId(nodeId: number): Address | undefined {
    return this.#byId.get(nodeId);
  }

  get controllerId(): number | undefined {
    return this.#controllerId;
  }

  forgetController(): void {
    this.#controllerId = undefined;
  }

  coordinatorOf(group: string): number | undefined {
    return this.#coordinators.get(group);
  }

  learnCoordinator(group: string, nodeId: number): void {
    if (this.#coordinators.size >= coordinatorsMax) this.#coordinators.clear();
    this.#coordinators.set(group, nodeId);
  }

  forgetCoordinator(group: string): void {
    this.#coordinators.delete(group);
  }

  /** Another cluster answers now. */
  forgetCoordinators(): void {
    this.#coordinators.clear();
  }

  failed(address: Address, atMs: number): void {
    this.#failedAtMs.set(addressKey(address), atMs);
    for (const [group, nodeId] of this.#coordinators) if (isSame(this.#byId.get(nodeId), address)) this.#coordinators.delete(group);
  }

  worked(address: Address): void {
    if (this.#failedAtMs.size > 0) this.#failedAtMs.delete(addressKey(address));
  }

  /** Everyone who may be asked, in the order to try: those in use, the others in turn, and last those that failed, the longest ago first. */
  anyInOrder(isInUse: (address: Address) => boolean): readonly Address[] {
    const all = new Map<string, Address>();
    for (const address of this.#byId.values()) all.set(addressKey(address), address);
    for (const address of this.#bootstrap) all.set(addressKey(address), address);
    const addresses = [...all.values()];
    const turn = this.#turn++ % Math.max(1, addresses.length);
    const inTurn = [...addresses.slice(turn), ...addresses.slice(0, turn)];
    const rank = (address: Address) => this.#failedAtMs.get(addressKey(address)) ?? (isInUse(address) ? -1 : 0);
    return inTurn.sort((one, other) => rank(one) - rank(other));
  }
}

const coordinatorsMax = 10_000;

const isSame = (one: Address | undefined, other: Address): boolean => one !== undefined && addressKey(one) === addressKey(other);
