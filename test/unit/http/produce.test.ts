/** The produce contracts on the wire, without a broker: what is read is what was meant, and the description says what is read. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { RelayError } from "../../../lib/errors.js";
import { toV2Answer } from "../../../lib/http/produce/v2-answer.js";
import { readV2Request, toEmbeddedFormat, v2Bodies } from "../../../lib/http/produce/v2-body.js";
import { toV3BatchAnswer, toV3StreamAnswer } from "../../../lib/http/produce/v3-answer.js";
import { readV3Batch, readV3Stream, v3Batch, v3Record } from "../../../lib/http/produce/v3-body.js";
import { validBodies } from "../../support/api/valid-bodies.js";

const limits = { recordsMax: 10_000 };
const anyBytes = fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes));
const anyText = fc.string({ unit: "grapheme", maxLength: 20 });

const anyRecord = fc.record(
  {
    key: fc.option(anyBytes),
    value: fc.option(anyBytes),
    partition: fc.option(fc.nat(100)),
    timestamp: fc.option(fc.nat(4_000_000_000_000)),
    headers: fc.option(fc.array(fc.record({ name: anyText, value: fc.option(anyBytes) }), { maxLength: 4 })),
  },
  { requiredKeys: [] },
);

test("v2 binary: any records come out as the bytes, headers, times and partitions that went in, in any order of members and any white space", () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 20 }), fc.constantFrom(undefined, 2, "\t"), (records, space) => {
      const body = JSON.stringify(
        { records: records.map((record) => Object.fromEntries(Object.entries(record).reverse())) },
        (_name, value) => (value?.type === "Buffer" ? Buffer.from(value.data).toString("base64") : value),
        space as never,
      );

      const { records: read } = readV2Request(Buffer.from(body), "binary", limits, 5);

      expect(read).toEqual(
        records.map(({ key, value, partition, timestamp, headers }) => ({
          key: key ?? null,
          value: value ?? null,
          headers: headers ?? [],
          partition: partition ?? 5,
          ...(timestamp == null ? {} : { timestampMs: timestamp }),
        })),
      );
    }),
  );
});

test("v2 JSON: a value is what JSON.stringify writes, whatever white space it came in", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (key, value) => {
      const { records } = readV2Request(Buffer.from(JSON.stringify({ records: [{ key, value }] }, null, 3)), "json", limits);
      const [record] = records;
      expect(record?.key?.toString() ?? null).toBe(key === null ? null : JSON.stringify(key));
      expect(record?.value?.toString() ?? null).toBe(value === null ? null : JSON.stringify(value));
    }),
  );
});

test("a member's name may be written with escapes, and is the same name", () => {
  const {
    records: [record],
  } = readV2Request(Buffer.from('{"r\\u0065cords":[{"val\\u0075e":1}]}'), "json", limits);

  expect(record?.value?.toString()).toBe("1");
});

test.each(Object.entries(v2Bodies))("whatever the description allows as %s is read", (type, schema) => {
  const format = toEmbeddedFormat(type, true);
  fc.assert(
    fc.property(validBodies(schema), (body) => {
      expect(() => readV2Request(Buffer.from(JSON.stringify(body)), format, limits)).not.toThrow();
    }),
  );
});

test("whatever the description allows as a v3 record or batch is read", () => {
  fc.assert(
    fc.property(validBodies(v3Record), (body) => {
      expect(readV3Stream(Buffer.from(JSON.stringify(body)), limits)).toEqual([expect.not.objectContaining({ error: expect.anything() })]);
    }),
  );
  fc.assert(
    fc.property(validBodies(v3Batch), ({ entries }) => {
      const named = (entries as readonly object[]).map((entry, index) => ({ ...entry, id: `e${index}` }));
      for (const entry of readV3Batch(Buffer.from(JSON.stringify({ entries: named })), limits)) expect(entry).not.toHaveProperty("error");
    }),
  );
});

test("answers are JSON with every digit of an offset, and failed entries say what a client may do", () => {
  const outcomes = [
    { outcome: "written", partition: 1, offset: 9_007_199_254_740_993n, timestampMs: 0 },
    { outcome: "failed", error: new RelayError("maybe-written", 'No answer "came".') },
    { outcome: "failed", error: new RelayError("internal", "secret") },
  ] as const;

  expect(toV2Answer(outcomes)).toBe(
    '{"offsets":[{"partition":1,"offset":9007199254740993,"error_code":null,"error":null},' +
      '{"partition":null,"offset":null,"error_code":50003,"error":"No answer \\"came\\".","retriable":true,"maybe_written":true},' +
      '{"partition":null,"offset":null,"error_code":50002,"error":"An unexpected error occurred, which is a bug in this service. Its log has the details under the request id.","retriable":false,"maybe_written":true}' +
      '],"key_schema_id":null,"value_schema_id":null}',
  );
  const value = Buffer.from("x");
  const entry = { record: { key: null, value, headers: [] }, valueData: { type: "STRING", bytes: value }, id: "a" } as const;
  const written = { entry, outcome: outcomes[0] };
  const place = { clusterId: "C", topic: 'T"' };
  expect(toV3StreamAnswer([written, { entry: { error: new RelayError("bad-request", "no") } }], place)).toBe(
    '{"error_code":200,"cluster_id":"C","topic_name":"T\\"","partition_id":1,"offset":9007199254740993,"timestamp":"1970-01-01T00:00:00.000Z","value":{"type":"STRING","size":1}}' +
      '\r\n{"error_code":400,"message":"no","retriable":false,"maybe_written":false}',
  );
  expect(JSON.parse(toV3BatchAnswer([written, { entry, outcome: outcomes[1] }], place))).toMatchObject({
    successes: [{ id: "a", partition_id: 1 }],
    failures: [{ id: "a", error_code: 50003, retriable: true, maybe_written: true }],
  });
});

test("the largest answers there can be fit Lambda", () => {
  const longest = { outcome: "failed", error: new RelayError("kafka-refused", "x".repeat(5_000)) } as const;
  const outcomes = Array.from({ length: limits.recordsMax }, () => longest);

  expect(Buffer.byteLength(JSON.stringify(toV2Answer(outcomes)))).toBeLessThan(6_291_556);

  const written = {
    outcome: "written",
    partition: 2_147_483_647,
    offset: 9_223_372_036_854_775_807n,
    timestampMs: 8_640_000_000_000_000,
  } as const;
  const record = { key: Buffer.alloc(9), value: Buffer.alloc(9), headers: [] };
  const data = { type: "STRING", bytes: null } as const;
  const entry = { record, keyData: data, valueData: data, id: "i".repeat(80) } as const;
  const place = { clusterId: "c".repeat(22), topic: "t".repeat(249) };
  const answer = toV3BatchAnswer(
    Array.from({ length: limits.recordsMax }, () => ({ entry, outcome: written })),
    place,
  );
  expect(Buffer.byteLength(JSON.stringify(answer))).toBeLessThan(6_291_556);
});
