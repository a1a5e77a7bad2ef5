/** ProtoJSON to bytes, as Java's JsonFormat reads it: fields in the order of their numbers (https://protobuf.dev/programming-guides/json/). */
import type protobuf from "protobufjs";
import { NumberText } from "../../json/number-text.js";
import { inside, Misfit, misfit } from "../misfit.js";
import { type FieldPlan, planOf, type Scalar, wireTypeOf } from "./message-plan.js";
import { isDefault, toWhole, writeScalar } from "./scalars.js";
import { wellKnownEncoders } from "./well-known-encode.js";
import { WireWriter } from "./wire-writer.js";

/** Messages inside one another; Protobuf's own default. */
export const messageDepthMax = 100;

type Members = Readonly<Record<string, unknown>>;

/** Throws a Misfit. */
export function encodeMessage(type: protobuf.Type, value: unknown, depth = 0): Buffer {
  if (depth > messageDepthMax) throw new Misfit(`messages are nested deeper than ${messageDepthMax} levels`);
  const wellKnown = wellKnownEncoders[type.fullName];
  if (wellKnown !== undefined) return wellKnown(value, type, depth);
  if (!isMembers(value)) throw misfit(`an object for the message ${type.fullName.slice(1)}`, value);
  return encodeMembers(type, Object.entries(value), depth);
}

/** The members of a message; Any has one more, which is not a field. */
export function encodeMembers(type: protobuf.Type, members: readonly (readonly [name: string, value: unknown])[], depth: number): Buffer {
  const plan = planOf(type);
  const given = new Map<FieldPlan, unknown>();
  const oneofs = new Map<string, string>();
  for (const [name, value] of members) {
    const field = plan.byName.get(name);
    if (field === undefined) throw new Misfit(`the message ${type.fullName.slice(1)} has no field ${JSON.stringify(name.slice(0, 100))}`);
    if (given.has(field)) throw new Misfit(`the field ${field.name} is given twice`);
    if (value === null && !takesNull(field)) continue;
    const other = field.oneof === undefined ? undefined : oneofs.get(field.oneof);
    if (other !== undefined) throw new Misfit(`${other} and ${field.name} exclude each other: they are in the oneof ${field.oneof}`);
    if (field.oneof !== undefined) oneofs.set(field.oneof, field.name);
    given.set(field, value);
  }
  const writer = new WireWriter();
  for (const field of plan.fields) {
    if (given.has(field)) writeField(writer, field, given.get(field), depth);
    else if (field.isRequired) throw new Misfit(`the required field ${field.name} is missing`);
  }
  return writer.written();
}

function takesNull({ messageType, enumType, isRepeated, keyKind }: FieldPlan): boolean {
  if (isRepeated || keyKind !== undefined) return false;
  return messageType?.fullName === ".google.protobuf.Value" || enumType?.fullName === ".google.protobuf.NullValue";
}

function writeField(writer: WireWriter, field: FieldPlan, value: unknown, depth: number): void {
  try {
    if (field.keyKind !== undefined) writeMap(writer, field, field.keyKind, value, depth);
    else if (field.isRepeated) writeRepeated(writer, field, value, depth);
    else writeSingle(writer, field, value, depth);
  } catch (thrown) {
    throw inside(`.${field.name}`, thrown);
  }
}

function writeSingle(writer: WireWriter, field: FieldPlan, value: unknown, depth: number): void {
  if (field.hasPresence) {
    writeElement(writer, field, value, depth);
    return;
  }
  // An absent field means its default: that is not written, but it has to fit.
  const own = new WireWriter();
  writeElement(own, field, value, depth);
  const isAbsent = field.kind === "enum" ? enumNumber(field, value) === 0n : isDefault(field.kind as Scalar, value);
  if (!isAbsent) writer.raw(own.written());
}

function writeRepeated(writer: WireWriter, field: FieldPlan, value: unknown, depth: number): void {
  if (!Array.isArray(value)) throw misfit("an array", value);
  const packed = field.isPacked && value.length > 0 ? new WireWriter() : undefined;
  let index = 0;
  try {
    for (; index < value.length; index++) {
      if (packed === undefined) writeElement(writer, field, value[index], depth);
      else writeValue(packed, field, value[index], depth);
    }
  } catch (thrown) {
    throw inside(`[${index}]`, thrown);
  }
  if (packed === undefined) return;
  writer.tag(field.id, 2);
  writer.block(packed.written());
}

function writeMap(writer: WireWriter, field: FieldPlan, keyKind: Scalar, value: unknown, depth: number): void {
  if (!isMembers(value)) throw misfit("an object for a map", value);
  for (const [key, one] of Object.entries(value)) {
    const entry = new WireWriter();
    try {
      entry.tag(1, wireTypeOf(keyKind));
      writeScalar[keyKind](entry, toKey(keyKind, key));
      entry.tag(2, wireTypeOf(field.kind));
      writeValue(entry, field, one, depth);
    } catch (thrown) {
      throw inside(`[${JSON.stringify(key.slice(0, 100))}]`, thrown);
    }
    writer.tag(field.id, 2);
    writer.block(entry.written());
  }
}

function toKey(kind: Scalar, key: string): unknown {
  if (kind !== "bool") return key;
  if (key === "true" || key === "false") return key === "true";
  throw misfit('"true" or "false" as a key', key);
}

function writeElement(writer: WireWriter, field: FieldPlan, value: unknown, depth: number): void {
  writer.tag(field.id, wireTypeOf(field.kind));
  writeValue(writer, field, value, depth);
}

function writeValue(writer: WireWriter, field: FieldPlan, value: unknown, depth: number): void {
  const { kind, messageType } = field;
  if (kind === "enum") {
    writer.varint(enumNumber(field, value));
  } else if (messageType !== undefined) {
    const bytes = encodeMessage(messageType, value, depth + 1);
    if (kind !== "group") {
      writer.block(bytes);
      return;
    }
    writer.raw(bytes);
    writer.tag(field.id, 4);
  } else {
    writeScalar[kind as Scalar](writer, value);
  }
}

function enumNumber({ enumType }: FieldPlan, value: unknown): bigint {
  const number =
    typeof value === "string" && enumType !== undefined && Object.hasOwn(enumType.values, value) ? enumType.values[value] : value;
  if (value === null && enumType?.fullName === ".google.protobuf.NullValue") return 0n;
  if (typeof number === "string" || number === undefined) throw misfit(`a name of the enum ${enumType?.fullName.slice(1)}`, value);
  return toWhole(number, "int32");
}

export function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof NumberText);
}
