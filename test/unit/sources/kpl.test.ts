/** Records of the Kinesis Producer Library, taken apart. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { takeApart } from "../../../lib/sources/kpl.js";
import { aggregated } from "../../support/relay/kpl-records.js";

const bytes = Buffer.from(aggregated.data, "base64");
const magic = bytes.subarray(0, 4);
const sealed = (message: Buffer) => Buffer.concat([magic, message, createHash("md5").update(message).digest()]);

test("what AWS's own library has aggregated is taken apart, key by key and byte for byte, in order", () => {
  expect(takeApart(bytes)?.map(({ partitionKey, data }) => [partitionKey, data.toString("base64")])).toEqual(aggregated.records);
});

test("bytes that only begin or end as an aggregated record are a record as they are", () => {
  const spoilt = Buffer.from(bytes);
  spoilt[10] = (spoilt[10] ?? 0) ^ 1;

  for (const one of [Buffer.alloc(0), magic, bytes.subarray(0, -1), bytes.subarray(1), spoilt, Buffer.from("plain")]) {
    expect(takeApart(one)).toBeUndefined();
  }
});

test("a message with a right digest that is not an aggregated record is a record as it is", () => {
  // A key index without its key, a length past the end, a varint that never ends, a group, a record without data.
  for (const hex of ["1a0408051a00", "0a7f61", "08ffffffffffffffffffff01", "0b", "0a016b1a020800"]) {
    expect(takeApart(sealed(Buffer.from(hex, "hex")))).toBeUndefined();
  }
});

test("no byte that changes on the way makes it throw, also where its digest is right again", () => {
  const message = bytes.subarray(4, -16);
  for (let at = 0; at < message.length; at++) {
    for (const bit of [1, 0x80]) {
      const changed = Buffer.from(message);
      changed[at] = (changed[at] ?? 0) ^ bit;
      expect(() => takeApart(sealed(changed))).not.toThrow();
    }
  }
});
