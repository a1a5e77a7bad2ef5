/** Whom to ask: a broker by its id, the controller, a group's coordinator, or any broker that answers. */
import { assertTimeLeft, type Deadline } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import { realWorld, type TimeAndChance } from "../ask.js";
import { type Address, addressKey, Brokers, parseAddress } from "../brokers.js";
import type { ClusterIdentity } from "../cluster-identity.js";
import type { Connection, Destination } from "../connection.js";
import { groupWords, toKafkaError } from "../protocol/kafka-error.js";
import { brokersAlone, findCoordinatorApi, metadataApi } from "../protocol/metadata.js";
import type { AnswerOf } from "../protocol/wire.js";
import { decode, unsentAsUnreachable } from "./answers.js";
import type { BrokerConnection, BrokerConnectionOptions } from "./broker-connection.js";
import { isFinal, Link } from "./link.js";
import { openBrokerConnection } from "./opening.js";

export interface ConnectionOptions extends Omit<BrokerConnectionOptions, "signal"> {
  /** "host:port" each; a function is asked on first use, once. */
  readonly brokers: readonly string[] | (() => Promise<readonly string[]>);
  readonly connectTimeoutMs: number;
  /** A connection unused for longer is replaced before it is used again: something on the way may have forgotten it in silence. */
  readonly unusedMaxMs?: number;
  readonly now?: () => number;
  /** Shared by all connections to one cluster: which one it is. */
  readonly identity?: ClusterIdentity;
  /** Pauses before a broker that failed is connected to again, and where in the list of brokers to start. */
  readonly world?: TimeAndChance;
}

interface Route {
  readonly link: Link;
  readonly connection: BrokerConnection;
}

/** A new socket is asked which cluster it reaches, unless one has said so just now: in less time nobody makes another one. */
const identityAgeMaxMs = 1_000;
const unusedMaxDefaultMs = 240_000;
/** With others left to try, one broker that does not answer must not use up all the time there is. */
const connectShare = 0.5;
const connectFloorMs = 1000;

export class RequestRouter {
  readonly #options: ConnectionOptions;
  readonly #request: Connection["request"];
  readonly #links = new Map<string, Link>();
  readonly #closing = new AbortController();
  readonly #now: () => number;
  readonly #world: TimeAndChance;
  #brokers: Promise<Brokers> | undefined;

  /** `request` asks who the brokers are and where a coordinator is, where that is not known. */
  constructor(options: ConnectionOptions, request: Connection["request"]) {
    this.#options = options;
    this.#request = request;
    this.#now = options.now ?? Date.now;
    this.#world = options.world ?? realWorld;
  }

  brokers(): Promise<Brokers> {
    this.#brokers ??= this.#firstBrokers().catch((error: unknown) => {
      this.#brokers = undefined;
      throw error;
    });
    return this.#brokers;
  }

  async #firstBrokers(): Promise<Brokers> {
    const { brokers } = this.#options;
    const list = typeof brokers === "function" ? await brokers() : brokers;
    if (list.length === 0) throw new RelayError("bad-configuration", "No broker is configured: set KAFKA_BROKERS.");
    return new Brokers(list.map(parseAddress), Math.floor(this.#world.random() * list.length));
  }

  async routeTo(to: Destination, deadline: Deadline): Promise<Route> {
    const known = await this.brokers();
    if (to === "any") return this.#anyRoute(known, deadline);
    const nodeId = await this.#nodeIdOf(to, known, deadline);
    if (known.byId(nodeId) === undefined) await this.#askForBrokers(deadline);
    const address = known.byId(nodeId);
    if (address === undefined) throw new RelayError("broker-not-available", `The cluster has no broker ${nodeId} at the moment.`);
    const link = this.#linkTo(address);
    return { link, connection: await link.connected(deadline, this.#connectLimitMs(deadline, true)) };
  }

  /** One after the other until one answers: connecting does not ask for anything yet. */
  async #anyRoute(known: Brokers, deadline: Deadline): Promise<Route> {
    const addresses = known.anyInOrder((address) => this.#links.get(addressKey(address))?.isInUse() === true);
    let failure: unknown;
    for (const [index, address] of addresses.entries()) {
      const link = this.#linkTo(address);
      try {
        const limitMs = this.#connectLimitMs(deadline, index === addresses.length - 1);
        return { link, connection: await link.connected(deadline, limitMs) };
      } catch (error) {
        failure ??= error;
        if (isFinal(error) || deadline.leftMs() <= 0) break;
      }
    }
    throw failure;
  }

  async #nodeIdOf(to: Exclude<Destination, "any">, known: Brokers, deadline: Deadline): Promise<number> {
    if (to === "controller") {
      if (known.controllerId === undefined) await this.#askForBrokers(deadline);
      if (known.controllerId === undefined) throw new RelayError("broker-not-available", "The cluster has no controller at the moment.");
      return known.controllerId;
    }
    return "nodeId" in to ? to.nodeId : this.#coordinatorOf(to.coordinatorOf, known, deadline);
  }

  async #coordinatorOf(group: string, known: Brokers, deadline: Deadline): Promise<number> {
    const remembered = known.coordinatorOf(group);
    if (remembered !== undefined) return remembered;
    const answer = await this.#request(findCoordinatorApi, { key: group, keyType: 0 }, "any", deadline);
    if (answer.errorCode !== 0) throw toKafkaError(answer.errorCode, groupWords(group), answer.errorMessage);
    const address = known.byId(answer.nodeId);
    if (address === undefined || addressKey(address) !== addressKey(answer)) await this.#askForBrokers(deadline);
    known.learnCoordinator(group, answer.nodeId);
    return answer.nodeId;
  }

  async #askForBrokers(deadline: Deadline): Promise<void> {
    await this.#request(metadataApi, brokersAlone, "any", deadline);
  }

  #linkTo(address: Address): Link {
    const key = addressKey(address);
    const known = this.#links.get(key);
    if (known !== undefined) return known;
    const link = new Link(address, {
      open: (to, limitMs) => this.#open(to, limitMs),
      unusedMaxMs: this.#options.unusedMaxMs ?? unusedMaxDefaultMs,
      closing: this.#closing.signal,
      now: this.#now,
      world: this.#world,
    });
    this.#links.set(key, link);
    return link;
  }

  async #open(address: Address, limitMs: number): Promise<BrokerConnection> {
    const known = await this.brokers();
    const startedMs = this.#now();
    try {
      const connection = await openBrokerConnection(address, { ...this.#options, signal: this.#closing.signal }, limitMs);
      await this.#identify(connection, address, known, Math.max(1, limitMs - (this.#now() - startedMs)));
      known.worked(address);
      return connection;
    } catch (error) {
      known.failed(address, this.#now());
      throw error;
    }
  }

  /** Another cluster may answer at the address by now: nothing of ours goes over a new socket before it is known which. */
  async #identify(connection: BrokerConnection, address: Address, known: Brokers, limitMs: number): Promise<void> {
    const { identity } = this.#options;
    if (identity?.id() === undefined || this.#now() - identity.confirmedAtMs() < identityAgeMaxMs) return;
    const version = connection.versionOf(metadataApi);
    if (version === undefined) return;
    try {
      const question = await metadataApi.encode(version, brokersAlone);
      const body = await connection.exchange(metadataApi, version, question, limitMs);
      this.learn(await decode(metadataApi, version, body, address), known);
    } catch (error) {
      connection.close();
      throw unsentAsUnreachable(error);
    }
  }

  learn(answer: AnswerOf<typeof metadataApi>, known: Brokers): void {
    const { identity } = this.#options;
    const before = identity?.changes();
    identity?.learn(answer.clusterId, this.#now());
    if (before !== identity?.changes()) known.forgetCoordinators();
    known.learn(answer);
  }

  #connectLimitMs(deadline: Deadline, isLast: boolean): number {
    const leftMs = deadline.leftMs();
    return Math.min(this.#options.connectTimeoutMs, isLast ? leftMs : Math.max(connectFloorMs, leftMs * connectShare));
  }

  close(): void {
    this.#closing.abort();
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
  }
}

/** For a request that cannot be sent, since time is up before anybody is asked. */
export function assertTimeToAsk(deadline: Deadline, api: { readonly name: string }): void {
  assertTimeLeft(deadline, `ask Kafka for ${api.name}`);
}
