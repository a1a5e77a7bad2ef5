/** HTTP/1.1 responses for parsers: valid ones, most with one or two oddities in the places where parsers disagree. */
import fc from "fast-check";

/** A valid choice, or in one of eight cases an odd one. */
const mostly = (valid: readonly string[], odd: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof({ weight: 14, arbitrary: fc.constantFrom(...valid) }, { weight: 2, arbitrary: fc.constantFrom(...odd) });

/** In one of ten cases; null otherwise. */
const seldom = <Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });

const parts = fc.record({
  interim: fc.array(
    mostly(
      ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"],
      ["HTTP/1.1 102 P\r\ncontent-length: 3\r\n\r\n", "HTTP/1.1 100 C\r\ntransfer-encoding: chunked\r\n\r\n", "HTTP/1.0 100 C\r\n\r\n"],
    ),
    { maxLength: 2 },
  ),
  statusLine: mostly(
    ["HTTP/1.1 200 OK", "HTTP/1.0 200 OK", "HTTP/1.1 204 No Content", "HTTP/1.1 304 Not Modified", "HTTP/1.1 429 Slow", "HTTP/1.1 500 "],
    [
      "HTTP/1.1 404 N\xf6t",
      "HTTP/1.1 99 x",
      "HTTP/1.1  200 OK",
      "http/1.1 200 ok",
      "HTTP/2 200 OK",
      "HTTP/1.1 101 Switching Protocols",
      "HTTP/1.1 999 x",
      "HTTP/1.1 200OK",
      "HTTP/1.2 200 OK",
      "ICY 200 OK",
      "\r\nHTTP/1.1 200 OK",
    ],
  ),
  headers: fc.array(
    mostly(
      [
        "retry-after: 7",
        "Retry-After:\t9 ",
        "x: y",
        "Content-Type: text/plain",
        "connection: keep-alive",
        "connection: close",
        "x:",
        "server: \xe4",
      ],
      [
        "x : y",
        ": y",
        "x",
        " folded",
        "\tfolded: x",
        "a: b\n c",
        "a: b\nretry-after: 3",
        "a: \0",
        "a: b\rc",
        "retry-after:\xa05",
        "x\xe4: y",
        "retry-after: 1\r\nretry-after: 2",
        "Connection: x, Close",
        "upgrade: h2c",
        `big: ${"x".repeat(9_000)}`,
        `big: ${"x".repeat(20_000)}`,
        "x: \x7f",
        "x: \x0b1",
      ],
    ),
    { maxLength: 3 },
  ),
  framing: mostly(
    ["length", "chunked", "until close"],
    [
      "length + 5",
      "length - 1",
      "two lengths",
      "same length twice",
      "length list",
      "plus",
      "hex",
      "negative",
      "empty",
      "space",
      "length and chunked",
      "chunked and length",
      "gzip, chunked",
      "chunked, gzip",
      "identity",
      "chunked, chunked",
      "xchunked",
      "gzip and chunked",
      "huge",
      "zeros",
      "chunked;x=1",
      "chunked,",
      "length after LF",
    ],
  ),
  body: fc.oneof(
    fc.constantFrom("", "ok", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", "\r\n", "0\r\n\r\n", "\xc3\xa4\xff", "x".repeat(3_000)),
    fc.string({ maxLength: 40 }),
  ),
  chunkSizes: fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 }),
  chunkSize: mostly(
    ["hex", "upper case", "zeros", "extension"],
    [
      "quoted extension",
      "space",
      "LF",
      "no digit",
      "plus",
      "empty",
      "long extension",
      "negative",
      "0x",
      "many zeros",
      "LF in extension",
      "NUL",
    ],
  ),
  trailers: mostly(
    ["", "t: 1\r\n", "t: 1\r\nretry-after: 99\r\n"],
    ["bad\r\n", " t\r\n", "content-length: 5\r\n", "t: 1\n", `t: ${"x".repeat(20_000)}\r\n`, "t: \0\r\n", "t: 1\r\n".repeat(4_000)],
  ),
  chunksEnd: mostly(["\r\n"], ["\n", "", "x\r\n"]),
  headEnd: mostly(["\r\n\r\n"], ["\n\n", "\r\n\n", "\n\r\n", "\r\r"]),
  after: mostly([""], ["HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nbad", "garbage", "\r\n"]),
  cutOff: seldom(fc.double({ min: 0, max: 1, noNaN: true })),
  change: seldom(
    fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      byte: fc.constantFrom(0, 9, 10, 13, 32, 48, 58, 59, 127, 255),
      kind: fc.constantFrom("set", "insert", "delete"),
    }),
  ),
});

type Parts = typeof parts extends fc.Arbitrary<infer Given> ? Given : never;

/** The bytes of one response, as latin1 text. */
export const generatedResponses: fc.Arbitrary<string> = parts.map((given) => {
  const { interim, statusLine, headers, framing, body, headEnd, after } = given;
  const lines = [statusLine, ...headers, ...(framingLines(body.length)[framing] ?? [])];
  const framed = /chunked(?!,)/.test(framing) ? toChunks(given) : body;
  return changed(`${interim.join("")}${lines.join("\r\n")}${headEnd}${framed}${after}`, given);
});

function framingLines(length: number): Readonly<Record<string, readonly string[]>> {
  return {
    length: [`content-length: ${length}`],
    chunked: ["Transfer-Encoding: chunked"],
    "length + 5": [`content-length: ${length + 5}`],
    "length - 1": [`content-length: ${Math.max(0, length - 1)}`],
    "two lengths": [`content-length: ${length}`, `content-length: ${length + 1}`],
    "same length twice": [`content-length: ${length}`, `Content-Length: ${length}`],
    "length list": [`content-length: ${length}, ${length}`],
    plus: [`content-length: +${length}`],
    hex: [`content-length: 0x${length}`],
    negative: [`content-length: -${length}`],
    empty: ["content-length:"],
    space: [`content-length: ${length} 1`],
    huge: ["content-length: 99999999999999999999999"],
    zeros: [`content-length: 000${length}`],
    "length after LF": [`x: y\ncontent-length: ${length}`],
    "length and chunked": [`content-length: ${length}`, "transfer-encoding: chunked"],
    "chunked and length": ["transfer-encoding: chunked", `content-length: ${length}`],
    "gzip and chunked": ["transfer-encoding: gzip", "transfer-encoding: chunked"],
    ...Object.fromEntries(
      ["gzip, chunked", "chunked, gzip", "identity", "chunked, chunked", "xchunked", "chunked;x=1", "chunked,"].map((value) => [
        value,
        [`transfer-encoding: ${value}`],
      ]),
    ),
  };
}

function toChunks({ body, chunkSizes, chunkSize, trailers, chunksEnd }: Parts): string {
  let text = "";
  for (let at = 0, index = 0; at < body.length; index++) {
    const piece = body.slice(at, at + (chunkSizes[index % chunkSizes.length] ?? 1));
    at += piece.length;
    text += `${sizeLine(piece.length, index === 0 ? chunkSize : "hex")}${piece}\r\n`;
  }
  return `${text}0\r\n${trailers}${chunksEnd}`;
}

function sizeLine(size: number, form: string): string {
  const hex = size.toString(16);
  const forms: Readonly<Record<string, string>> = {
    "upper case": `${hex.toUpperCase()}\r\n`,
    zeros: `00${hex}\r\n`,
    extension: `${hex};a=b\r\n`,
    "quoted extension": `${hex};a="b;c"\r\n`,
    space: `${hex} \r\n`,
    LF: `${hex}\n`,
    "no digit": `${hex}g\r\n`,
    plus: `+${hex}\r\n`,
    empty: "\r\n",
    "long extension": `${hex};${"x".repeat(2_000)}\r\n`,
    negative: `-${hex}\r\n`,
    "0x": `0x${hex}\r\n`,
    "many zeros": `${"0".repeat(30)}${hex}\r\n`,
    "LF in extension": `${hex};a\nb\r\n`,
    NUL: `${hex};\0\r\n`,
  };
  return forms[form] ?? `${hex}\r\n`;
}

function changed(text: string, { cutOff, change }: Parts): string {
  const cut = cutOff === null ? text : text.slice(0, Math.floor(text.length * cutOff));
  if (change === null) return cut;
  const at = Math.floor(cut.length * change.at);
  const byte = change.kind === "delete" ? "" : String.fromCharCode(change.byte);
  return cut.slice(0, at) + byte + cut.slice(change.kind === "insert" ? at : at + 1);
}
