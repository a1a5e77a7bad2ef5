/** One connection to a receiver: opened when it is made, kept between requests, closed by its first failure. */
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from "node:net";
import { connect as connectTls, type SecureContext } from "node:tls";
import { RelayError } from "../../errors.js";
import { publicLookup } from "./address.js";
import { type Answer, type AnswerLimits, AnswerParser } from "./answer-parser.js";
import type { Origin } from "./request-bytes.js";

export interface ConnectionLimits extends AnswerLimits {
  readonly allowPrivate: boolean;
  /** The authorities to trust; absent: those that Node trusts. */
  readonly secureContext?: SecureContext;
}

type Done = (error: unknown, answer: Answer | undefined) => void;

/** One socket that carries one request at a time. */
export class WebhookConnection {
  isUsed = false;
  isAlive = true;
  idleSinceMs = 0;
  readonly #limits: AnswerLimits;
  readonly #origin: string;
  readonly #socket: Socket;
  #parser: AnswerParser | undefined;
  #done: Done | undefined;
  #error: unknown;

  constructor({ isTls, host, port, name }: Origin, limits: ConnectionLimits) {
    const { allowPrivate, secureContext } = limits;
    this.#limits = limits;
    this.#origin = name;
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
    // A server must not send anything on an idle connection.
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
      // An idle connection must not keep a process from ending.
      this.#socket.unref();
    }
    done?.(error, answer);
  }
}
