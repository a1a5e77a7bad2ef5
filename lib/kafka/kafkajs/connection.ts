/** The Connection over brokers: finds who is asked, keeps one socket a broker, obeys throttling, ends by the deadline. Nothing asked is asked twice. */
import { assertTimeLeft, type Deadline, within } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import { type Address, addressKey, Brokers, parseAddress } from "../brokers.js";
import type { ClusterIdentity } from "../cluster-identity.js";
import type { Api, Connection, Destination } from "../connection.js";
import { groupWords, kafkaError, type Refresh, toKafkaError } from "../protocol/error-codes.js";
import { brokersAlone, findCoordinatorApi, metadataApi } from "../protocol/metadata.js";
import type { AnswerOf } from "../protocol/wire.js";
import { type BrokerConnection, type BrokerConnectionOptions, openBrokerConnection } from "./broker-connection.js";

export interface ConnectionOptions extends Omit<BrokerConnectionOptions, "signal"> {
  /** "host:port" each; a function is asked on first use, once. */
  readonly brokers: readonly string[] | (() => Promise<readonly string[]>);
  readonly connectTimeoutMs: number;
  /** A connection unused for longer is replaced before it is used again: something on the way may have forgotten it in silence. */
  readonly unusedMaxMs?: number;
  readonly now?: () => number;
  /** Shared by all connections to one cluster: which one it is. */
  readonly identity?: ClusterIdentity;
}

/** A new socket is asked which cluster it reaches, unless one has said so just now: in less time nobody makes another one. */
const identityAgeMaxMs = 1_000;
const unusedMaxDefaultMs = 240_000;
/** With others left to try, one broker that does not answer must not take all the time there is. */
const connectShare = 0.5;
const connectFloorMs = 1000;

export function createConnection(options: ConnectionOptions): Connection {
  const { connectTimeoutMs, unusedMaxMs = unusedMaxDefaultMs, now = Date.now } = options;
  const links = new Map<string, Link>();
  let brokers: Promise<Brokers> | undefined;
  const closing = new AbortController();
  const { signal } = closing;

  function knownBrokers(): Promise<Brokers> {
    brokers ??= (async () => {
      const list = typeof options.brokers === "function" ? await options.brokers() : options.brokers;
      if (list.length === 0) throw new RelayError("bad-configuration", "No broker is named: set KAFKA_BROKERS.");
      return new Brokers(list.map(parseAddress), Math.floor(Math.random() * list.length));
    })().catch((error: unknown) => {
      brokers = undefined;
      throw error;
    });
    return brokers;
  }

  function linkTo(address: Address): Link {
    const key = addressKey(address);
    const known = links.get(key);
    if (known !== undefined) return known;
    const link: Link = { address, open: undefined, opening: undefined, throttledUntilMs: 0 };
    links.set(key, link);
    return link;
  }

  /** The open connection of a link, or a new one; whoever comes meanwhile waits for the same, and tries for itself where that fails for want of time. */
  async function connected(link: Link, known: Brokers, deadline: Deadline, limitMs: number): Promise<BrokerConnection> {
    if (link.open?.isOpen() === true) {
      if (now() - link.open.usedAtMs() < unusedMaxMs) return link.open;
      link.open.close();
    }
    for (;;) {
      assertTimeLeft(deadline, `connect to Kafka at ${addressKey(link.address)}`);
      if (signal.aborted) throw new RelayError("kafka-unreachable", "The connection to Kafka has been closed.");
      const shared = link.opening;
      if (shared === undefined) return open(link, known, limitMs);
      try {
        return await within(deadline, shared, () => {
          throw notInTime(link.address);
        });
      } catch (error) {
        if (isHopeless(error) || deadline.leftMs() <= 0) throw error;
      }
    }
  }

  function open(link: Link, known: Brokers, limitMs: number): Promise<BrokerConnection> {
    const startedMs = now();
    const opening = openBrokerConnection(link.address, { ...options, signal }, limitMs)
      .then(async (connection) => {
        await identify(connection, link.address, known, Math.max(1, limitMs - (now() - startedMs)));
        if (signal.aborted) connection.close();
        link.open = connection;
        known.worked(link.address);
        return connection;
      })
      .catch((error: unknown) => {
        known.failed(link.address, now());
        throw error;
      })
      .finally(() => {
        link.opening = undefined;
      });
    link.opening = opening;
    return opening;
  }

  /** Another cluster may stand at the address by now: nothing of ours goes over a new socket before it is known which. */
  async function identify(connection: BrokerConnection, address: Address, known: Brokers, limitMs: number): Promise<void> {
    const { identity } = options;
    if (identity?.id() === undefined || now() - identity.confirmedAtMs() < identityAgeMaxMs) return;
    const version = connection.versionOf(metadataApi);
    if (version === undefined) return;
    try {
      const question = await metadataApi.encode(version, brokersAlone);
      learn(await decode(metadataApi, version, await connection.exchange(metadataApi, version, question, limitMs), address), known);
    } catch (error) {
      connection.close();
      throw asUnreachable(error);
    }
  }

  function learn(answer: AnswerOf<typeof metadataApi>, known: Brokers): void {
    const { identity } = options;
    const before = identity?.changes();
    identity?.learn(answer.clusterId, now());
    if (before !== identity?.changes()) known.forgetCoordinators();
    known.learn(answer);
  }

  const connectLimitMs = (deadline: Deadline, isLast: boolean): number => {
    const leftMs = deadline.leftMs();
    return Math.min(connectTimeoutMs, isLast ? leftMs : Math.max(connectFloorMs, leftMs * connectShare));
  };

  /** One after the other until one answers: to connect is to ask nothing yet. */
  async function anyLink(known: Brokers, deadline: Deadline): Promise<readonly [Link, BrokerConnection]> {
    const addresses = known.anyInOrder((address) => {
      const link = links.get(addressKey(address));
      return link?.open?.isOpen() === true || link?.opening !== undefined;
    });
    let failure: unknown;
    for (const [index, address] of addresses.entries()) {
      const link = linkTo(address);
      try {
        return [link, await connected(link, known, deadline, connectLimitMs(deadline, index === addresses.length - 1))];
      } catch (error) {
        failure ??= error;
        if (isHopeless(error) || deadline.leftMs() <= 0) break;
      }
    }
    throw failure;
  }

  async function linkFor(to: Destination, deadline: Deadline): Promise<readonly [Link, BrokerConnection]> {
    const known = await knownBrokers();
    if (to === "any") return anyLink(known, deadline);
    const nodeId = await nodeIdOf(to, known, deadline);
    if (known.byId(nodeId) === undefined) await askForBrokers(deadline);
    const address = known.byId(nodeId);
    if (address === undefined) throw new RelayError("broker-not-available", `The cluster has no broker ${nodeId} at the moment.`);
    const link = linkTo(address);
    return [link, await connected(link, known, deadline, connectLimitMs(deadline, true))];
  }

  async function nodeIdOf(to: Exclude<Destination, "any">, known: Brokers, deadline: Deadline): Promise<number> {
    if (to === "controller") {
      if (known.controllerId === undefined) await askForBrokers(deadline);
      if (known.controllerId === undefined) throw new RelayError("broker-not-available", "The cluster has no controller at the moment.");
      return known.controllerId;
    }
    if ("nodeId" in to) return to.nodeId;
    const group = to.coordinatorOf;
    const remembered = known.coordinatorOf(group);
    if (remembered !== undefined) return remembered;
    const { errorCode, errorMessage, nodeId, host, port } = await request(findCoordinatorApi, { key: group, keyType: 0 }, "any", deadline);
    if (errorCode !== 0) throw toKafkaError(errorCode, groupWords(group), errorMessage);
    const address = known.byId(nodeId);
    if (address === undefined || addressKey(address) !== addressKey({ host, port })) await askForBrokers(deadline);
    known.learnCoordinator(group, nodeId);
    return nodeId;
  }

  async function askForBrokers(deadline: Deadline): Promise<void> {
    await request(metadataApi, brokersAlone, "any", deadline);
  }

  async function request<Args, Answer>(api: Api<Args, Answer>, args: Args, to: Destination, deadline: Deadline): Promise<Answer> {
    assertTimeLeft(deadline, `ask Kafka for ${api.name}`);
    const changes = options.identity?.changes();
    const [link, connection] = await linkFor(to, deadline);
    if (typeof to === "object" && changes !== options.identity?.changes()) throw anotherCluster(link.address);
    const version = connection.versionOf(api);
    if (version === undefined) throw unsupported(api, link.address);
    const encoded = api.encode(version, args);
    const body = Buffer.isBuffer(encoded) ? encoded : await encoded;
    if (link.throttledUntilMs > now()) await throttle(link, deadline, now);
    const leftMs = deadline.leftMs();
    assertTimeLeft(deadline, `ask Kafka for ${api.name}`);
    const known = await knownBrokers();
    let answerBody: Buffer;
    try {
      answerBody = await connection.exchange(api, version, body, leftMs);
    } catch (error) {
      known.failed(link.address, now());
      throw readingKeys.has(api.key) ? asUnreachable(error) : error;
    }
    const answer = await decode(api, version, answerBody, link.address);
    obey(answer, link, now);
    if (isMetadata(api, answer)) learn(answer, known);
    if (typeof to === "object" && "coordinatorOf" in to && says("coordinator", answer)) known.forgetCoordinator(to.coordinatorOf);
    if (to === "controller" && says("controller", answer)) known.forgetController();
    return answer;
  }

  return {
    request,
    versionOf: async (api, to, deadline) => (await linkFor(to, deadline))[1].versionOf(api),
    close: async () => {
      closing.abort();
      for (const { open } of links.values()) open?.close();
      links.clear();
    },
  };
}

/** Whom to ask was known from the old cluster, and so was perhaps what is asked. */
function anotherCluster(address: Address): RelayError {
  return new RelayError(
    "kafka-unreachable",
    `Another Kafka cluster answers at ${addressKey(address)} than before, so a request that was meant for the old one was not sent.`,
  );
}

interface Link {
  readonly address: Address;
  open: BrokerConnection | undefined;
  opening: Promise<BrokerConnection> | undefined;
  throttledUntilMs: number;
}

/** What somebody else has begun may take longer than we have. */
function notInTime(address: Address): RelayError {
  return new RelayError("kafka-unreachable", `Kafka at ${addressKey(address)} cannot be reached: no connection in time.`);
}

/** APIs that change nothing: where no answer came, nothing may have happened. */
const readingKeys: ReadonlySet<number> = new Set([
  1, 2, 3, 9, 10, 15, 16, 18, 23, 29, 32, 35, 46, 48, 50, 55, 60, 61, 66, 69, 74, 75, 77, 89,
]);

function asUnreachable(error: unknown): unknown {
  if (!(error instanceof RelayError) || error.code !== "maybe-written") return error;
  return new RelayError("kafka-unreachable", error.message, { cause: error.details.cause });
}

/** What no other broker would answer otherwise. */
function isHopeless(error: unknown): boolean {
  return error instanceof RelayError && error.code === "kafka-unauthenticated";
}

function unsupported(api: Pick<Api<never, unknown>, "name" | "versions">, address: Address): RelayError {
  const [min, max] = api.versions;
  return new RelayError(
    "unsupported-by-broker",
    `Kafka at ${addressKey(address)} does not speak ${api.name} in version ${min === max ? min : `${min} to ${max}`}.`,
  );
}

async function throttle(link: Link, deadline: Deadline, now: () => number): Promise<void> {
  const waitMs = link.throttledUntilMs - now();
  if (waitMs >= deadline.leftMs()) {
    throw new RelayError(
      "too-many-requests",
      `Kafka at ${addressKey(link.address)} asked us to wait ${waitMs} ms, longer than this request may take.`,
      {
        retryAfterMs: waitMs,
      },
    );
  }
  await new Promise((resolve) => setTimeout(resolve, waitMs));
}

/** The broker answers at once and expects us to wait (KIP-219): the answer is handed on, and the next request to that broker waits. */
function obey(answer: unknown, link: Link, now: () => number): void {
  const throttleMs = (answer as { readonly throttleMs?: number } | null)?.throttleMs;
  if (throttleMs !== undefined && throttleMs > 0) link.throttledUntilMs = Math.max(link.throttledUntilMs, now() + throttleMs);
}

async function decode<Answer>(api: Api<never, Answer>, version: number, body: Buffer, address: Address): Promise<Answer> {
  try {
    return await api.decode(version, body);
  } catch (cause) {
    if (cause instanceof RelayError) throw cause;
    throw new RelayError("kafka-refused", `The answer of Kafka at ${addressKey(address)} to ${api.name} cannot be read.`, {
      cause,
      written: "maybe",
    });
  }
}

function isMetadata(api: { readonly key: number }, _answer: unknown): _answer is AnswerOf<typeof metadataApi> {
  return api === (metadataApi as { readonly key: number });
}

/** Does an answer say, at its top or in one of its entries, that what was believed has to be looked up again? */
function says(refresh: Refresh, answer: unknown): boolean {
  if (Array.isArray(answer)) return answer.some((entry) => says(refresh, entry));
  if (typeof answer !== "object" || answer === null || Buffer.isBuffer(answer)) return false;
  const { errorCode } = answer as { readonly errorCode?: number };
  return (
    (errorCode !== undefined && kafkaError(errorCode).refresh === refresh) || Object.values(answer).some((entry) => says(refresh, entry))
  );
}
