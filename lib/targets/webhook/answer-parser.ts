/**
 * Reads one HTTP/1.1 response from a socket's bytes (RFC 9112), within limits: its status, its headers, the start of its body, and whether the connection may be
 * used again. Ambiguous responses are refused or end their connection, so that no part of one response can be taken for the next.
 */
import { RelayError } from "../../errors.js";

export interface Answer {
  readonly status: number;
  /** Names in lower case. Of a repeated header the first counts, as in Node; `connection` and `transfer-encoding` are lists, so all of them count. */
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
/** A repeated one of these continues the list: no member may be overlooked. */
const listNames = new Set(["connection", "transfer-encoding"]);

export class AnswerParser {
  /** True as soon as a byte of the answer has come. */
  hasBegun = false;
  isKeepAlive = false;
  readonly #limits: AnswerLimits;
  #part: Part = "head";
  #pending: Buffer = noBytes;
  /** Of complete interim responses (1xx), or of complete trailers: together they may be no longer than one header block. */
  #headerBytes = 0;
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

  /** True: the response is complete, or as much of it as is read. Throws `target-failed` where it is not valid. */
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
    // Bytes after the response belong to no request: the connection cannot be trusted with another.
    if (rest.length > 0) this.isKeepAlive = false;
    return true;
  }

  /** The connection ended. True: so does the response. */
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
        if (bytes[0] !== 13 || bytes[1] !== 10) throw notHttp("a chunk is longer than its size says");
        this.#part = "chunk-size";
        return bytes.subarray(2);
      default:
        return this.#readTrailers(bytes);
    }
  }

  #readHead(bytes: Buffer): Buffer | undefined {
    const end = bytes.indexOf("\r\n\r\n");
    this.#assertHeaderBytes(end < 0 ? bytes.length : end, "headers");
    if (end < 0) {
      if (bytes.length >= 5 && bytes.toString("latin1", 0, 5) !== "HTTP/") throw notHttp("it does not start with a status line");
      return undefined;
    }
    const [statusLine = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
    const [, minor, status] = /^HTTP\/1\.([01]) (\d{3})(?: [^\r\n]*)?$/.exec(statusLine) ?? [];
    if (status === undefined) throw notHttp("it does not start with a status line");
    this.#status = Number(status);
    this.#headers = parseHeaders(lines);
    if (this.#status === 101) throw notHttp("it switched to another protocol");
    // 100 and 103 come before the answer.
    if (this.#status >= 200) this.#beginBody(minor === "1");
    this.#headerBytes = this.#status >= 200 ? 0 : this.#headerBytes + end + 4;
    return bytes.subarray(end + 4);
  }

  #beginBody(isHttp11: boolean): void {
    const { connection = "", "content-length": length, "transfer-encoding": encoding } = this.#headers;
    if (length !== undefined && !/^\d{1,15}$/.test(length)) throw notHttp("its Content-Length is not a number");
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
    if ((end < 0 ? bytes.length : end) > chunkSizeLineMax) throw notHttp("a chunk has no valid size");
    if (end < 0) return undefined;
    const [, size] = /^([0-9a-f]{1,8})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/i.exec(bytes.toString("latin1", 0, end)) ?? [];
    if (size === undefined) throw notHttp("a chunk has no valid size");
    this.#left = Number.parseInt(size, 16);
    this.#part = this.#left === 0 ? "trailers" : "chunk";
    return bytes.subarray(end + 2);
  }

  #readTrailers(bytes: Buffer): Buffer | undefined {
    const end = bytes.indexOf("\r\n");
    this.#assertHeaderBytes(end < 0 ? bytes.length : end, "trailers");
    if (end < 0) return undefined;
    if (end === 0) this.#part = "done";
    else parseHeader(bytes.toString("latin1", 0, end));
    this.#headerBytes += end + 2;
    return bytes.subarray(end + 2);
  }

  #assertHeaderBytes(bytes: number, what: string): void {
    const { answerHeaderBytesMax } = this.#limits;
    if (this.#headerBytes + bytes > answerHeaderBytesMax)
      throw new RelayError("target-failed", `The response had more than ${answerHeaderBytesMax} bytes of ${what}.`);
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
    const [name, value] = parseHeader(line);
    const known = headers[name];
    if (name === "content-length" && known !== undefined && known !== value) throw notHttp("it has two different Content-Length headers");
    headers[name] = known === undefined ? value : listNames.has(name) ? `${known}, ${value}` : known;
  }
  return headers;
}

/** A line feed, a carriage return or a control character inside a value would be the end of the line for other parsers (RFC 9110, 5.5). */
function parseHeader(line: string): readonly [name: string, value: string] {
  const [, name, value] = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[\t ]*(.*?)[\t ]*$/s.exec(line) ?? [];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (name === undefined || value === undefined || /[\x00-\x08\x0a-\x1f\x7f]/.test(value)) throw notHttp("one of its headers is not valid");
  return [name.toLowerCase(), value];
}

function lists(header: string, option: string): boolean {
  return header !== "" && header.split(",").some((each) => each.trim().toLowerCase() === option);
}

function notHttp(what: string): RelayError {
  return new RelayError("target-failed", `The response is not valid HTTP/1.1: ${what}.`);
}
