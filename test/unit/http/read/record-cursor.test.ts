/** The cursor: small, exact, and refused when it is not ours. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseCursor, toCursorText } from "../../../../lib/http/read/record-cursor.js";

const anyPositions = fc.uniqueArray(
  fc.record(
    { partition: fc.nat({ max: 100_000 }), offset: fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }), lastEpoch: fc.nat({ max: 2 ** 31 - 1 }) },
    { requiredKeys: ["partition", "offset"] },
  ),
  { maxLength: 50, selector: ({ partition }) => partition },
);

test("what goes into a cursor comes out of it, in the same order", () => {
  fc.assert(
    fc.property(anyPositions, fc.boolean(), fc.option(fc.uuid()), (positions, isWholeTopic, id) => {
      const topicId = id === null ? {} : { topicId: id.replaceAll("-", "") };
      const cursor = { topic: "orders", ...topicId, isWholeTopic, positions };

      expect(parseCursor(toCursorText(cursor), "orders")).toEqual(cursor);
    }),
  );
});

test("a cursor that version 0.1.0 issued is still read", () => {
  expect(parseCursor("AQEJp8CKAAQCAHISYOc", "orders")).toEqual({
    topic: "orders",
    isWholeTopic: true,
    positions: [
      { partition: 0, offset: 2n },
      { partition: 1, offset: 0n },
    ],
  });
});

test("any text that is not a cursor is refused as the caller's fault", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
      expect(() => parseCursor(text, "orders")).toThrow(expect.objectContaining({ code: "bad-request" }));
    }),
  );
});

test("a cursor with one character changed is refused, whichever it is", () => {
  const text = toCursorText({ topic: "orders", isWholeTopic: true, positions: [{ partition: 0, offset: 123_456n }] });
  for (let at = 0; at < text.length; at++) {
    const changed = `${text.slice(0, at)}${text[at] === "Z" ? "a" : "Z"}${text.slice(at + 1)}`;
    if (Buffer.from(changed, "base64url").equals(Buffer.from(text, "base64url"))) continue; // the last character's spare bits
    expect(() => parseCursor(changed, "orders")).toThrow(expect.objectContaining({ code: "bad-request" }));
  }
});

test("it stays small enough for an address: a thousand partitions at a billion records each", () => {
  const positions = Array.from({ length: 1_000 }, (_, partition) => ({ partition, offset: 1_000_000_000n, lastEpoch: 300 }));
  const topicId = "00112233445566778899aabbccddeeff";

  expect(toCursorText({ topic: "orders", topicId, isWholeTopic: true, positions }).length).toBeLessThan(10_000);
});
