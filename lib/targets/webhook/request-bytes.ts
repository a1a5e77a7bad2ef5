/** A request as bytes, and the server that a URL names. */
import { RelayError } from "../../errors.js";
import { type HttpHeaders, isHeaderName, isHeaderValue } from "./headers.js";

export interface Origin {
  readonly isTls: boolean;
  /** `https://host:port`. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** The start of every request to it, after the method. */
  readonly head: string;
  readonly authorization: string | undefined;
}

/** A URL's getters build their text at each access; most routes have one address for all records. */
const origins = new WeakMap<URL, Origin>();

export function originOf(url: URL): Origin {
  const known = origins.get(url);
  if (known !== undefined) return known;
  const isTls = url.protocol === "https:";
  const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  const origin: Origin = {
    isTls,
    name: url.origin,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (isTls ? 443 : 80) : Number(url.port),
    head: ` ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\n`,
    authorization: url.username === "" ? undefined : `Basic ${Buffer.from(user).toString("base64")}`,
  };
  origins.set(url, origin);
  return origin;
}

/** Head and body in one piece, for one write. Every name and value is checked here once more: what HTTP cannot carry must not become another header. */
export function toRequestBytes(method: string, { head, authorization }: Origin, headers: HttpHeaders, body: Buffer): Buffer {
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
