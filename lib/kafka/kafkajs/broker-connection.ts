/**
 * One connection to one broker, carried by kafkajs 2.2.4's Connection: socket, framing, TLS, SASL with re-authentication (KIP-368). What is said over it,
 * how long it may take and what a failure means is ours. No timer runs while nothing is asked, so that a frozen environment thaws as it was.
 */
import { connect as connectTcp, isIP, type Socket } from "node:net";
import type { connect as ConnectTls } from "node:tls";
import KafkajsConnection from "kafkajs/src/network/connection.js";
import { RelayError } from "../../errors.js";
import type { Api } from "../connection.js";
import { apiVersionsApi } from "../protocol/metadata.js";
import type { ReadySasl, SaslOptions, TlsOptions } from "../security.js";
import { brokerClosed, connectFailure, noAnswer } from "./failures.js";
import { oauthBearerExchange } from "./oauthbearer-exchange.js";

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

export interface BrokerConnectionOptions {
  readonly clientId: string;
  readonly tls?: TlsOptions;
  readonly sasl?: SaslOptions;
  /** How long an answer may keep silent, no byte passing either way; undefined where only the deadline counts, as for long polls. */
  readonly silenceMaxMs: number | undefined;
  /** Ends connections that are still being made. */
  readonly signal?: AbortSignal;
}

type Message = Pick<Api<never, unknown>, "key" | "name" | "flexibleFrom" | "mayTakeLong">;
type ReadyOptions = Omit<BrokerConnectionOptions, "sasl"> & { readonly sasl?: ReadySasl };

export interface BrokerConnection {
  readonly isOpen: () => boolean;
  /** When it was last used, in milliseconds since the epoch: the wall clock goes on while an environment is frozen. */
  readonly usedAtMs: () => number;
  /** The highest version that both sides speak, or undefined. */
  readonly versionOf: (api: Pick<Api<never, unknown>, "key" | "versions">) => number | undefined;
  /** Sends one request and answers its body. A failure says whether the request was sent; after one the connection is closed. */
  readonly exchange: (api: Message, version: number, body: Buffer, limitMs: number) => Promise<Buffer>;
  readonly close: () => void;
}

/** kafkajs's own log is not used: what matters of it comes back as an error, and payloads are nobody's business. */
const silentLogger = { namespace: () => silentLogger, debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** So long before a session ends, but not in the first part of a short one: a broker refuses to authenticate again within a second. */
const reauthenticateBeforeMsMax = 10_000;
const reauthenticateBeforeShare = 0.4;
/** Within a second of the last authentication a broker answers ILLEGAL_SASL_STATE: a token that is about to expire makes such short sessions. */
const reauthenticateAfterMsMin = 1_050;
/** Up to so many bytes copying is cheaper than handing two buffers to the system. */
const joinedBytesMax = 32 * 1024;
const keepAliveAfterMs = 60_000;
const saslAuthenticateKey = 36;

/** Connects, asks for the versions and authenticates: TCP, TLS, one round trip, and two or three more with SASL. */
export async function openBrokerConnection(
  address: BrokerAddress,
  options: BrokerConnectionOptions,
  limitMs: number,
): Promise<BrokerConnection> {
  const { sasl, ...others } = options;
  if (sasl === undefined) return open(address, others, limitMs);
  const { first, second } = toAttempts(sasl);
  const startMs = Date.now();
  try {
    return await open(address, { ...others, sasl: await first() }, limitMs);
  } catch (error) {
    const renewed = error instanceof RelayError && error.code === "kafka-unauthenticated" ? await second() : undefined;
    if (renewed === undefined) throw error;
    return open(address, { ...others, sasl: renewed }, Math.max(0, limitMs - (Date.now() - startMs)));
  }
}

/** With the login or token as it is kept, and once more with a new one where the brokers refuse it; undefined: there is no other. */
function toAttempts(sasl: SaslOptions): {
  readonly first: () => Promise<ReadySasl>;
  readonly second: () => Promise<ReadySasl | undefined>;
} {
  if ("login" in sasl) {
    const { mechanism, login } = sasl;
    const withLogin = async (refresh: boolean): Promise<ReadySasl> => ({ mechanism, ...(await login({ refresh })) });
    return { first: () => withLogin(false), second: () => withLogin(true) };
  }
  if (sasl.mechanism !== "oauthbearer" || sasl.doubt === undefined) return { first: async () => sasl, second: async () => undefined };
  const { token, doubt } = sasl;
  let used: string | undefined;
  const watched = async () => {
    used = await token();
    return used;
  };
  return {
    first: async () => ({ ...sasl, token: watched }),
    second: async () => (used !== undefined && doubt(used) ? sasl : undefined),
  };
}

async function open(address: BrokerAddress, options: ReadyOptions, limitMs: number): Promise<BrokerConnection> {
  const connectTls = options.tls === undefined ? undefined : (await import("node:tls")).connect;
  const carrier = new Carrier(address, options, connectTls, limitMs);
  const opening = carrier.open();
  const abort = () => carrier.close();
  options.signal?.addEventListener("abort", abort);
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(connectFailure(address, options, new Error(`no answer within ${limitMs} ms`))), limitMs);
  });
  try {
    await Promise.race([opening, timeout]);
    return carrier;
  } catch (error) {
    opening.catch(() => {});
    carrier.close();
    throw connectFailure(address, options, error);
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", abort);
  }
}

class Carrier implements BrokerConnection {
  readonly #address: BrokerAddress;
  readonly #options: ReadyOptions;
  readonly #connection: KafkajsConnection;
  readonly #clientIdBytes: Buffer;
  #socket: Socket | undefined;
  #versions: ReadonlyMap<number, { readonly min: number; readonly max: number }> = new Map();
  #sessionEndsAtMs = Number.POSITIVE_INFINITY;
  #inFlight = 0;
  /** Of those in flight: a broker answers in the order it was asked, so what waits behind them waits in silence too. */
  #takingLong = 0;
  #usedAtMs = Date.now();
  #failure: RelayError | undefined;

  constructor(address: BrokerAddress, options: ReadyOptions, connectTls: typeof ConnectTls | undefined, limitMs: number) {
    const { clientId, tls, sasl } = options;
    this.#address = address;
    this.#options = options;
    this.#clientIdBytes = Buffer.from(clientId);
    this.#connection = new KafkajsConnection({
      ...address,
      clientId,
      logger: silentLogger,
      ssl: tls ?? null,
      sasl: sasl === undefined ? null : toKafkajsSasl(sasl),
      connectionTimeout: limitMs,
      requestTimeout: limitMs,
      // Its timer would run for as long as the connection lives, and it knows no deadline: every wait has a timer of ours.
      enforceRequestTimeout: false,
      socketFactory: ({ onConnect }) => {
        const socket =
          connectTls === undefined ? connectTcp(address, onConnect) : connectTls({ ...address, ...servername(address), ...tls }, onConnect);
        socket.setKeepAlive(true, keepAliveAfterMs);
        socket.setNoDelay(true);
        this.#socket = socket;
        socket.on("timeout", () => this.#fail(noAnswer(this.#address, `was silent for ${this.#options.silenceMaxMs} ms`)));
        // Before kafkajs hears of it, which would end what is awaited in its own words.
        socket.on("end", () => this.#fail(brokerClosed(this.#address)));
        socket.on("error", (error) => this.#fail(brokerClosed(this.#address, error)));
        socket.on("close", () => this.#fail(brokerClosed(this.#address)));
        return socket;
      },
    });
    // Nothing is ever queued there (no limit in flight, throttling is ours), and its timer asks for negative delays, which Node 24 warns of.
    this.#connection.requestQueue.scheduleCheckPendingRequests = () => {};
  }

  /** A failure of the socket is told first: kafkajs calls whatever happens while it authenticates an authentication error. */
  async open(): Promise<void> {
    try {
      await this.#handshake();
    } catch (error) {
      throw this.#failure?.details.cause ?? this.#failure ?? error;
    }
  }

  async #handshake(): Promise<void> {
    await this.#connection.connect();
    if (this.#socket?.destroyed !== false) throw brokerClosed(this.#address);
    const version = apiVersionsApi.versions[1];
    const body = await this.#exchangeNow(apiVersionsApi, version, Buffer.alloc(0), undefined);
    const { apis } = await apiVersionsApi.decode(body.readInt16BE(0) === 0 ? version : 0, body);
    this.#versions = new Map(apis.map(({ key, min, max }) => [key, { min, max }]));
    if (this.#options.sasl === undefined) return;
    this.#connection.setVersions(Object.fromEntries(apis.map(({ key, min, max }) => [key, { minVersion: min, maxVersion: max }])));
    this.#connection.setSupportAuthenticationProtocol(this.#versions.has(saslAuthenticateKey));
    await this.#authenticate();
  }

  async #authenticate(): Promise<void> {
    const connection = this.#connection;
    await connection.authenticate();
    const lifetimeMs = connection.sessionLifetime.toNumber();
    const latestMs = Math.max(0, lifetimeMs - reauthenticateAfterMsMin);
    // kafkajs counts in whole milliseconds, and throws at a fraction.
    const marginMs = Math.trunc(Math.min(reauthenticateBeforeMsMax, lifetimeMs * reauthenticateBeforeShare, latestMs));
    connection.reauthenticationThreshold = marginMs;
    this.#sessionEndsAtMs = lifetimeMs === 0 ? Number.POSITIVE_INFINITY : Date.now() + lifetimeMs - marginMs;
  }

  /** By kafkajs's clock and by the wall clock, which goes on while an environment is frozen. */
  #isAuthenticated(): boolean {
    if (Date.now() >= this.#sessionEndsAtMs) {
      this.#connection.authenticatedAt = null;
      this.#sessionEndsAtMs = Number.POSITIVE_INFINITY; // until the next one is known
    }
    return this.#connection.isAuthenticated();
  }

  isOpen(): boolean {
    return this.#failure === undefined && this.#connection.isConnected();
  }

  usedAtMs(): number {
    return this.#usedAtMs;
  }

  versionOf({ key, versions: [min, max] }: Pick<Api<never, unknown>, "key" | "versions">): number | undefined {
    const theirs = this.#versions.get(key);
    if (theirs === undefined) return undefined;
    const highest = Math.min(max, theirs.max);
    return highest >= min && highest >= theirs.min ? highest : undefined;
  }

  async exchange(api: Message, version: number, body: Buffer, limitMs: number): Promise<Buffer> {
    if (this.#options.sasl !== undefined && !this.#isAuthenticated()) await this.#reauthenticate(limitMs);
    return this.#exchangeNow(api, version, body, limitMs);
  }

  close(): void {
    this.#fail(brokerClosed(this.#address));
  }

  /** On the same connection, before the session's lifetime is over; kafkajs makes requests that come at the same time wait for the one exchange. */
  async #reauthenticate(limitMs: number): Promise<void> {
    const timer = setTimeout(() => this.#fail(noAnswer(this.#address, `did not re-authenticate within ${limitMs} ms`)), limitMs);
    try {
      await this.#authenticate();
    } catch (error) {
      const cause = this.#failure ?? error;
      this.close();
      throw connectFailure(this.#address, this.#options, cause);
    } finally {
      clearTimeout(timer);
    }
  }

  #exchangeNow(api: Message, version: number, body: Buffer, limitMs: number | undefined): Promise<Buffer> {
    return new Promise<Buffer>((resolve, reject) => {
      const socket = this.#socket;
      if (socket === undefined || !this.isOpen()) {
        reject(connectFailure(this.#address, this.#options, this.#failure));
        return;
      }
      const isFlexible = version >= (api.flexibleFrom ?? Number.POSITIVE_INFINITY);
      const correlationId = this.#connection.nextCorrelationId();
      const timer =
        limitMs === undefined
          ? undefined
          : setTimeout(() => this.#fail(noAnswer(this.#address, `did not answer ${api.name} within ${Math.round(limitMs)} ms`)), limitMs);
      const settle = () => {
        clearTimeout(timer);
        this.#inFlight--;
        if (api.mayTakeLong) this.#takingLong--;
        this.#limitSilence(socket);
      };
      this.#inFlight++;
      if (api.mayTakeLong) this.#takingLong++;
      this.#usedAtMs = Date.now();
      this.#limitSilence(socket);
      this.#connection.requestQueue.push({
        entry: {
          apiKey: api.key,
          apiName: api.name,
          apiVersion: version,
          correlationId,
          resolve: ({ payload }) => {
            settle();
            resolve(isFlexible ? payload.subarray(1) : payload); // ApiVersions aside, whose flexible versions we do not speak, header 1 has an empty tag section
          },
          reject: (error) => {
            settle();
            reject(error);
          },
        },
        expectResponse: true,
        requestTimeout: null,
        sendRequest: () => {
          const header = this.#header(api.key, version, correlationId, isFlexible, body.length);
          if (body.length <= joinedBytesMax) {
            socket.write(Buffer.concat([header, body]));
            return;
          }
          socket.cork(); // header and body leave together, neither copied
          socket.write(header);
          socket.write(body);
          socket.uncork();
        },
      });
    });
  }

  #limitSilence(socket: Socket): void {
    const { silenceMaxMs } = this.#options;
    if (silenceMaxMs !== undefined) socket.setTimeout(this.#inFlight === 0 || this.#takingLong > 0 ? 0 : silenceMaxMs);
  }

  #header(key: number, version: number, correlationId: number, isFlexible: boolean, bodyBytes: number): Buffer {
    const name = this.#clientIdBytes;
    const header = Buffer.allocUnsafe(14 + name.length + (isFlexible ? 1 : 0));
    header.writeInt32BE(header.length - 4 + bodyBytes, 0);
    header.writeInt16BE(key, 4);
    header.writeInt16BE(version, 6);
    header.writeInt32BE(correlationId, 8);
    header.writeInt16BE(name.length, 12);
    name.copy(header, 14);
    if (isFlexible) header[header.length - 1] = 0;
    return header;
  }

  /** Once: everything that waits on this connection ends with `failure`, and the socket is gone. */
  #fail(failure: RelayError): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    this.#connection.rejectRequests(failure);
    this.#connection.requestQueue.destroy();
    this.#socket?.destroy(failure); // as an error, so that kafkajs stops waiting for the connection too
  }
}

/** SNI takes names, not addresses. */
function servername({ host }: BrokerAddress): { servername?: string } {
  return isIP(host) === 0 ? { servername: host } : {};
}

/** kafkajs keeps its authenticator on this object, so each connection has its own. */
function toKafkajsSasl(sasl: ReadySasl): object {
  return sasl.mechanism === "oauthbearer" ? { mechanism: "oauthbearer", authenticationProvider: oauthBearerExchange(sasl) } : { ...sasl };
}
