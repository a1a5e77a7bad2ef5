/** The cursor: small, exact, and refused when it is not ours. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { MovingCursor, parseCursor, toCursorText } from "../../../../lib/http/read/record-cursor.js";

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

type Move = { readonly partition: number; readonly offset: number; readonly epoch: number; readonly way: "record" | "move" | "serve last" };
const anyMove: fc.Arbitrary<Move> = fc.record({
  partition: fc.nat({ max: 8 }),
  offset: fc
    .maxSafeInteger()
    .map((offset) => Math.abs(offset) - 1)
    .filter((offset) => offset >= 0),
  epoch: fc.integer({ min: -1, max: 1_000 }),
  way: fc.constantFrom("record", "move", "serve last"),
});

test("while a read goes on, its cursor after each record equals one that is built from its positions", () => {
  fc.assert(
    fc.property(anyPositions, fc.array(anyMove), fc.option(fc.uuid()), (positions, moves, id) => {
      const topicId = id === null ? {} : { topicId: id.replaceAll("-", "") };
      const cursor = new MovingCursor({ topic: "orders", ...topicId, isWholeTopic: true, positions });
      const places = new Map(positions.map(({ partition, offset, lastEpoch }) => [partition, { offset, lastEpoch: lastEpoch ?? -1 }]));
      for (const { partition, offset, epoch, way } of moves) {
        if (way === "serve last") cursor.serveLast(partition);
        else places.set(partition, { offset: BigInt(way === "record" ? offset + 1 : offset), lastEpoch: epoch });
        if (way === "move") cursor.moveTo(partition, BigInt(offset), epoch < 0 ? undefined : epoch);
        const text = way === "record" ? cursor.textAfter(partition, offset, epoch) : cursor.text();
        const read = parseCursor(text, "orders");

        expect({ topicId: read.topicId, isWholeTopic: read.isWholeTopic }).toEqual({ topicId: topicId.topicId, isWholeTopic: true });
        expect(new Map(read.positions.map((one) => [one.partition, { offset: one.offset, lastEpoch: one.lastEpoch ?? -1 }]))).toEqual(
          places,
        );
      }
    }),
  );
});

test("while a read of many partitions goes on, its cursor leaves their epochs out and keeps every offset", () => {
  const positions = Array.from({ length: 600 }, (_, partition) => ({ partition, offset: BigInt(partition), lastEpoch: 3 }));
  const cursor = new MovingCursor({ topic: "orders", isWholeTopic: true, positions });
  cursor.textAfter(599, 1_000_000, 3);

  const { positions: read } = parseCursor(cursor.textAfter(7, 41, 3), "orders");

  expect(read).toHaveLength(600);
  expect(new Map(read.map(({ partition, offset }) => [partition, offset])).get(7)).toBe(42n);
  expect(read.find(({ partition }) => partition === 599)).toEqual({ partition: 599, offset: 1_000_001n });
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
