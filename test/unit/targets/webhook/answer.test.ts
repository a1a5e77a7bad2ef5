/** Reading HTTP/1.1 answers: whole ones however they are cut, broken ones refused, long ones cut off. */
import { describe, expect, test } from "vitest";
import { AnswerParser } from "../../../../lib/targets/webhook/answer-parser.js";

const limits = { answerBytesMax: 100, answerHeaderBytesMax: 200 };

/** Feeds pieces; what came of it. */
function read(...pieces: readonly string[]) {
  const parser = new AnswerParser(limits);
  const isWhole = pieces.map((piece) => parser.take(Buffer.from(piece, "latin1"))).at(-1);
  return { ...parser.answer, isWhole, isKeepAlive: parser.isKeepAlive, endsHere: parser.end() };
}

const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;ext=1\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n";

describe("whole answers", () => {
  test.each([
    ["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", 200, "ok", true],
    ["HTTP/1.1 204 No Content\r\n\r\n", 204, "", true],
    ["HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n", 304, "", true],
    ["HTTP/1.1 500 \r\nContent-Length: 0\r\nConnection: Close\r\n\r\n", 500, "", false],
    ["HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\nx", 200, "x", false],
    ["HTTP/1.0 200 OK\r\ncontent-length: 1\r\nconnection: keep-alive\r\n\r\nx", 200, "x", true],
    [
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length: 1\r\n\r\ny",
      201,
      "y",
      true,
    ],
    [chunked, 200, "abc0123456789", true],
    [chunked.replace("chunked", "gzip , chunked"), 200, "abc0123456789", true],
    [chunked.replace("Encoding: chunked", "Encoding: gzip\r\nTransfer-Encoding: chunked"), 200, "abc0123456789", true],
    ["HTTP/1.1 200 OK\r\nconnection: close\r\nConnection: x-trace\r\ncontent-length: 1\r\n\r\nx", 200, "x", false],
    ["HTTP/1.1 200 OK\r\nconnection: not-close\r\ncontent-length: 1\r\n\r\nx", 200, "x", true],
    [`HTTP/1.0 200 OK\r\nconnection: keep-alive${chunked.slice(15)}`, 200, "abc0123456789", false],
  ])("%j", (text, status, start, isKeepAlive) => {
    expect(read(text)).toMatchObject({ status, start, isWhole: true, isKeepAlive });
    // However the network cuts it.
    for (let at = 1; at < text.length; at++)
      expect(read(text.slice(0, at), text.slice(at))).toMatchObject({ status, start, isWhole: true, isKeepAlive });
    expect(read(...text)).toMatchObject({ status, start, isWhole: true });
  });

  test("without a length the end of the connection is the end of the answer", () => {
    expect(read("HTTP/1.1 200 OK\r\n\r\nso far")).toMatchObject({ start: "so far", isWhole: false, endsHere: true, isKeepAlive: false });
    expect(read("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nso far")).toMatchObject({ isWhole: false, endsHere: true });
    expect(read("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")).toMatchObject({ isWhole: false, endsHere: false });
    expect(read(chunked.slice(0, -2))).toMatchObject({ isWhole: false, endsHere: false });
  });

  test("headers are found by their lower case names, values without the space around them", () => {
    expect(read("HTTP/1.1 429 Slow\r\nRETRY-After:  7 \r\ncontent-length: 0\r\n\r\n").headers).toEqual({
      "retry-after": "7",
      "content-length": "0",
    });
  });
});

test("of a repeated header the first counts, and the spaces around a value do not belong to it, as Node reads it", () => {
  const { headers } = read("HTTP/1.1 503 Busy\r\nretry-after:\t1 \r\nRetry-After: 2\r\nx: \xa0\r\ncontent-length: 0\r\n\r\n");

  expect(headers).toMatchObject({ "retry-after": "1", x: "\xa0" });
});

test("more than is read ends the answer and the connection, and the status stands", () => {
  expect(read(`HTTP/1.1 200 OK\r\ncontent-length: 20000000\r\n\r\n${"x".repeat(101)}`)).toMatchObject({
    status: 200,
    isWhole: true,
    isKeepAlive: false,
  });
  expect(read(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffff\r\n${"x".repeat(101)}`)).toMatchObject({
    isWhole: true,
    isKeepAlive: false,
  });
});

test("bytes behind an answer, or two ways to tell its length, spoil the connection for the next", () => {
  expect(read("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nHTTP/1.1 200 OK\r\n")).toMatchObject({ isWhole: true, isKeepAlive: false });
  expect(read("HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n")).toMatchObject({
    isWhole: true,
    isKeepAlive: false,
  });
});

test.each([
  ["not HTTP at all", "SSH-2.0-OpenSSH_9.2\r\n"],
  ["HTTP/2", "HTTP/2 200\r\n\r\n"],
  ["no status", "HTTP/1.1 OK\r\n\r\n"],
  ["another protocol", "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n"],
  ["a header without a name", "HTTP/1.1 200 OK\r\n: x\r\n\r\n"],
  ["a folded header", "HTTP/1.1 200 OK\r\na: b\r\n c: d\r\n\r\n"],
  ["two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx"],
  ["an invalid length", "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"],
  ["an invalid chunk size", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n"],
  ["a chunk longer than it says", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc\r\n"],
  ["too many headers", `HTTP/1.1 200 OK\r\na: ${"x".repeat(300)}\r\n\r\n`],
  ["a line feed inside a header's value", "HTTP/1.1 200 OK\r\na: b\nretry-after: 3\r\ncontent-length: 0\r\n\r\n"],
  ["a control character inside a header's value", "HTTP/1.1 200 OK\r\na: \0\r\ncontent-length: 0\r\n\r\n"],
  ["a length that is not a number, where no body follows", "HTTP/1.1 304 Not Modified\r\ncontent-length: +9\r\n\r\n"],
  ["a trailer without a name", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx\r\n\r\n"],
  ["trailers without end", `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n${"t: 1\r\n".repeat(50)}`],
  ["interim responses without end", "HTTP/1.1 100 Continue\r\n\r\n".repeat(20)],
  ["too many headers that do not end", `HTTP/1.1 200 OK\r\na: ${"x".repeat(300)}`],
])("%s is refused as the target's failure", (_, text) => {
  expect(() => read(text)).toThrow(expect.objectContaining({ code: "target-failed" }));
});
