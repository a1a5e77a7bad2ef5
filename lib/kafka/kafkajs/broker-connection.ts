/**
 * One connection to one broker, carried by kafkajs 2.2.4's Connection: socket, framing, TLS, SASL with re-authentication (KIP-368). What is sent over it,
 * how long it may take and what a failure means is ours. No timer runs while nothing is asked, so that a frozen environment thaws as it was.
 */
import { connect as connectTcp, isIP, type Socket } from "node:net";
import type { connect as ConnectTls } from "node:tls";
import KafkajsConnection from "kafkajs/src/network/connection.js";
import type { RelayError } from "../../errors.js";
import type { Api } from "../connection.js";
import { apiVersionsApi } from "../protocol/metadata.js";
import type { ReadySasl, SaslOptions, TlsOptions } from "../security.js";
import { brokerClosed, connectFailure, noAnswer } from "./failures.js";
import { writeFrame } from "./frame.js";
import { renewalMarginMs, toKafkajsSasl } from "./sasl.js";

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
export type ReadyOptions = Omit<BrokerConnectionOptions, "sasl"> & { readonly sasl?: ReadySasl };

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

const keepAliveAfterMs = 60_000;
const saslAuthenticateKey = 36;

export class SocketConnection implements BrokerConnection {
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
        this.#socket = this.#openSocket(connectTls, onConnect);
        return this.#socket;
      },
    });
    // Nothing is ever queued there (no limit in flight, throttling is ours), and its timer asks for negative delays, which Node 24 warns of.
    this.#connection.requestQueue.scheduleCheckPendingRequests = () => {};
  }

  #openSocket(connectTls: typeof ConnectTls | undefined, onConnect: () => void): Socket {
    const address = this.#address;
    const { tls, silenceMaxMs } = this.#options;
    const socket =
      connectTls === undefined ? connectTcp(address, onConnect) : connectTls({ ...address, ...servername(address), ...tls }, onConnect);
    socket.setKeepAlive(true, keepAliveAfterMs);
    socket.setNoDelay(true);
    socket.on("timeout", () => this.#fail(noAnswer(address, `was silent for ${silenceMaxMs} ms`)));
    // Before kafkajs hears of it, which would end what is awaited in its own words.
    socket.on("end", () => this.#fail(brokerClosed(address)));
    socket.on("error", (error) => this.#fail(brokerClosed(address, error)));
    socket.on("close", () => this.#fail(brokerClosed(address)));
    return socket;
  }

  /** A failure of the socket comes first: kafkajs calls whatever happens while it authenticates an authentication error. */
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
    const marginMs = renewalMarginMs(lifetimeMs);
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
      const head = { key: api.key, version, correlationId, isFlexible, clientId: this.#clientIdBytes };
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
        sendRequest: () => writeFrame(socket, head, body),
      });
    });
  }

  #limitSilence(socket: Socket): void {
    const { silenceMaxMs } = this.#options;
    if (silenceMaxMs !== undefined) socket.setTimeout(this.#inFlight === 0 || this.#takingLong > 0 ? 0 : silenceMaxMs);
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
