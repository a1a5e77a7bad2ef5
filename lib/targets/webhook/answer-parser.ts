/**
 * Reads one HTTP/1.1 answer out of a socket's bytes (RFC 9112), within limits: its status, its headers, the start of its body, and whether the connection may
 * carry another. What is ambiguous is refused, so that one answer can never be taken for a part of the next.
 */
import { RelayError } from "../../errors.js";

export interface Answer {
  readonly status: number;
  /** Names in lower case; of a repeated one the last, but all of a list. */
  readonly headers: Readonly<Record<string, string>>;
  /** The first bytes of the body as text, up to `answerStartBytesMax`. */
  readonly start: string;
}

export interface AnswerLimits {
  readonly answerBytesMax: number;
  readonly answerHeaderBytesMax: number;
}

type Part = "head" | "length" | "until-close" | "chunk-size" | "chunk" | "chunk-end" | "trailers" | "done";

const answerStartBytesMax = 1_024;
const chunkSizeLineMax = 1_024;
const noBytes = Buffer.alloc(0);
/** Those whose repetition is one list: none of its members may be overlooked. */
const listNames = new Set(["connection", "transfer-encoding"]);

export class AnswerParser {
  /** True as soon as a byte of the answer has come. */
  hasBegun = false;
  isKeepAlive = false;
  readonly #limits: AnswerLimits;
  #part: Part = "head";
  #pending: Buffer = noBytes;
  #status = 0;
  #headers: Record<string, string> = {};
  #left = 0;
  #bodyBytes = 0;
  readonly #start: Buffer[] = [];

  constructor(limits: AnswerLimits) {
    this.#limits = limits;
  }

  get answer(): Answer {
    const start = this.#start.length === 0 ? "" : Buffer.concat(this.#start).subarray(0, answerStartBytesMax).toString("utf8");
    return { status: this.#status, headers: this.#headers, start };
  }

  /** True: the answer is whole, or as much of it as is read. Throws `target-failed` where it is none. */
  take(bytes: Buffer): boolean {
    this.hasBegun = true;
    let rest = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    this.#pending = noBytes;
    while (!this.#isDone()) {
      const left = this.#step(rest);
      if (left === undefined) {
        this.#pending = rest;
        return false;
      }
      rest = left;
      if (rest.length === 0 && !this.#isDone()) return false;
    }
    // Bytes behind the answer belong to no question: the connection cannot be trusted with another.
    if (rest.length > 0) this.isKeepAlive = false;
    return true;
  }

  /** The connection ended: is that where the answer ends? */
  end(): boolean {
    return this.#part === "until-close";
  }

  #isDone(): boolean {
    return this.#part === "done";
  }

  /** What is left after one step; undefined: more bytes are needed. */
  #step(bytes: Buffer): Buffer | undefined {
    switch (this.#part) {
      case "head":
        return this.#readHead(bytes);
      case "length":
      case "chunk":
        return this.#readCounted(bytes);
      case "until-close":
        this.#keep(bytes);
        return noBytes;
      case "chunk-size":
        return this.#readChunkSize(bytes);
      case "chunk-end":
        if (bytes.length < 2) return undefined;
        if (bytes[0] !== 13 || bytes[1] !== 10) throw notHttp("a chunk that does not end");
        this.#part = "chunk-size";
        return bytes.subarray(2);
      default:
        return this.#readTrailers(bytes);
    }
  }

  #readHead(bytes: Buffer): Buffer | undefined {
    const end = bytes.indexOf("\r\n\r\n");
    if ((end < 0 ? bytes.length : end) > this.#limits.answerHeaderBytesMax)
      throw new RelayError("target-failed", "It answered with more headers than are read.");
    if (end < 0) {
      if (bytes.length >= 5 && bytes.toString("latin1", 0, 5) !== "HTTP/") throw notHttp("no status line");
      return undefined;
    }
    const [statusLine = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
    const [, minor, status] = /^HTTP\/1\.([01]) (\d{3})(?: [^\r\n]*)?$/.exec(statusLine) ?? [];
    if (status === undefined) throw notHttp("no status line");
    this.#status = Number(status);
    this.#headers = parseHeaders(lines);
    if (this.#status === 101) throw notHttp("another protocol");
    // 100 and 103 come before the answer.
    if (this.#status >= 200) this.#beginBody(minor === "1");
    return bytes.subarray(end + 4);
  }

  #beginBody(isHttp11: boolean): void {
    const { connection = "", "content-length": length, "transfer-encoding": encoding } = this.#headers;
    this.isKeepAlive = isHttp11 ? !lists(connection, "close") : lists(connection, "keep-alive");
    if (this.#status === 204 || this.#status === 304) this.#part = "done";
    else if (encoding !== undefined) {
      this.#part = /(?:^|,)[ \t]*chunked$/i.test(encoding) ? "chunk-size" : "until-close";
      // Two framings, or one that HTTP/1.0 does not have, may hide another answer (RFC 9112, 6.1).
      if (length !== undefined || !isHttp11 || this.#part === "until-close") this.isKeepAlive = false;
    } else if (length === undefined) {
      this.#part = "until-close";
      this.isKeepAlive = false;
    } else {
      if (!/^\d{1,15}$/.test(length)) throw notHttp("no length");
      this.#left = Number(length);
      this.#part = this.#left === 0 ? "done" : "length";
    }
  }

  #readCounted(bytes: Buffer): Buffer {
    const own = bytes.length <= this.#left ? bytes : bytes.subarray(0, this.#left);
    this.#left -= own.length;
    const isOver = this.#keep(own);
    if (this.#left === 0 && !isOver) this.#part = this.#part === "chunk" ? "chunk-end" : "done";
    return bytes.subarray(own.length);
  }

  #readChunkSize(bytes: Buffer): Buffer | undefined {
    const end = bytes.indexOf("\r\n");
    if ((end < 0 ? bytes.length : end) > chunkSizeLineMax) throw notHttp("no chunk size");
    if (end < 0) return undefined;
    const [, size] = /^([0-9a-f]{1,8})[ \t]*(?:;.*)?$/i.exec(bytes.toString("latin1", 0, end)) ?? [];
    if (size === undefined) throw notHttp("no chunk size");
    this.#left = Number.parseInt(size, 16);
    this.#part = this.#left === 0 ? "trailers" : "chunk";
    return bytes.subarray(end + 2);
  }

  #readTrailers(bytes: Buffer): Buffer | undefined {
    const end = bytes.indexOf("\r\n");
    if (bytes.length > this.#limits.answerHeaderBytesMax && end < 0)
      throw new RelayError("target-failed", "It answered with more trailers than are read.");
    if (end < 0) return undefined;
    if (end === 0) this.#part = "done";
    return bytes.subarray(end + 2);
  }

  /** Keeps the start and counts the rest. True: there is more than is read, so the answer ends here and the connection with it. */
  #keep(bytes: Buffer): boolean {
    if (this.#bodyBytes < answerStartBytesMax) this.#start.push(bytes.subarray(0, answerStartBytesMax));
    this.#bodyBytes += bytes.length;
    if (this.#bodyBytes <= this.#limits.answerBytesMax) return false;
    this.#part = "done";
    this.isKeepAlive = false;
    return true;
  }
}

function parseHeaders(lines: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    if (colon < 1 || !/^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name)) throw notHttp("a header that is none");
    const value = line.slice(colon + 1).trim();
    if (name === "content-length" && headers[name] !== undefined && headers[name] !== value) throw notHttp("two lengths");
    headers[name] = listNames.has(name) && headers[name] !== undefined ? `${headers[name]}, ${value}` : value;
  }
  return headers;
}

function lists(header: string, option: string): boolean {
  return header !== "" && header.split(",").some((each) => each.trim().toLowerCase() === option);
}

function notHttp(what: string): RelayError {
  return new RelayError("target-failed", `It did not answer in HTTP/1.1: ${what}.`);
}
