/** Cutting objects into records: the same pieces however the bytes arrive, and the same again from any record on. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { csvFields, rowJson } from "../../../lib/sources/s3/csv.js";
import { createSplitter, type Piece, type SplitFormat } from "../../../lib/sources/s3/splitter.js";

function split(format: SplitFormat, bytes: Buffer, { chunk = bytes.length || 1, from = 0, recordBytesMax = 1_000 } = {}) {
  const splitter = createSplitter({ format, recordBytesMax, from });
  const pieces: Piece[] = [];
  for (let at = from; at < bytes.length; at += chunk) pieces.push(...splitter.push(bytes.subarray(at, at + chunk)));
  pieces.push(...splitter.end());
  return { pieces, texts: pieces.map((piece) => piece.bytes?.toString()), fault: splitter.fault() };
}

const of = (format: SplitFormat, text: string, options = {}) => split(format, Buffer.from(text), options);

test("lines are records, blank ones are none, and the last needs no line break", () => {
  expect(of("ndjson", '{"a":1}\n\n  \n{"b":2}\r\n{"c":3}').texts).toEqual(['{"a":1}', '{"b":2}\r', '{"c":3}']);
});

test("a line break inside quotes belongs to its row", () => {
  expect(of("csv", 'a,b\n1,"x\ny ""z"""\n2,q\n').texts).toEqual(["a,b", '1,"x\ny ""z"""', "2,q"]);
  expect(of("csv", 'a\n"open').fault).toBe("it ends inside a quoted field");
});

test("the elements of an array are records, whatever is in them", () => {
  const { texts, fault } = of("json-array", '\ufeff [ {"a":[1,2,{"b":"],\\"}"}]} , "x,]" ,3,null]\n');

  expect(texts.map((text) => text?.trim())).toEqual(['{"a":[1,2,{"b":"],\\"}"}]}', '"x,]"', "3", "null"]);
  expect(fault).toBeUndefined();
  expect(of("json-array", "[]").texts).toEqual([]);
});

test.each([
  ['{"a":1}', "it does not begin with ["],
  ["[1,2", "the array does not end"],
  ["[1] 2", "something stands after the array"],
  ["", "the array does not end"],
])("%s is not an array", (text, fault) => {
  expect(of("json-array", text).fault).toBe(fault);
});

test("a record that is too long is counted and not kept", () => {
  const { pieces } = of("ndjson", `a\n${"x".repeat(50)}\nb`, { recordBytesMax: 10, chunk: 7 });

  expect(pieces.map(({ from, to, bytes }) => [from, to, bytes?.toString()])).toEqual([
    [0, 1, "a"],
    [2, 52, undefined],
    [53, 54, "b"],
  ]);
});

test("the pieces are the same however the bytes arrive, and from every record on", () => {
  const value = fc.oneof(
    fc.string({ unit: "binary", maxLength: 12 }),
    fc.integer(),
    fc.array(fc.string({ maxLength: 4 }), { maxLength: 3 }),
  );
  fc.assert(
    fc.property(fc.array(value, { maxLength: 12 }), fc.integer({ min: 1, max: 9 }), fc.boolean(), (values, chunk, isArray) => {
      const texts = values.map((one) => JSON.stringify({ one }));
      const [format, text] = isArray ? (["json-array", `[${texts.join(",")}]`] as const) : (["ndjson", texts.join("\n")] as const);
      const whole = of(format, text, { chunk });
      expect(whole.texts).toEqual(texts);
      for (const [index, { from }] of whole.pieces.entries()) {
        if (from > 0) expect(of(format, text, { chunk, from }).texts).toEqual(texts.slice(index));
      }
    }),
  );
});

test("the fields of a row are texts, with quotes taken away", () => {
  expect(csvFields('a,"b,""c""",,d\r', ",")).toEqual(["a", 'b,"c"', "", "d"]);
  expect(csvFields("a;b,c", ";")).toEqual(["a", "b,c"]);
  expect(rowJson(["1", 'x"'], ["id", "name"])).toBe('{"id":"1","name":"x\\""}');
  expect(rowJson(["1"], ["id", "name"])).toBeUndefined();
});
