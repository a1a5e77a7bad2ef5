/** Bodies that arrive in any pieces: whole records come out as soon as they have ended, and nothing is lost between them. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { RecordCutter } from "../../../lib/http/streams/record-cutter.js";

/** Everything that is cut, and the rest, for a text that arrives in pieces. */
function cutAll(pieces: readonly Buffer[]) {
  const cutter = new RecordCutter();
  const cut = pieces.flatMap((piece) => cutter.cut(piece)?.toString() ?? []);
  return { cut, rest: cutter.rest().toString(), isBroken: cutter.isBroken };
}

const inPieces = (text: string, at: readonly number[]): readonly Buffer[] => {
  const bytes = Buffer.from(text);
  const places = [0, ...at.map((place) => place % (bytes.length + 1)).sort((one, other) => one - other), bytes.length];
  return places.slice(1).map((place, index) => bytes.subarray(places[index], place));
};

const space = fc.constantFrom("", " ", "\n", "\r\n", "\t ");

test("whatever the pieces, all records come out whole and in order", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.object(), space)), fc.array(fc.nat()), (records, places) => {
      const text = records.map(([record, after]) => JSON.stringify(record) + after).join("");
      const { cut, rest, isBroken } = cutAll(inPieces(text, places));

      expect(cut.join("").replaceAll(/\s/g, "")).toBe(text.replaceAll(/\s/g, ""));
      expect(rest).toBe("");
      expect(isBroken).toBe(false);
      for (const piece of cut) expect(["{", "}"]).toContain(piece.trim().at(-1));
    }),
  );
});

test("a record comes out with the piece that ends it, and not before", () => {
  const cutter = new RecordCutter();

  expect(cutter.cut(Buffer.from('{"value":{"a":"}\\"'))).toBeUndefined();
  expect(cutter.leftBytes).toBe(18);
  expect(cutter.cut(Buffer.from('"}} {"'))?.toString()).toBe('{"value":{"a":"}\\""}}');
  expect(cutter.rest().toString()).toBe(' {"');
});

test("white space between records is not kept, however much there is", () => {
  const cutter = new RecordCutter();
  for (let times = 0; times < 1_000; times++) cutter.cut(Buffer.from(" \n".repeat(1_000)));

  expect(cutter.leftBytes).toBe(0);
});

test.each([
  ["a comma", '{},{"a":1}', ["{}"]],
  ["a closing brace", "{}}", ["{}"]],
  ["a colon", "{} :", ["{}"]],
])("%s between records breaks the body there: what came before is whole", (_, text, cut) => {
  const result = cutAll([Buffer.from(text)]);

  expect(result).toMatchObject({ cut, isBroken: true });
  expect(result.rest).not.toBe("");
});

test.each(["[1] ", '"text" ', "12 ", "true ", "nonsense "])("%s is cut too, for its reader to refuse", (text) => {
  expect(
    cutAll([Buffer.from(text)])
      .cut.join("")
      .trim(),
  ).toBe(text.trim());
});
