/** Messages described as data: what is written is read back, in plain and in flexible versions, and odd answers end in a failure that says so. */
import { expect, test } from "vitest";
import { RelayError } from "../../../lib/errors.js";
import {
  array,
  bool,
  bytes,
  defineApi,
  int8,
  int16,
  int32,
  int64,
  inVersions,
  nullableArray,
  nullableString,
  since,
  string,
  struct,
  tagged,
  uuid,
} from "../../../lib/kafka/protocol/wire.js";

const message = struct({
  flag: bool,
  tiny: int8,
  small: int16,
  number: int32,
  large: int64,
  id: uuid,
  name: string,
  note: nullableString,
  blob: bytes,
  list: array(struct({ name: string, numbers: array(int32) })),
  nothing: nullableArray(string),
  newer: since(2, int32, -1),
  older: inVersions(0, 1, int32, -2),
});
const echo = defineApi({ name: "Echo", key: 999, versions: [0, 3], flexibleFrom: 3, request: message, answer: message });

const value = {
  flag: true,
  tiny: -128,
  small: -2,
  number: -3,
  large: 9_223_372_036_854_775_807n,
  id: "00112233445566778899aabbccddeeff",
  name: "grüße 🎈",
  note: null,
  blob: Buffer.from([0, 255, 1]),
  list: [
    { name: "a".repeat(200), numbers: [1, 2, 3] },
    { name: "", numbers: [] },
  ],
  nothing: null,
  newer: 7,
  older: 8,
};

test.each([0, 1, 2, 3])("what is written in version %i is read back, fields of other versions as their default", async (version) => {
  const read = await echo.decode(version, await echo.encode(version, value));

  expect(read).toEqual({ ...value, newer: version >= 2 ? 7 : -1, older: version <= 1 ? 8 : -2 });
});

test("a message of many kilobytes outgrows the first buffer and loses nothing", async () => {
  const list = Array.from({ length: 5_000 }, (_, index) => ({ name: `topic-${index}`, numbers: [index] }));

  const read = await echo.decode(3, await echo.encode(3, { ...value, list }));

  expect(read.list).toEqual(list);
});

test("flexible versions are compact, and end each structure with its tagged fields", async () => {
  const api = defineApi({
    name: "X",
    key: 1,
    versions: [0, 1],
    flexibleFrom: 1,
    request: struct({ name: nullableString }),
    answer: struct({ name: nullableString }),
  });

  expect(await api.encode(0, { name: "ab" })).toEqual(Buffer.from([0, 2, 97, 98]));
  expect(await api.encode(1, { name: "ab" })).toEqual(Buffer.from([3, 97, 98, 0]));
  expect(await api.encode(0, { name: null })).toEqual(Buffer.from([255, 255]));
  expect(await api.encode(1, { name: null })).toEqual(Buffer.from([0, 0]));
});

test("tagged fields that nobody here knows are passed over", async () => {
  const api = defineApi({
    name: "X",
    key: 1,
    versions: [0, 0],
    flexibleFrom: 0,
    request: struct({}),
    answer: struct({ items: array(struct({ code: int16 })), last: int8 }),
  });
  const item = [0, 5, 1, 0, 2, 9, 9];

  const read = await api.decode(0, Buffer.from([3, ...item, ...item, 42, 0]));

  expect(read).toEqual({ items: [{ code: 5 }, { code: 5 }], last: 42 });
});

test("an answer that ends too early is a failure, not a crash", async () => {
  const whole = await echo.encode(3, value);

  for (let length = 0; length < whole.length; length += 7) {
    expect(() => echo.decode(3, whole.subarray(0, length))).toThrow(RelayError);
  }
});

const withTags = defineApi({
  name: "Tags",
  key: 998,
  versions: [0, 1],
  flexibleFrom: 1,
  request: struct({ number: int32 }),
  answer: struct({ number: int32 }, { known: tagged(0, struct({ epoch: int32, offset: int64 }), null), late: tagged(3, int8, -1) }),
});

test("tagged fields are read by their numbers, whatever stands between and behind them", async () => {
  const number = Buffer.from([0, 0, 0, 9]);
  const known = Buffer.from([0, 14, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0xff]); // one byte more than we know of
  const unknown = Buffer.from([2, 3, 1, 2, 3]);
  const late = Buffer.from([3, 1, 4]);

  expect(await withTags.decode(1, Buffer.concat([number, Buffer.from([3]), known, unknown, late]))).toEqual({
    number: 9,
    known: { epoch: 5, offset: 7n },
    late: 4,
  });
  expect(await withTags.decode(1, Buffer.concat([number, Buffer.from([0])]))).toEqual({ number: 9, known: null, late: -1 });
  expect(await withTags.decode(0, number)).toEqual({ number: 9, known: null, late: -1 });
});
