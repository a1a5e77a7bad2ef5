/** `.proto` texts and ProtoJSON values of their first message for fast-check: scalars, enums, nested and recursive messages, oneofs, maps, well-known types. */
import fc from "fast-check";

interface ProtobufCase {
  readonly schema: string;
  /** JSON texts. */
  readonly values: readonly string[];
}

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);
const int32 = fc.integer();
const uint32 = fc.nat(0xffff_ffff);
const text = fc.string({ unit: "grapheme-composite", maxLength: 20 });
const bytes = fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array).toString("base64"));

const scalars: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  double: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom("NaN", "Infinity", "-Infinity")),
  float: fc.float({ noNaN: true, noDefaultInfinity: true }),
  int32,
  int64,
  uint32,
  uint64,
  sint32: int32,
  sint64: int64,
  fixed32: uint32,
  fixed64: uint64,
  sfixed32: int32,
  sfixed64: int64,
  bool: fc.boolean(),
  string: text,
  bytes,
};

const twoDigits = (max: number) => fc.integer({ min: 0, max }).map((number) => String(number).padStart(2, "0"));
const fraction = fc.constantFrom("", ".5", ".123", ".000001", ".123456789");
const time = fc
  .tuple(
    fc.integer({ min: 1, max: 9999 }),
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: 28 }),
    twoDigits(23),
    twoDigits(59),
    fraction,
  )
  .map(([year, month, day, hour, minute, after]) =>
    [String(year).padStart(4, "0"), String(month).padStart(2, "0"), String(day).padStart(2, "0")]
      .join("-")
      .concat(`T${hour}:${minute}:07${after}Z`),
  );
const anyJson = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    text,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(
      text.filter((key) => key !== "__proto__"),
      tie("value"),
      { maxKeys: 3 },
    ),
  ),
})).value;

const wellKnown: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  "google.protobuf.Timestamp": time,
  "google.protobuf.Duration": fc
    .tuple(fc.constantFrom("", "-"), fc.nat(1_000_000), fraction)
    .map(([minus, seconds, after]) => `${minus}${seconds}${after}s`),
  "google.protobuf.FieldMask": fc.array(fc.constantFrom("a", "fooBar", "a.bCd"), { maxLength: 3 }).map((paths) => paths.join(",")),
  "google.protobuf.Struct": fc.dictionary(
    text.filter((key) => key !== "__proto__"),
    anyJson,
    { maxKeys: 3 },
  ),
  "google.protobuf.Value": anyJson,
  "google.protobuf.ListValue": fc.array(anyJson, { maxLength: 3 }),
  "google.protobuf.Int64Value": int64,
  "google.protobuf.StringValue": text,
  "google.protobuf.BoolValue": fc.boolean(),
  "google.protobuf.BytesValue": bytes,
  "google.protobuf.DoubleValue": fc.double({ noNaN: true, noDefaultInfinity: true }),
  "google.protobuf.Empty": fc.constant({}),
  "google.protobuf.Any": fc.oneof(
    fc.record({ "@type": fc.constant("type.googleapis.com/org.example.Leaf"), leafName: text, count: int64 }),
    time.map((value) => ({ "@type": "type.googleapis.com/google.protobuf.Timestamp", value })),
  ),
};

const named: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  Colour: fc.constantFrom("COLOUR_NONE", "RED", "GREEN", 1, 7),
  Leaf: fc.record({ leaf_name: text, count: int64 }, { requiredKeys: [] }),
};
const all = { ...scalars, ...wellKnown, ...named };
const keyTypes = ["int32", "int64", "uint32", "uint64", "sint64", "fixed32", "sfixed64", "bool", "string"];

const field = fc.record({
  type: fc.constantFrom(...Object.keys(all)),
  label: fc.constantFrom("", "", "optional", "repeated", "repeated", "map", "oneof", "oneof"),
  keyType: fc.constantFrom(...keyTypes),
  isCamel: fc.boolean(),
});

/** 8 fields in any order of numbers; enough for most pairs of kinds to meet over some hundred schemas. */
export const protobufCase: fc.Arbitrary<ProtobufCase> = fc
  .record({
    fields: fc.array(field, { minLength: 1, maxLength: 8 }),
    firstId: fc.integer({ min: 1, max: 2_000 }),
    isDescending: fc.boolean(),
  })
  .chain(({ fields, firstId, isDescending }) => {
    const id = (index: number) => firstId + (isDescending ? fields.length - index : index);
    const lines: string[] = [];
    const oneof: string[] = [];
    const members: Record<string, fc.Arbitrary<unknown>> = {};
    const choices: fc.Arbitrary<Record<string, unknown>>[] = [];
    for (const [index, { type, label, keyType, isCamel }] of fields.entries()) {
      const value = all[type] as fc.Arbitrary<unknown>;
      const name = `some_field_${String.fromCharCode(97 + index)}`;
      const jsonName = isCamel ? `someField${String.fromCharCode(65 + index)}` : name;
      if (label === "oneof") {
        oneof.push(`${type} ${name} = ${id(index)};`);
        choices.push(value.map((one) => ({ [jsonName]: one })));
      } else if (label === "map") {
        lines.push(`map<${keyType}, ${type}> ${name} = ${id(index)};`);
        const key = scalars[keyType] as fc.Arbitrary<unknown>;
        members[jsonName] = fc
          .array(fc.tuple(key.map(String), value), { maxLength: 3 })
          .map((entries) => Object.fromEntries(entries.filter(([name]) => name !== "__proto__")));
      } else {
        lines.push(`${label} ${type} ${name} = ${id(index)};`);
        members[jsonName] = label === "repeated" ? fc.array(value, { maxLength: 4 }) : value;
      }
    }
    const imports = ["any", "duration", "empty", "field_mask", "struct", "timestamp", "wrappers"].map(
      (one) => `import "google/protobuf/${one}.proto";`,
    );
    const schema = `syntax = "proto3";
package org.example;
${imports.join("\n")}
message Main {
  ${lines.join("\n  ")}
  ${oneof.length > 0 ? `oneof choice { ${oneof.join(" ")} }` : ""}
  Main main = 9000;
}
message Leaf { string leaf_name = 1; int64 count = 2; }
enum Colour { COLOUR_NONE = 0; RED = 1; GREEN = 2; }
`;
    const flat = fc
      .tuple(fc.record(members, { requiredKeys: [] }), choices.length > 0 ? fc.option(fc.oneof(...choices), { nil: {} }) : fc.constant({}))
      .map(([plain, chosen]) => ({ ...plain, ...chosen }));
    const value = fc
      .tuple(flat, fc.option(flat))
      .map(([outer, inner]) => JSON.stringify(inner === null ? outer : { ...outer, main: inner }));
    return fc.array(value, { minLength: 2, maxLength: 6 }).map((values) => ({ schema, values }));
  });
