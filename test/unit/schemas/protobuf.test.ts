/** Protobuf between JSON text and bytes by `.proto` text: what is refused and where, message indexes, imports, and limits for schemas and bytes from strangers. */
import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { createProtobufCodec } from "../../../lib/schemas/protobuf/codec.js";

const order = `syntax = "proto3"; package com.example;
message Order { int64 id = 1; repeated string tags = 2; map<string, Line> lines = 3; optional int32 count = 4; State state = 5;
  message Line { string sku = 1; message Price { bytes raw = 1; } }
  enum State { NEW = 0; PAID = 1; } oneof pay { string card = 6; bool cash = 7; } Order parent = 8; }
message Other { uint64 n = 1; }`;
const codec = createProtobufCodec(order);
const roundTrip = (json: string, indexes: readonly number[] = [0]) => codec.decode(codec.encode(json, indexes), indexes);

test("fields without presence print their defaults, others only where they are set", () => {
  expect(roundTrip("{}")).toBe('{"id":"0","tags":[],"lines":{},"state":"NEW"}');
  expect(roundTrip('{"count":0,"cash":false}')).toBe('{"id":"0","tags":[],"lines":{},"count":0,"state":"NEW","cash":false}');
});

test.each(["9223372036854775807", '"9223372036854775807"', "9.223372036854775807e18"])(
  "the 64-bit number %s keeps every digit",
  (digits) => {
    expect(roundTrip(`{"id":${digits}}`)).toContain('"id":"9223372036854775807"');
  },
);

describe("what does not fit is refused with its path", () => {
  test.each([
    ['{"id":9223372036854775808}', "at id: expected a whole number from -9223372036854775808"],
    ['{"id":1.5}', "at id: expected a whole number"],
    ['{"more":1}', 'the message com.example.Order has no field "more"'],
    ['{"lines":{"a":{"sku":5}}}', 'at lines["a"].sku: expected a text, not a number'],
    ['{"tags":["a",null]}', "at tags[1]: expected a text, not null"],
    ['{"state":"GONE"}', "at state: expected a name of the enum com.example.Order.State"],
    ['{"card":"1","cash":true}', "card and cash exclude each other"],
    ["[]", "expected an object for the message com.example.Order, not an array"],
    ["{", "is not valid JSON"],
  ])("%s", (json, message) => {
    expect(() => codec.encode(json, [0])).toThrow(message);
  });

  test("messages inside one another have a limit", () => {
    const deep = (depth: number): string => (depth === 0 ? "{}" : `{"parent":${deep(depth - 1)}}`);
    expect(() => codec.encode(deep(200), [0])).toThrow("nested deeper than 100 levels");
  });
});

describe("message indexes", () => {
  test("count the messages of the file in the order of their declaration, maps and enums not among them", () => {
    expect(codec.indexesOf("com.example.Order.Line.Price")).toEqual([0, 0, 0]);
    expect(codec.indexesOf("com.example.Other")).toEqual([1]);
    expect(codec.nameOf([0, 0])).toBe("com.example.Order.Line");
    expect(roundTrip('{"raw":"AP8="}', [0, 0, 0])).toBe('{"raw":"AP8="}');
  });

  test("that lead nowhere are the record's fault", () => {
    expect(() => codec.decode(Buffer.alloc(0), [7])).toThrow("declares no message at the indexes [7]");
    expect(() => codec.decode(Buffer.alloc(0), [])).toThrow("declares no message at the indexes []");
  });

  test("do not count the messages of imported files in the same package", () => {
    const made = createProtobufCodec('syntax = "proto3"; package p; import "a.proto"; message B { A a = 1; }', [
      { name: "a.proto", text: 'syntax = "proto3"; package p; message A { string x = 1; }' },
    ]);
    expect(made.nameOf([0])).toBe("p.B");
    expect(made.decode(made.encode('{"a":{"x":"y"}}', [0]), [0])).toBe('{"a":{"x":"y"}}');
  });
});

describe("bytes", () => {
  test("of a newer schema are read, and its fields left out", () => {
    const newer = createProtobufCodec(order.replace("uint64 n = 1;", "uint64 n = 1; string later = 2; fixed64 f = 3;"));
    expect(codec.decode(newer.encode('{"n":"5","later":"x","f":"1"}', [1]), [1])).toBe('{"n":"5"}');
  });

  test("that repeat a message merge it, and the last of a oneof wins", () => {
    const parts = ['{"parent":{"id":5}}', '{"parent":{"tags":["a"]}}', '{"card":"1"}', '{"cash":true}'];
    const merged = codec.decode(Buffer.concat(parts.map((json) => codec.encode(json, [0]))), [0]);
    expect(merged).toBe(
      '{"id":"0","tags":[],"lines":{},"state":"NEW","cash":true,"parent":{"id":"5","tags":["a"],"lines":{},"state":"NEW"}}',
    );
  });

  test.each([
    ["08", "they end at byte 1"],
    ["0a01", "has the wire type 2, not 0"],
    ["12ff01", "a length of 255"],
    ["1201ff", "not valid UTF-8"],
    ["00", "is not a field"],
    ["08ffffffffffffffffffffff01", "more than ten bytes"],
    ["4b", "they end at byte 1"],
    ["4e", "unknown wire type 6"],
  ])("%s are refused", (hex, message) => {
    expect(() => codec.decode(Buffer.from(hex, "hex"), [0])).toThrow(new RegExp(message));
  });

  test("that stand for much more text are bounded", () => {
    const name = "n".repeat(10_000);
    const made = createProtobufCodec(`syntax = "proto3"; message A { repeated B b = 1; } message B { int32 ${name} = 1; }`);
    expect(() => made.decode(Buffer.from("0a00".repeat(10_000), "hex"), [0])).toThrow("more than 67108864 characters");
  });
});

test("groups and required fields of proto2 are read and written", () => {
  const made = createProtobufCodec(
    'syntax = "proto2"; message A { required int32 n = 1; repeated group Item = 2 { optional string s = 3; } }',
  );
  const bytes = made.encode('{"n":1,"item":[{"s":"a"},{}]}', [0]);
  expect(bytes.toString("hex")).toBe("0801131a0161141314");
  expect(made.decode(bytes, [0])).toBe('{"n":1,"item":[{"s":"a"},{}]}');
  expect(() => made.encode("{}", [0])).toThrow("the required field n is missing");
});

describe("schemas that are not valid say why", () => {
  test.each([
    ["message {", "The Protobuf schema is not valid: illegal type name"],
    ['syntax = "proto3"; import "gone.proto"; message A {}', 'it imports "gone.proto", which is not among its references'],
    ['syntax = "proto3"; message A { Gone g = 1; }', "no such Type or Enum .Gone."],
    ['syntax = "proto3"; enum E { A = 0; }', "it declares no message"],
    [`syntax = "proto3"; ${"message A {".repeat(60_000)}${"}".repeat(60_000)}`, "nested too deep|maximum nesting|max depth|too deep"],
    [" ".repeat(1_100_000), "it may have 1048576 characters"],
  ])("%#", (text, message) => {
    expect(() => createProtobufCodec(text)).toThrow(new RegExp(message, "i"));
  });
});

test("nothing is compiled from text: it works where the platform forbids that", () => {
  const program = `import { createProtobufCodec } from "./lib/schemas/protobuf/codec.ts";
    const codec = createProtobufCodec('syntax = "proto3"; import "google/protobuf/timestamp.proto"; message A { int64 n = 1; google.protobuf.Timestamp t = 2; }');
    console.log(codec.decode(codec.encode('{"n":7,"t":"2026-11-28T08:30:00Z"}', [0]), [0]));`;
  const args = ["--disallow-code-generation-from-strings", "--import", "tsx", "--input-type=module", "--eval", program];
  expect(execFileSync(process.execPath, args, { encoding: "utf8", timeout: 60_000 }).trim()).toBe('{"n":"7","t":"2026-11-28T08:30:00Z"}');
});
