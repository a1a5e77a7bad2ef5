/** How a record says which schema it was written with: Confluent's prefix and header, Protobuf's message indexes, AWS Glue's prefix. */
import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import {
  confluentPrefix,
  formatGlueMessageIndex,
  formatMessageIndexes,
  gluePrefixed,
  guidHeader,
  parseFraming,
  parseGlueMessageIndex,
  parseMessageIndexes,
} from "../../../lib/schemas/framing.js";

const guid = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");

test("Confluent's prefix is a zero and the id in four bytes", () => {
  expect(confluentPrefix(0x01020304).toString("hex")).toBe("0001020304");
  expect(parseFraming(hex("00 fffffffe 0a"), [], "value")).toEqual({ framing: "prefix", id: 0xfffffffe, payload: hex("0a") });
});

test.each(["", "00", "00000001", "7b7d", "0300"])("bytes that begin otherwise name no schema: %s", (bytes) => {
  expect(parseFraming(hex(bytes), [], "value")).toBeUndefined();
});

describe("Confluent's header", () => {
  test("holds a GUID, for key and value apart, and comes before the prefix", () => {
    const header = guidHeader("value", guid);
    const bytes = hex("00 00000001 aa");

    expect(header).toEqual({ name: "__value_schema_id", value: hex(`01 ${guid.replaceAll("-", "")}`) });
    expect(parseFraming(bytes, [header], "value")).toEqual({ framing: "header", guid, payload: bytes, messageIndexes: undefined });
    expect(parseFraming(bytes, [header], "key")).toMatchObject({ framing: "prefix", id: 1 });
  });

  test("carries the message indexes of Protobuf", () => {
    expect(parseFraming(hex("aa"), [guidHeader("key", guid, [1, 0])], "key")).toMatchObject({
      guid,
      messageIndexes: [1, 0],
      payload: hex("aa"),
    });
  });

  test("that holds something else is the record's fault", () => {
    expect(() => parseFraming(hex("aa"), [{ name: "__key_schema_id", value: hex("01aa") }], "key")).toThrow("neither a GUID nor an id");
    expect(parseFraming(hex("00 00000001"), [{ name: "__key_schema_id", value: null }], "key")).toMatchObject({ id: 1 });
  });
});

describe("message indexes", () => {
  test.each([
    [[0], "00"],
    [[1], "0202"],
    [[1, 0], "040200"],
    [[200], "029003"],
  ])("%j are written as %s", (indexes, bytes) => {
    expect(formatMessageIndexes(indexes).toString("hex")).toBe(bytes);
    expect(parseMessageIndexes(Buffer.concat([hex(bytes), hex("0a")]))).toEqual({ messageIndexes: indexes, payload: hex("0a") });
  });

  test("without zig-zag are read where only that reading is a message of the schema", () => {
    const isMessage = (indexes: readonly number[]) => indexes.length === 1 && indexes[0] === 2;
    expect(parseMessageIndexes(hex("01 02 0a"), isMessage)).toEqual({ messageIndexes: [2], payload: hex("0a") });
    expect(parseMessageIndexes(hex("02 04 0a"), isMessage)).toEqual({ messageIndexes: [2], payload: hex("0a") });
  });

  test.each(["", "04", "ffffffffff", "ce01"])("that cannot be read are refused: %s", (bytes) => {
    expect(() => parseMessageIndexes(hex(bytes))).toThrow("message indexes cannot be read");
  });
});

describe("AWS Glue", () => {
  test.each(["none", "zlib"] as const)("has 18 bytes before the value, compression %s", (compression) => {
    const bytes = gluePrefixed(guid, Buffer.from("value"), compression);
    expect(bytes.subarray(0, 18).toString("hex")).toBe(`03${compression === "none" ? "00" : "05"}${guid.replaceAll("-", "")}`);
    expect(parseFraming(bytes, [], "value")).toEqual({ framing: "glue", versionId: guid, payload: Buffer.from("value") });
  });

  test("data that unpacks to too much, or not at all, is the record's fault", () => {
    const bomb = Buffer.concat([gluePrefixed(guid, Buffer.alloc(0)).fill(5, 1, 2), deflateSync(Buffer.alloc(70 * 1_048_576))]);
    expect(() => parseFraming(bomb, [], "value")).toThrow("to more than 67108864 bytes");
    expect(() => parseFraming(gluePrefixed(guid, hex("aabb")).fill(5, 1, 2), [], "value")).toThrow("cannot be unpacked");
  });

  test("has one number without zig-zag before a Protobuf message", () => {
    expect(formatGlueMessageIndex(300).toString("hex")).toBe("ac02");
    expect(parseGlueMessageIndex(hex("ac02 0a"))).toEqual({ messageIndex: 300, payload: hex("0a") });
    expect(() => parseGlueMessageIndex(hex("ff"))).toThrow("message index cannot be read");
  });
});
