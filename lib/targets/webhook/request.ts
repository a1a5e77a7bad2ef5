/**
 * One HTTP exchange over kept connections: bounded in time, in answer and in connections; redirects are answers like any other. On sockets of our own, since
 * node:http takes longer for a request than everything else here together, and one write and one read are all that a webhook needs.
 */
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from "node:net";
import { connect as connectTls, type SecureContext } from "node:tls";
import { RelayError } from "../../errors.js";
import { assertHostAllowed, publicLookup } from "./address.js";
import { type Answer, type AnswerLimits, AnswerParser } from "./answer-parser.js";
import { type HttpHeaders, isHeaderName, isHeaderValue } from "./headers.js";

interface HttpLimits extends AnswerLimits {
  /** Connections a host at most; further requests wait for one. */
  readonly connectionsMax: number;
  /** Hosts whose connections are kept, where each record names its own; beyond them the oldest that nobody waits for are closed. */
  readonly hostsMax: number;
  readonly allowPrivate: boolean;
  /** Whom to trust; absent: whom Node trusts. */
  readonly secureContext?: SecureContext;
}

interface HttpRequest {
  readonly url: URL;
  readonly method: string;
  /** Names in lower case. */
  readonly headers: HttpHeaders;
  readonly body: Buffer;
  /** From here to the last byte of the answer. */
  readonly timeoutMs: number;
}

export interface HttpSender {
  /** Throws `target-timeout`, `target-failed` (a broken answer), `target-refused` (a private address), or the socket's own error. */
  readonly send: (request: HttpRequest) => Promise<Answer>;
  readonly close: () => void;
}

/** Many servers close a connection that was idle for 5 s; a request that crosses that is sent again, so ours may be longer. */
const idleConnectionMs = 30_000;

export function createHttpSender(limits: HttpLimits): HttpSender {
  const hosts = new Map<string, Host>();
  return {
    send: async ({ url, method, headers, body, timeoutMs }) => {
      if (!limits.allowPrivate) assertHostAllowed(url.hostname);
      const place = originOf(url);
      const bytes = toBytes(method, place, headers, body);
      let host = hosts.get(place.origin);
      if (host === undefined) {
        closeOldest(hosts, limits.hostsMax - 1);
        host = new Host(place, limits);
        hosts.set(place.origin, host);
      }
      return host.exchange(bytes, timeoutMs);
    },
    close: () => {
      for (const host of hosts.values()) host.close();
      hosts.clear();
    },
  };
}

function closeOldest(hosts: Map<string, Host>, countMax: number): void {
  for (const [origin, host] of hosts) {
    if (hosts.size <= countMax) return;
    if (host.isBusy) continue;
    host.close();
    hosts.delete(origin);
  }
}

interface Place {
  readonly isTls: boolean;
  readonly origin: string;
  readonly host: string;
  readonly port: number;
  /** What every request to it begins with, behind the method. */
  readonly head: string;
  readonly authorization: string | undefined;
}

/** A URL's getters build their text at each access; most routes have one address for all records. */
const places = new WeakMap<URL, Place>();

function originOf(url: URL): Place {
  const known = places.get(url);
  if (known !== undefined) return known;
  const isTls = url.protocol === "https:";
  const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  const place = {
    isTls,
    origin: url.origin,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (isTls ? 443 : 80) : Number(url.port),
    head: ` ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\n`,
    authorization: url.username === "" ? undefined : `Basic ${Buffer.from(user).toString("base64")}`,
  };
  places.set(url, place);
  return place;
}

/** Head and body in one piece, for one write. Every name and value is checked here once more: what HTTP cannot carry must not become another header. */
function toBytes(method: string, { head, authorization }: Place, headers: HttpHeaders, body: Buffer): Buffer {
  let text = method + head;
  if (authorization !== undefined && headers.authorization === undefined) text += `authorization: ${authorization}\r\n`;
  for (const name in headers) {
    const value = headers[name] as string | string[];
    for (const each of typeof value === "string" ? [value] : value) {
      if (!isHeaderName(name) || !isHeaderValue(each)) {
        throw new RelayError("record-not-for-target", `HTTP cannot carry the header ${JSON.stringify(name.slice(0, 100))} of this record.`);
      }
      text += `${name}: ${each}\r\n`;
    }
  }
  text += "\r\n";
  const bytes = Buffer.allocUnsafe(text.length + body.length);
  bytes.write(text, 0, "latin1");
  body.copy(bytes, text.length);
  return bytes;
}

/** The kept connections of one origin, the last used first, and who waits for one. */
class Host {
  readonly #place: Place;
  readonly #limits: HttpLimits;
  readonly #idle: Connection[] = [];
  readonly #open = new Set<Connection>();
  readonly #waiting: (() => void)[] = [];

  constructor(place: Place, limits: HttpLimits) {
    this.#place = place;
    this.#limits = limits;
  }

  get isBusy(): boolean {
    return this.#waiting.length > 0 || this.#open.size > this.#idle.length;
  }

  /** A kept connection may be closed by the server while the request is on its way, at any time (RFC 9112, 9.3.1): then once more, on a new one. */
  exchange(bytes: Buffer, timeoutMs: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      let current: Connection | undefined;
      let isSettled = false;
      const settle = (finish: () => void) => {
        if (isSettled) return;
        isSettled = true;
        clearTimeout(timer);
        finish();
      };
      const timer = setTimeout(() => {
        const position = this.#waiting.indexOf(begin);
        if (position >= 0) this.#waiting.splice(position, 1);
        settle(() =>
          reject(
            new RelayError("target-timeout", `No complete response came from ${this.#place.origin} within ${Math.round(timeoutMs)} ms.`),
          ),
        );
        current?.destroy();
      }, timeoutMs);
      const attempt = (connection: Connection) => {
        current = connection;
        const { isUsed } = connection;
        connection.exchange(bytes, (error, answer) => {
          current = undefined;
          if (answer === undefined && isUsed && !connection.hasAnswered && !isSettled) {
            this.#open.delete(connection);
            attempt(this.#connect());
            return;
          }
          this.#giveBack(connection);
          settle(() => (answer === undefined ? reject(error) : resolve(answer)));
        });
      };
      const begin = () => attempt(this.#takeIdle() ?? this.#connect());
      if (this.#idle.length > 0 || this.#open.size < this.#limits.connectionsMax) begin();
      else this.#waiting.push(begin);
    });
  }

  #takeIdle(): Connection | undefined {
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      if (connection.isAlive && Date.now() - connection.idleSinceMs < idleConnectionMs) return connection;
      connection.destroy();
      this.#open.delete(connection);
    }
    return undefined;
  }

  #connect(): Connection {
    const connection = new Connection(this.#place, this.#limits);
    this.#open.add(connection);
    return connection;
  }

  #giveBack(connection: Connection): void {
    if (connection.isAlive) this.#idle.push(connection);
    else this.#open.delete(connection);
    this.#waiting.shift()?.();
  }

  close(): void {
    for (const connection of this.#open) connection.destroy();
    this.#idle.length = 0;
  }
}

type Done = (error: unknown, answer: Answer | undefined) => void;

/** One socket, one question at a time. */
class Connection {
  isUsed = false;
  isAlive = true;
  idleSinceMs = 0;
  readonly #limits: AnswerLimits;
  readonly #origin: string;
  readonly #socket: Socket;
  #parser: AnswerParser | undefined;
  #done: Done | undefined;
  #error: unknown;

  constructor({ isTls, host, port, origin }: Place, limits: HttpLimits) {
    const { allowPrivate, secureContext } = limits;
    this.#limits = limits;
    this.#origin = origin;
    const lookup: { lookup?: LookupFunction } = allowPrivate ? {} : { lookup: publicLookup };
    this.#socket = isTls
      ? connectTls({
          host,
          port,
          ALPNProtocols: ["http/1.1"],
          ...(isIP(host) === 0 ? { servername: host } : {}),
          ...(secureContext === undefined ? {} : { secureContext }),
          ...lookup,
        })
      : connectTcp({ host, port, ...lookup });
    this.#socket.setNoDelay(true);
    this.#socket.on("data", (bytes: Buffer) => this.#read(bytes));
    this.#socket.on("error", (error) => {
      this.#error = error;
    });
    this.#socket.on("end", () => this.#ended());
    this.#socket.on("close", () => this.#ended());
  }

  get hasAnswered(): boolean {
    return this.#parser?.hasBegun ?? false;
  }

  exchange(bytes: Buffer, done: Done): void {
    this.#parser = new AnswerParser(this.#limits);
    this.#done = done;
    if (this.isUsed) this.#socket.ref();
    this.#socket.write(bytes);
  }

  destroy(): void {
    this.isAlive = false;
    this.#socket.destroy();
  }

  #read(bytes: Buffer): void {
    // An idle connection has nothing to say.
    if (this.#done === undefined || this.#parser === undefined) {
      this.destroy();
      return;
    }
    try {
      if (!this.#parser.take(bytes)) return;
      if (!this.#parser.isKeepAlive) this.destroy();
      this.#finish(undefined, this.#parser.answer);
    } catch (error) {
      this.#finish(error, undefined);
    }
  }

  #ended(): void {
    this.destroy();
    if (this.#done === undefined) return;
    if (this.#error === undefined && this.#parser?.end() === true) this.#finish(undefined, this.#parser.answer);
    else
      this.#finish(
        this.#error ?? new RelayError("target-failed", `${this.#origin} closed the connection before its response was complete.`),
        undefined,
      );
  }

  #finish(error: unknown, answer: Answer | undefined): void {
    const done = this.#done;
    this.#done = undefined;
    this.isUsed = true;
    if (answer === undefined) this.destroy();
    if (this.isAlive) {
      this.idleSinceMs = Date.now();
      // Nobody waits on it: it must not keep a process from ending.
      this.#socket.unref();
    }
    done?.(error, answer);
  }
}
