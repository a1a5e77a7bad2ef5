/**
 * Kafka's message format as data: a message is described once, and its encoder, decoder and type follow.
 * Sources: https://kafka.apache.org/protocol (primitive types) and KIP-482 (compact forms and tagged fields of flexible versions).
 */
import type { Api } from "../connection.js";
import { MessageReader, MessageWriter } from "./wire-bytes.js";

/** One kind of field: how it is written and read in a version. */
export interface WireType<T> {
  write(out: MessageWriter, value: T): void;
  read(from: MessageReader): T;
}

type Value<Type> = Type extends WireType<infer T> ? T : never;
type Fields = Readonly<Record<string, WireType<unknown>>>;
type Struct<F extends Fields> = { readonly [Name in keyof F]: Value<F[Name]> };

function fixed<T>(size: number, write: (bytes: Buffer, value: T, at: number) => void, read: (bytes: Buffer, at: number) => T): WireType<T> {
  return {
    write: (out, value) => {
      const at = out.reserve(size);
      write(out.bytes, value, at);
    },
    read: (from) => read(from.bytes, from.take(size)),
  };
}

export const int8 = fixed<number>(
  1,
  (bytes, value, at) => bytes.writeInt8(value, at),
  (bytes, at) => bytes.readInt8(at),
);
export const int16 = fixed<number>(
  2,
  (bytes, value, at) => bytes.writeInt16BE(value, at),
  (bytes, at) => bytes.readInt16BE(at),
);
export const int32 = fixed<number>(
  4,
  (bytes, value, at) => bytes.writeInt32BE(value, at),
  (bytes, at) => bytes.readInt32BE(at),
);
export const int64 = fixed<bigint>(
  8,
  (bytes, value, at) => bytes.writeBigInt64BE(value, at),
  (bytes, at) => bytes.readBigInt64BE(at),
);
export const bool = fixed<boolean>(
  1,
  (bytes, value, at) => bytes.writeUInt8(value ? 1 : 0, at),
  (bytes, at) => bytes.readUInt8(at) !== 0,
);
/** 16 bytes, in hexadecimal. */
export const uuid = fixed<string>(
  16,
  (bytes, value, at) => bytes.write(value, at, 16, "hex"),
  (bytes, at) => bytes.toString("hex", at, at + 16),
);

/** A length before what it counts: -1 is null; in flexible versions one more as an unsigned varint, and 0 is null. */
function writeLength(out: MessageWriter, length: number | null, plain: WireType<number>): void {
  if (out.isFlexible) out.unsignedVarint(length === null ? 0 : length + 1);
  else plain.write(out, length ?? -1);
}

function readLength(from: MessageReader, plain: WireType<number>): number | null {
  const length = from.isFlexible ? from.unsignedVarint() - 1 : plain.read(from);
  return length < 0 ? null : length;
}

export const nullableString: WireType<string | null> = {
  write: (out, value) => {
    writeLength(out, value === null ? null : Buffer.byteLength(value), int16);
    if (value === null) return;
    const size = Buffer.byteLength(value);
    const at = out.reserve(size);
    out.bytes.write(value, at, size, "utf8");
  },
  read: (from) => {
    const length = readLength(from, int16);
    if (length === null) return null;
    const at = from.take(length);
    return from.bytes.toString("utf8", at, at + length);
  },
};

export const string: WireType<string> = { write: nullableString.write, read: (from) => nullableString.read(from) ?? "" };

export const bytes: WireType<Buffer> = {
  write: (out, value) => {
    writeLength(out, value.length, int32);
    const at = out.reserve(value.length);
    value.copy(out.bytes, at);
  },
  read: (from) => {
    const length = readLength(from, int32) ?? 0;
    const at = from.take(length);
    return from.bytes.subarray(at, at + length);
  },
};

export function nullableArray<T>(of: WireType<T>): WireType<readonly T[] | null> {
  return {
    write: (out, values) => {
      writeLength(out, values === null ? null : values.length, int32);
      for (const value of values ?? []) of.write(out, value);
    },
    read: (from) => {
      const length = readLength(from, int32);
      if (length === null) return null;
      const values: T[] = [];
      for (let index = 0; index < length; index++) values.push(of.read(from));
      return values;
    },
  };
}

export function array<T>(of: WireType<T>): WireType<readonly T[]> {
  const nullable = nullableArray(of);
  return { write: nullable.write, read: (from) => nullable.read(from) ?? [] };
}

/** A field of versions `first` to `last` alone: outside of them it is not written, and reads as `otherwise`. */
export function inVersions<T>(first: number, last: number, type: WireType<T>, otherwise: T): WireType<T> {
  const isThere = (version: number) => version >= first && version <= last;
  return {
    write: (out, value) => {
      if (isThere(out.version)) type.write(out, value);
    },
    read: (from) => (isThere(from.version) ? type.read(from) : otherwise),
  };
}

export const since = <T>(first: number, type: WireType<T>, otherwise: T): WireType<T> =>
  inVersions(first, Number.POSITIVE_INFINITY, type, otherwise);

/** A tagged field of an answer (KIP-482): it reads as `otherwise` where the broker leaves it out. */
interface Tagged<T = unknown, Otherwise = unknown> {
  readonly tag: number;
  readonly type: WireType<T>;
  readonly otherwise: Otherwise;
}

export const tagged = <T, Otherwise>(tag: number, type: WireType<T>, otherwise: Otherwise): Tagged<T, Otherwise> => ({
  tag,
  type,
  otherwise,
});

type TaggedFields = Readonly<Record<string, Tagged>>;
type TaggedStruct<T extends TaggedFields> = { readonly [Name in keyof T]: T[Name] extends Tagged<infer V, infer O> ? V | O : never };

/** Fields in their order, and those tagged fields of an answer that are named; the others are passed over, and none is written. */
export function struct<const F extends Fields, const T extends TaggedFields = Record<never, never>>(
  fields: F,
  tags?: T,
): WireType<Struct<F> & TaggedStruct<T>> {
  const entries = Object.entries(fields);
  const tagEntries = Object.entries(tags ?? {});
  return {
    write: (out, value) => {
      for (const [name, type] of entries) type.write(out, value[name as keyof F]);
      if (out.isFlexible) out.unsignedVarint(0);
    },
    read: (from) => {
      const value: Record<string, unknown> = {};
      for (const [name, type] of entries) value[name] = type.read(from);
      for (const [name, { otherwise }] of tagEntries) value[name] = otherwise;
      if (from.isFlexible) {
        from.taggedFields((tag) => {
          const known = tagEntries.find(([, one]) => one.tag === tag);
          if (known !== undefined) value[known[0]] = known[1].type.read(from);
        });
      }
      return value as Struct<F> & TaggedStruct<T>;
    },
  };
}

/** A byte says whether it is there. */
export function nullable<T>(of: WireType<T>): WireType<T | null> {
  return {
    write: (out, value) => {
      int8.write(out, value === null ? -1 : 1);
      if (value !== null) of.write(out, value);
    },
    read: (from) => (int8.read(from) < 0 ? null : of.read(from)),
  };
}

interface ApiDefinition<Request, Answer> extends Omit<Api<Request, Answer>, "encode" | "decode"> {
  readonly request: WireType<Request>;
  readonly answer: WireType<Answer>;
}

/** An API from the description of its two messages. */
export function defineApi<Request, Answer>(definition: ApiDefinition<Request, Answer>): Api<Request, Answer> {
  const { request, answer, ...api } = definition;
  const isFlexible = (version: number) => version >= (api.flexibleFrom ?? Number.POSITIVE_INFINITY);
  return {
    ...api,
    encode: (version, args) => {
      const out = new MessageWriter(version, isFlexible(version));
      request.write(out, args);
      return out.finish();
    },
    decode: (version, body) => answer.read(new MessageReader(version, isFlexible(version), body)),
  };
}

export type AnswerOf<T> = T extends Api<never, infer Answer> ? Answer : never;
