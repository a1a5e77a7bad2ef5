/** Bytes to ProtoJSON as Confluent's proxy writes it: fields without presence print their defaults, 64-bit numbers are texts (https://protobuf.dev/programming-guides/json/). */
import type protobuf from "protobufjs";
import { quote } from "../text.js";
import { messageDepthMax } from "./encode.js";
import { type FieldPlan, planOf, type Scalar, wireTypeOf } from "./message-plan.js";
import { defaultText, readScalar } from "./scalars.js";
import { wellKnownDecoders } from "./well-known-decode.js";
import { invalidProtobuf, WireReader } from "./wire-reader.js";

/** Of one value's JSON: a message of two bytes may print a thousand defaults. */
const textCharactersMax = 64 * 1_048_576;

/** Counts the text of all messages of one value. */
export interface TextSize {
  characters: number;
}

/** Throws `record-undecodable`. */
export function decodeMessage(type: protobuf.Type, bytes: Buffer, size: TextSize, depth = 0): string {
  if (depth > messageDepthMax) throw invalidProtobuf(`messages are nested deeper than ${messageDepthMax} levels`);
  const wellKnown = wellKnownDecoders[type.fullName];
  return wellKnown === undefined ? decodeFields(type, bytes, size, depth) : wellKnown(bytes, type, size, depth);
}

export function decodeFields(type: protobuf.Type, bytes: Buffer, size: TextSize, depth: number): string {
  const plan = planOf(type);
  const read = readFields(plan.byId, bytes, size, depth);
  const members: string[] = [];
  for (const field of plan.fields) {
    const text = read.has(field) ? textOf(field, read.get(field) as Read, size, depth) : absentText(field);
    if (text !== undefined) members.push(`${quote(field.jsonName)}:${text}`);
  }
  const text = `{${members.join(",")}}`;
  size.characters += text.length;
  assertSize(size);
  return text;
}

/** A text; the texts of elements; or a message's bytes, to which those of a repetition are appended, as Protobuf merges messages. */
type Read = string | string[] | Map<string, string> | Buffer;

function readFields(byId: ReadonlyMap<number, FieldPlan>, bytes: Buffer, size: TextSize, depth: number): Map<FieldPlan, Read> {
  const reader = new WireReader(bytes);
  const read = new Map<FieldPlan, Read>();
  while (!reader.isAtEnd) {
    const { id, wireType } = reader.tag();
    const field = byId.get(id);
    if (field === undefined) {
      reader.skip(id, wireType, 0);
    } else if (field.isRepeated) {
      const list = (read.get(field) as string[] | undefined) ?? [];
      read.set(field, list);
      readRepeated(reader, field, wireType, list, size, depth);
    } else {
      if (field.oneof !== undefined)
        for (const other of read.keys()) if (other.oneof === field.oneof && other !== field) read.delete(other);
      readSingle(reader, field, wireType, read, size, depth);
    }
  }
  return read;
}

function readSingle(
  reader: WireReader,
  field: FieldPlan,
  wireType: number,
  read: Map<FieldPlan, Read>,
  size: TextSize,
  depth: number,
): void {
  if (field.keyKind !== undefined) {
    const entries = (read.get(field) as Map<string, string> | undefined) ?? new Map<string, string>();
    read.set(field, entries);
    assertWireType(field, wireType, 2);
    readEntry(reader.block(), field, field.keyKind, entries, size, depth);
  } else if (field.messageType !== undefined) {
    assertWireType(field, wireType, wireTypeOf(field.kind));
    const before = read.get(field) as Buffer | undefined;
    const content = readMessage(reader, field);
    read.set(field, before === undefined ? content : Buffer.concat([before, content]));
  } else {
    assertWireType(field, wireType, wireTypeOf(field.kind));
    read.set(field, readPlain(reader, field));
  }
}

function readRepeated(reader: WireReader, field: FieldPlan, wireType: number, list: string[], size: TextSize, depth: number): void {
  const own = wireTypeOf(field.kind);
  if (wireType === 2 && own !== 2 && own !== 3) {
    const packed = new WireReader(reader.block());
    while (!packed.isAtEnd) push(list, readPlain(packed, field), size);
    return;
  }
  assertWireType(field, wireType, own);
  const { messageType } = field;
  if (messageType === undefined) push(list, readPlain(reader, field), size);
  else push(list, decodeMessage(messageType, readMessage(reader, field), size, depth + 1), size);
}

function push(list: string[], text: string, size: TextSize): void {
  list.push(text);
  size.characters += text.length;
  assertSize(size);
}

function readEntry(bytes: Buffer, field: FieldPlan, keyKind: Scalar, entries: Map<string, string>, size: TextSize, depth: number): void {
  const reader = new WireReader(bytes);
  let key = defaultText(keyKind);
  let value: string | undefined;
  while (!reader.isAtEnd) {
    const { id, wireType } = reader.tag();
    if (id === 1 && wireType === wireTypeOf(keyKind)) key = readScalar(reader, keyKind);
    else if (id !== 2 || wireType !== wireTypeOf(field.kind)) reader.skip(id, wireType, 0);
    else if (field.messageType === undefined) value = readPlain(reader, field);
    else value = decodeMessage(field.messageType, reader.block(), size, depth + 1);
  }
  const { messageType } = field;
  value ??= messageType === undefined ? plainDefault(field) : decodeMessage(messageType, Buffer.alloc(0), size, depth + 1);
  entries.set(key.startsWith('"') ? key : `"${key}"`, value);
  size.characters += value.length;
  assertSize(size);
}

function readMessage(reader: WireReader, { kind, id }: FieldPlan): Buffer {
  return kind === "group" ? reader.group(id) : reader.block();
}

function readPlain(reader: WireReader, field: FieldPlan): string {
  return field.kind === "enum" ? enumText(field, Number(BigInt.asIntN(32, reader.varint()))) : readScalar(reader, field.kind as Scalar);
}

/** The name, or the number where the schema knows none. */
function enumText({ enumType }: FieldPlan, number: number): string {
  if (enumType?.fullName === ".google.protobuf.NullValue") return "null";
  const name = enumType?.valuesById[number];
  return name === undefined ? String(number) : quote(name);
}

function textOf(field: FieldPlan, read: Read, size: TextSize, depth: number): string {
  if (typeof read === "string") return read;
  if (Array.isArray(read)) return `[${read.join(",")}]`;
  if (read instanceof Map) return `{${[...read].map(([key, value]) => `${key}:${value}`).join(",")}}`;
  return field.messageType === undefined ? "null" : decodeMessage(field.messageType, read, size, depth + 1);
}

/** Undefined: the field is left out, since its absence is not the same as a default. */
function absentText(field: FieldPlan): string | undefined {
  if (field.keyKind !== undefined) return "{}";
  if (field.isRepeated) return "[]";
  return field.hasPresence ? undefined : plainDefault(field);
}

function plainDefault(field: FieldPlan): string {
  return field.kind === "enum" ? enumText(field, 0) : defaultText(field.kind as Scalar);
}

function assertWireType({ name }: FieldPlan, wireType: number, expected: number): void {
  if (wireType !== expected) throw invalidProtobuf(`the field ${name} has the wire type ${wireType}, not ${expected}`);
}

function assertSize({ characters }: TextSize): void {
  if (characters > textCharactersMax) throw invalidProtobuf(`their JSON text has more than ${textCharactersMax} characters`);
}
