/** Avro between JSON text and bytes: what Confluent's proxy writes and reads, exact digits, and limits for schemas and values from strangers. */
import { describe, expect, test } from "vitest";
import { type AvroOptions, avroSchema, createAvroCodec } from "../../../lib/schemas/avro/codec.js";

const codec = (schema: unknown, options?: AvroOptions) => createAvroCodec(avroSchema(JSON.stringify(schema)), options);
const record = (...fields: readonly unknown[]) => ({ type: "record", name: "R", fields });
const roundTrip = (schema: unknown, json: string, options?: AvroOptions) => {
  const made = codec(schema, options);
  return made.decode(made.encode(json));
};

describe("digits", () => {
  test.each(["9223372036854775807", "-9223372036854775808", "9007199254740993", "-9007199254740993", "0", "-1", "4503599627370497"])(
    "the long %s keeps every digit",
    (digits) => expect(roundTrip("long", digits)).toBe(digits),
  );

  test("a whole number may be spelt with a point or an exponent", () => {
    expect(roundTrip("long", "9.007199254740993e15")).toBe("9007199254740993");
    expect(roundTrip("int", "5.0")).toBe("5");
  });

  test.each([
    ["long", "9223372036854775808"],
    ["long", "1.5"],
    ["int", "2147483648"],
    ["int", "1.00000000000000000001"],
    ["double", "1e999"],
    ["float", "1e39"],
    ["long", '"5"'],
  ])("%s refuses %s rather than change it", (type, json) => {
    expect(() => codec(type).encode(json)).toThrow(/does not fit its Avro schema: expected/);
  });

  test("a float is written with as few digits as name it", () => {
    expect(roundTrip("float", "0.1")).toBe("0.1");
  });

  test("what is not a number is text, as Java writes it", () => {
    for (const json of ['"NaN"', '"Infinity"', '"-Infinity"']) expect(roundTrip("double", json)).toBe(json);
  });
});

describe("unions", () => {
  const person = { type: "record", name: "P", namespace: "com.x", fields: [{ name: "name", type: "string" }] };

  test("are tagged: the full name of a named type, null bare", () => {
    const schema = ["null", "string", person];
    for (const json of ["null", '{"string":"a"}', '{"com.x.P":{"name":"a"}}']) expect(roundTrip(schema, json)).toBe(json);
  });

  test("may be untagged where exactly one branch fits", () => {
    expect(roundTrip(["null", "string"], '"a"')).toBe('{"string":"a"}');
    expect(roundTrip(["null", "long", person], '{"name":"a"}')).toBe('{"com.x.P":{"name":"a"}}');
    expect(roundTrip(["int", "string"], "5")).toBe('{"int":5}');
  });

  test("that fit twice have to be tagged, and the message shows how", () => {
    expect(() => codec(["int", "long"]).encode("5")).toThrow('the value fits "int" and "long" alike; name the type, as { "int": value }');
  });

  test("a map's only entry may have the name of a branch", () => {
    expect(roundTrip(["string", { type: "map", values: "int" }], '{"string":1}')).toBe('{"map":{"string":1}}');
  });

  test("are written without tags on request", () => {
    expect(roundTrip(["null", "string", person], '{"com.x.P":{"name":"a"}}', { unions: "plain" })).toBe('{"name":"a"}');
  });
});

describe("what does not fit is refused with its path", () => {
  const schema = record({
    name: "lines",
    type: { type: "array", items: { type: "record", name: "L", fields: [{ name: "sku", type: "string" }] } },
  });

  test.each([
    ['{"lines":[{"sku":"a"},{"sku":5}]}', "at lines[1].sku: expected a text, not a number"],
    ['{"lines":[{}]}', "at lines[0].sku: the member is missing"],
    ["{}", "at lines: the member is missing"],
    ['{"lines":[],"more":1}', 'the record R has no field "more"'],
    ["[]", "expected an object for the record R, not an array"],
    ["{", "The value is not valid JSON"],
  ])("%s", (json, message) => {
    expect(() => codec(schema).encode(json)).toThrow(message);
  });

  test("a missing member is missing though the field has a default, as in Java", () => {
    expect(() => codec(record({ name: "a", type: "int", default: 5 })).encode("{}")).toThrow("at a: the member is missing");
  });

  test("a field may have the name of something that every object has", () => {
    const odd = record({ name: "constructor", type: "int" }, { name: "__proto__", type: "string" });
    expect(roundTrip(odd, '{"constructor":1,"__proto__":"a"}')).toBe('{"constructor":1,"__proto__":"a"}');
    expect(() => codec(odd).encode('{"__proto__":"a"}')).toThrow("at constructor: the member is missing");
  });

  test("bytes and fixed are the characters U+0000 to U+00FF", () => {
    expect(codec("bytes").encode('"\\u0000ÿ"').toString("hex")).toBe("0400ff");
    expect(roundTrip({ type: "fixed", name: "F", size: 2 }, '"\\u0000ÿ"')).toBe('"\\u0000ÿ"');
    expect(() => codec("bytes").encode('"Ā"')).toThrow("U+0000 to U+00FF");
  });

  test("half a surrogate pair and bytes that are not UTF-8 are refused, not replaced", () => {
    expect(() => codec("string").encode('"\\ud800"')).toThrow("surrogate");
    expect(() => codec("string").decode(Buffer.from([2, 0xff]))).toThrow("not valid UTF-8");
  });
});

describe("logical types", () => {
  const decimal = { type: "bytes", logicalType: "decimal", precision: 30, scale: 4 };

  test("are the plain bytes and numbers unless asked for", () => {
    expect(roundTrip(decimal, '"\\u0001"')).toBe('"\\u0001"');
    expect(roundTrip({ type: "int", logicalType: "date" }, "20000")).toBe("20000");
  });

  test.each([
    [decimal, "12345678901234567890.1234"],
    [decimal, "-0.0001"],
    [decimal, "0.0000"],
    [{ type: "fixed", name: "D", size: 8, logicalType: "decimal", precision: 18, scale: 2 }, "-99.99"],
    [{ type: "int", logicalType: "date" }, '"2026-11-28"'],
    [{ type: "int", logicalType: "time-millis" }, '"23:59:59.999"'],
    [{ type: "long", logicalType: "time-micros" }, '"00:00:00.000001"'],
    [{ type: "long", logicalType: "timestamp-millis" }, '"1969-12-31T23:59:59.999Z"'],
    [{ type: "long", logicalType: "timestamp-micros" }, '"2026-11-28T08:30:00.123456Z"'],
    [{ type: "long", logicalType: "timestamp-nanos" }, '"2026-11-28T08:30:00.123456789Z"'],
    [{ type: "long", logicalType: "local-timestamp-millis" }, '"2026-11-28T08:30:00.123"'],
    [{ type: "fixed", name: "U", size: 16, logicalType: "uuid" }, '"f81d4fae-7dec-11d0-a765-00a0c91e6bf6"'],
    [{ type: "fixed", name: "I", size: 12, logicalType: "duration" }, '{"months":1,"days":2,"milliseconds":4294967295}'],
  ])("%j reads and writes %s where they are", (schema, json) => {
    expect(roundTrip(schema, json, { logical: true })).toBe(json);
  });

  test("a decimal that would lose digits is refused", () => {
    expect(() => codec(decimal, { logical: true }).encode("0.00001")).toThrow("at most 4 digits after the point");
    expect(() => codec({ ...decimal, precision: 5 }, { logical: true }).encode("12.3456")).toThrow("at most 5 digits");
  });

  test("a time may carry another zone, and must be in the calendar", () => {
    const schema = { type: "long", logicalType: "timestamp-millis" };
    expect(roundTrip(schema, '"2026-11-28T10:30:00+02:00"', { logical: true })).toBe('"2026-11-28T08:30:00.000Z"');
    expect(() => codec(schema, { logical: true }).encode('"2026-02-30T00:00:00Z"')).toThrow("a day is expected");
  });

  test("an annotation that does not fit its type is ignored", () => {
    expect(roundTrip({ type: "string", logicalType: "decimal", precision: 4 }, '"a"', { logical: true })).toBe('"a"');
  });
});

describe("evolution", () => {
  const resolve = (writer: unknown, reader: unknown, json: string) =>
    codec(writer, { readerSchema: avroSchema(JSON.stringify(reader)) }).decode(codec(writer).encode(json));

  test("fields are dropped, added by their default, renamed by an alias and put in the reader's order", () => {
    const writer = record({ name: "a", type: "int" }, { name: "gone", type: "string" }, { name: "b", type: "string" });
    const reader = record(
      { name: "c", type: "string", aliases: ["b"] },
      { name: "d", type: ["null", "string"], default: null },
      { name: "e", type: { type: "array", items: ["null", "int"] }, default: [1] },
      { name: "a", type: "long" },
    );
    expect(resolve(writer, reader, '{"a":1,"gone":"x","b":"y"}')).toBe('{"c":"y","d":null,"e":[{"int":1}],"a":1}');
  });

  test("an unknown symbol becomes the reader's default, and is refused where there is none", () => {
    const writer = { type: "enum", name: "E", symbols: ["A", "B"] };
    expect(resolve(writer, { type: "enum", name: "E", symbols: ["A", "Z"], default: "Z" }, '"B"')).toBe('"Z"');
    expect(() => resolve(writer, { type: "enum", name: "E", symbols: ["A"] }, '"B"')).toThrow('neither "B" nor a default');
  });

  test.each([
    ["int", "long", "5", "5"],
    ["long", "double", "5", "5"],
    ["float", "double", "0.5", "0.5"],
    ["string", "bytes", '"ä"', '"Ã¤"'],
    ["bytes", "string", '"Ã¤"', '"ä"'],
    ["int", ["string", "long"], "5", '{"long":5}'],
    [["null", "int"], "int", '{"int":5}', "5"],
  ])("%j may be read as %j", (writer, reader, json, expected) => {
    expect(resolve(writer, reader, json)).toBe(expected);
  });

  test("a recursive type is resolved at every level", () => {
    const list = (extra: readonly unknown[]) => record({ name: "v", type: "int" }, { name: "next", type: ["null", "R"] }, ...extra);
    const reader = list([{ name: "w", type: "string", default: "-" }]);
    expect(resolve(list([]), reader, '{"v":1,"next":{"R":{"v":2,"next":null}}}')).toBe(
      '{"v":1,"next":{"R":{"v":2,"next":null,"w":"-"}},"w":"-"}',
    );
  });

  test("schemas that cannot match say why", () => {
    expect(() => resolve("string", "int", '"a"')).toThrow("the type string cannot be read as the type int");
    expect(() => resolve(record(), record({ name: "a", type: "int" }), "{}")).toThrow("the field R.a was not written and has no default");
  });
});

describe("schemas from strangers", () => {
  const nested = (depth: number) => `${'{"type":"array","items":'.repeat(depth)}"int"${"}".repeat(depth)}`;

  test.each([
    ["{", "it is not valid JSON"],
    ['"nothing"', 'names the type "nothing", which is not defined before it'],
    ["[]", "is a union without branches"],
    ['["int","int"]', 'two branches of the type "int"'],
    ['[["int"]]', "holds a union as a branch"],
    ['{"type":"record","name":"R"}', "must have a list of fields"],
    ['{"type":"record","name":"R-x","fields":[]}', '"R-x" is not a valid name'],
    ['{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"a","type":"int"}]}', 'two fields "a"'],
    ['{"type":"enum","name":"E","symbols":["A","A"]}', "has a symbol twice"],
    ['{"type":"fixed","name":"F","size":-1}', "must be a whole number from 0"],
    ["5", "must be a type's name, an object or a list of types"],
    [nested(200), "nested deeper than 100 levels"],
    [nested(50_000), "has 1250005 characters"],
  ])("a schema is refused where it is wrong: %#", (text, message) => {
    expect(() => avroSchema(text)).toThrow(message);
  });

  test("a reference defines types for the schema that uses it", () => {
    const reference = '{"type":"record","name":"A","namespace":"com.x","fields":[{"name":"n","type":"int"}]}';
    const made = createAvroCodec(avroSchema('{"type":"array","items":"com.x.A"}', [reference]));
    expect(made.decode(made.encode('[{"n":1}]'))).toBe('[{"n":1}]');
  });
});

describe("values from strangers", () => {
  const list = record({ name: "next", type: ["null", "R"] });

  test("bytes that stand for any number of empty items are bounded", () => {
    const bytes = Buffer.concat([codec("long").encode("1000000000"), Buffer.from([0])]);
    expect(() => codec({ type: "array", items: "null" }).decode(bytes)).toThrow("more than 2000000 records, items and entries");
  });

  test("a record that holds itself without an end, or is nested too deep, is refused", () => {
    expect(() => codec(record({ name: "a", type: "R" })).decode(Buffer.alloc(0))).toThrow("nested deeper than 1000 levels");
    expect(() => codec(list).decode(Buffer.alloc(100_000, 2))).toThrow("nested deeper than 1000 levels");
  });

  test("text that grows from few bytes is bounded", () => {
    const schema = { type: "array", items: { type: "enum", name: "E", symbols: ["A".repeat(500_000)] } };
    const bytes = Buffer.concat([codec("long").encode("1000"), Buffer.alloc(1_000), Buffer.from([0])]);
    expect(() => codec(schema).decode(bytes)).toThrow("characters");
  });

  test("unions that multiply are given up", () => {
    const tree = { type: "record", name: "T", fields: [{ name: "a", type: ["null", "T", { type: "map", values: ["null", "T", "int"] }] }] };
    const deep = (depth: number): string => (depth === 0 ? "null" : `{"a":${deep(depth - 1)}}`);
    expect(() => codec(tree).encode(deep(300))).toThrow("tried against more than 100000 branches of unions");
  });

  test.each([
    ["string", "0a61", "a length of 5"],
    ["long", "ffffffffffffffffffff01", "does not fit 64 bits"],
    ["int", "808080808002", "does not fit 32 bits"],
    ["boolean", "02", "a boolean is 0 or 1"],
    [["null", "int"], "04", "is not one of the 2"],
    ["int", "0200", "1 bytes follow after the value"],
    ["int", "", "they end at byte 0"],
    [{ type: "array", items: "int" }, "06", "they end at byte 1"],
  ])("%j cannot be read from %s", (schema, hex, message) => {
    expect(() => codec(schema).decode(Buffer.from(hex, "hex"))).toThrow(message);
  });

  test("blocks may say their size in bytes before their items", () => {
    expect(codec({ type: "array", items: "int" }).decode(Buffer.from("0304020400", "hex"))).toBe("[1,2]");
  });
});
