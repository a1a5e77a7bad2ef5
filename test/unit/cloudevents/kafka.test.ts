/** CloudEvents in records, both modes: which records are events, which are not, and which are refused with the attribute's name. */
import { type CloudEvent as SdkEvent, Kafka as SdkKafka } from "cloudevents";
import { describe, expect, test } from "vitest";
import { formatJsonEvent, parseJsonEvent } from "../../../lib/cloudevents/json-event.js";
import { readCloudEvent, toBinaryRecord, toStructuredRecord } from "../../../lib/cloudevents/kafka.js";
import type { RecordHeader } from "../../../lib/kafka/records.js";

const required = { ce_specversion: "1.0", ce_id: "1", ce_source: "/s", ce_type: "t" };
const headers = (texts: Readonly<Record<string, string | Buffer | null>>): RecordHeader[] =>
  Object.entries(texts).map(([name, value]) => ({ name, value: typeof value === "string" ? Buffer.from(value) : value }));
const binary = (more: Readonly<Record<string, string | Buffer | null>> = {}, value: Buffer | null = Buffer.from("{}")) => ({
  value,
  headers: headers({ ...required, ...more }),
});
const structured = (envelope: unknown, type = "application/cloudevents+json") => ({
  value: Buffer.from(typeof envelope === "string" ? envelope : JSON.stringify(envelope)),
  headers: headers({ "content-type": type }),
});
const envelope = { specversion: "1.0", id: "1", source: "/s", type: "t" };

describe("binary mode", () => {
  test("attributes come from ce_ headers as they stand, the data type from content-type with its parameters, data untouched", () => {
    const event = readCloudEvent(
      binary({ ce_subject: "a%20b+c é", "content-type": "application/json; charset=utf-8", other: "x" }, Buffer.from([0xff])),
    );

    expect(event).toEqual({
      attributes: {
        specversion: "1.0",
        id: "1",
        source: "/s",
        type: "t",
        subject: "a%20b+c é",
        datacontenttype: "application/json; charset=utf-8",
      },
      data: Buffer.from([0xff]),
    });
  });

  test("a null value means no data, an empty one means empty data", () => {
    expect(readCloudEvent(binary({}, null))?.data).toBeNull();
    expect(readCloudEvent(binary({}, Buffer.alloc(0)))?.data).toEqual(Buffer.alloc(0));
  });

  test.each(["ce_id", "ce_source", "ce_type", "ce_specversion"])("without %s it is a plain record, and nothing is made up", (missing) => {
    const { value, headers: all } = binary();

    expect(readCloudEvent({ value, headers: all.filter(({ name }) => name !== missing) })).toBeUndefined();
  });

  test.each([
    ["an attribute that is not UTF-8", { ce_subject: Buffer.from([0xc3, 0x28]) }, "ce_subject"],
    ["another version", { ce_specversion: "0.3" }, "specversion"],
    ["an empty id", { ce_id: "" }, "id"],
    ["a time without a zone", { ce_time: "2026-01-31T12:00:00" }, "time"],
    ["a name in capitals", { ce_Subject: "x" }, "Subject"],
  ])("%s is refused by name", (_, more, name) => {
    expect(() => readCloudEvent(binary(more))).toThrowError(
      expect.objectContaining({ code: "record-undecodable", message: expect.stringContaining(name) }),
    );
  });
});

describe("structured mode", () => {
  test("is recognised whatever the case of its content type, and needs no time", () => {
    expect(readCloudEvent(structured({ ...envelope, data: { a: 1 } }, "Application/CloudEvents+JSON; charset=utf-8"))).toEqual({
      attributes: envelope,
      data: Buffer.from('{"a":1}'),
    });
  });

  test("keeps every digit of its data, and the last of two equal members", () => {
    const text = '{"specversion":"1.0","id":"1","source":"/s","type":"t","data":1,"data" : {"n":12345678901234567890.10, "t":"}\\"{,"} }';

    expect(String(readCloudEvent(structured(text))?.data)).toBe('{"n":12345678901234567890.10, "t":"}\\"{,"}');
  });

  test.each([
    [{ data: "text" }, "text/plain", "text"],
    [{ data: "text" }, undefined, '"text"'],
    [{ data: null }, undefined, "null"],
    [{ data_base64: "/w==" }, "application/json", "\ufffd"],
    [{}, undefined, "null"],
  ])("data %j of type %s becomes the bytes it stands for", (members, type, expected) => {
    const event = readCloudEvent(structured({ ...envelope, ...(type === undefined ? {} : { datacontenttype: type }), ...members }));

    expect(String(event?.data)).toBe(expected);
  });

  test("its own partitionkey stays what it is, whatever the record's key", () => {
    const event = readCloudEvent(structured({ ...envelope, partitionkey: "mine", count: 7, flag: true, gone: null }));

    expect(event?.attributes).toEqual({ ...envelope, partitionkey: "mine", count: 7, flag: true });
  });

  test.each([
    ["no JSON", "{", "JSON"],
    ["a list", [], "JSON object"],
    ["no id", { ...envelope, id: undefined }, "id"],
    ["both kinds of data", { ...envelope, data: 1, data_base64: "" }, "data_base64"],
    ["an object as attribute", { ...envelope, ext: {} }, "ext"],
    ["a number beyond 32 bits", { ...envelope, ext: 2 ** 31 }, "ext"],
    ["invalid base64", { ...envelope, data_base64: "*" }, "data_base64"],
  ])("%s is refused by name", (_, value, name) => {
    expect(() => readCloudEvent(structured(value))).toThrowError(
      expect.objectContaining({ code: "record-undecodable", message: expect.stringContaining(name) }),
    );
  });

  test("what is refused is not quoted", () => {
    expect(() => readCloudEvent(structured('{"secret": hunter2}'))).toThrowError(
      expect.objectContaining({ message: expect.not.stringContaining("hunter") }),
    );
  });

  test("a format that nobody here speaks is refused", () => {
    expect(() => readCloudEvent(structured("x", "application/cloudevents+avro"))).toThrowError(/avro/);
  });
});

test("an event is the same after each mode and back", () => {
  const event = {
    attributes: { ...envelope, datacontenttype: "application/json", subject: "é", count: 7 },
    data: Buffer.from('{"n":1.50}'),
  };
  const asText = { ...event, attributes: { ...event.attributes, count: "7" } };

  expect(readCloudEvent({ ...toStructuredRecord(event, null) })).toEqual(event);
  expect(readCloudEvent({ ...toBinaryRecord(event, null) })).toEqual(asText);
  expect(parseJsonEvent(formatJsonEvent({ ...event, data: Buffer.from([0xff]) })).data).toEqual(Buffer.from([0xff]));
  expect(parseJsonEvent(formatJsonEvent({ ...event, data: null })).data).toBeNull();
});

const asSdkRecord = ({ value, headers: list }: ReturnType<typeof toBinaryRecord>) => ({
  key: "",
  value: value?.toString(),
  body: value?.toString(),
  headers: Object.fromEntries(list.map(({ name, value: text }) => [name, String(text)])),
});

test("the content type decides between the modes, wherever it stands among the headers, and of several the last", () => {
  const inner = { ...envelope, id: "inner" };
  const attributes = headers({ ...required, ce_id: "outer" });
  const [type] = headers({ "content-type": "application/cloudevents+json" });
  const [other] = headers({ "Content-Type": "application/json" });
  const value = Buffer.from(JSON.stringify(inner));
  const idOf = (list: readonly (RecordHeader | undefined)[]) => readCloudEvent({ value, headers: list as RecordHeader[] })?.attributes.id;

  expect(idOf([type, ...attributes])).toBe("inner");
  expect(idOf([...attributes, type])).toBe("inner");
  expect(idOf([...attributes.slice(0, 2), other, ...attributes.slice(2), type])).toBe("inner");
  expect(idOf([type, ...attributes, other])).toBe("outer");
});

test.each(["application/cloudevents+json", "Application/CloudEvents+JSON; charset=utf-8", "application/cloudevents-batch+json"])(
  "an event whose data is of the type %s is read by everybody as the outer event",
  (datacontenttype) => {
    const inner = { specversion: "1.0", id: "inner", source: "/inner", type: "i" };
    const event = {
      attributes: { ...envelope, id: "outer", time: "2026-01-31T12:00:00Z", datacontenttype },
      data: Buffer.from(JSON.stringify(datacontenttype.includes("batch") ? [inner] : inner)),
    };

    const record = toBinaryRecord(event, null);
    const bySdk = SdkKafka.toEvent(asSdkRecord(record) as never) as SdkEvent<unknown>;

    expect(readCloudEvent(record)).toEqual(event);
    expect([bySdk.id, bySdk.datacontenttype, bySdk.data]).toEqual(["outer", datacontenttype, JSON.parse(String(event.data))]);
  },
);

test("what it writes, the SDK of CloudEvents reads", () => {
  const event = {
    attributes: { ...envelope, time: "2026-01-31T12:00:00Z", datacontenttype: "application/json" },
    data: Buffer.from('{"a":1}'),
  };

  for (const record of [toBinaryRecord(event, null), toStructuredRecord(event, null)]) {
    const read = SdkKafka.toEvent(asSdkRecord(record) as never) as SdkEvent<unknown>;
    expect([read.id, read.source, read.type, read.data]).toEqual(["1", "/s", "t", { a: 1 }]);
  }
});
