/** Avro-JSON values to bytes: one function per type of the schema, made once. Unions are tagged, or exactly one branch fits. */
import { isNumber, NumberText, plainText } from "../../json/number-text.js";
import { inside, Misfit, misfit } from "../misfit.js";
import type { ByteWriter } from "./byte-writer.js";
import { decimalBytes, durationBytes, timeNumber, uuidBytes } from "./logical.js";
import { type AvroType, branchTrialsMax, type FixedType, type PrimitiveType, type RecordType, tagOf, type UnionType } from "./schema.js";

export type Write = (writer: ByteWriter, value: unknown) => void;

interface EncodeOptions {
  /** Decimals, days and times as such, beside the plain numbers and bytes that Avro-JSON has for them. */
  readonly logical: boolean;
}

/** The encoder of a type; a value that does not fit throws a Misfit. */
export function compileWriter(type: AvroType, options: EncodeOptions): Write {
  return new WriterCompiler(options).compile(type);
}

class WriterCompiler {
  readonly #logical: boolean;
  readonly #records = new Map<RecordType, Write>();

  constructor({ logical }: EncodeOptions) {
    this.#logical = logical;
  }

  compile(type: AvroType): Write {
    switch (type.kind) {
      case "record":
        return this.#record(type);
      case "union":
        return this.#union(type);
      case "array": {
        const write = this.compile(type.items);
        return (writer, value) => writeArray(writer, value, write);
      }
      case "map": {
        const write = this.compile(type.values);
        return (writer, value) => writeMap(writer, value, write);
      }
      case "enum": {
        const indexes = new Map<unknown, number>(type.symbols.map((symbol, index) => [symbol, index]));
        return (writer, value) => {
          const index = indexes.get(value);
          if (index === undefined) throw misfit(`a symbol of the enum ${type.name}`, value);
          writer.long(index);
        };
      }
      case "fixed":
        return this.#fixed(type);
      default:
        return this.#primitive(type);
    }
  }

  #record(type: RecordType): Write {
    const known = this.#records.get(type);
    if (known !== undefined) return known;
    let fields: readonly (readonly [name: string, write: Write, isInherited: boolean])[] = [];
    const write: Write = (writer, value) => {
      if (!isObject(value)) throw misfit(`an object for the record ${type.name}`, value);
      let name = "";
      try {
        for (const [fieldName, writeField, isInherited] of fields) {
          name = fieldName;
          const member = isInherited && !Object.hasOwn(value, fieldName) ? undefined : value[fieldName];
          if (member === undefined) throw new Misfit(`the member is missing, and the record ${type.name} needs all of its fields`);
          writeField(writer, member);
        }
      } catch (thrown) {
        throw inside(`.${name}`, thrown);
      }
      if (Object.keys(value).length !== fields.length) throw unknownMember(value, type);
    };
    this.#records.set(type, write);
    // After it is known: a field may hold the record itself.
    fields = type.fields.map((field) => [field.name, this.compile(field.type), field.name in {}]);
    return write;
  }

  #union(type: UnionType): Write {
    const branches = type.branches.map((branch, index) => ({ branch, index, tag: tagOf(branch), write: this.compile(branch) }));
    const byTag = new Map(branches.map((one) => [one.tag, one]));
    const nullIndex = byTag.get("null")?.index;
    const tags = branches.map(({ tag }) => JSON.stringify(tag)).join(", ");

    const writeUntagged: Write = (writer, value) => {
      const from = writer.at;
      const fitting = branches.filter(({ branch, write }) => {
        if (++writer.trials > branchTrialsMax) throw new RangeError(`${branchTrialsMax} trials`);
        return mayFit(branch, value) && fits(writer, value, write);
      });
      writer.at = from;
      const [only] = fitting;
      if (only === undefined) throw misfit(`a value for one of ${tags}, as { "<type>": value }`, value);
      if (fitting.length > 1) {
        const which = fitting.map(({ tag }) => JSON.stringify(tag)).join(" and ");
        throw new Misfit(`the value fits ${which} alike; name the type, as { ${JSON.stringify(only.tag)}: value }`);
      }
      writer.long(only.index);
      only.write(writer, value);
    };

    return (writer, value) => {
      if (value === null && nullIndex !== undefined) return writer.long(nullIndex);
      const tagged = toTagged(value);
      const chosen = tagged === undefined ? undefined : byTag.get(tagged);
      if (tagged === undefined || chosen === undefined) return writeUntagged(writer, value);
      const from = writer.at;
      try {
        writer.long(chosen.index);
        chosen.write(writer, (value as Json)[tagged]);
      } catch (thrown) {
        if (!(thrown instanceof Misfit)) throw thrown;
        // A record or map may have one member that is named as a type of the union.
        writer.at = from;
        try {
          writeUntagged(writer, value);
        } catch (untagged) {
          throw untagged instanceof Misfit ? inside(`.${tagged}`, thrown) : untagged;
        }
      }
    };
  }

  #primitive({ kind, logical }: PrimitiveType): Write {
    const write = writers[kind];
    if (!this.#logical || logical === undefined) return write;
    if (logical.name === "decimal") {
      return (writer, value) => {
        const bytes = decimalBytes(value, logical);
        writer.long(bytes.length);
        writer.raw(bytes);
      };
    }
    return (writer, value) => (typeof value === "string" ? writer.bigLong(timeNumber(logical, value)) : write(writer, value));
  }

  #fixed({ name, size, logical }: FixedType): Write {
    const plain: Write = (writer, value) => {
      if (!isLatin1(value)) throw misfit(`a text of ${size} characters from U+0000 to U+00FF for the fixed type ${name}`, value);
      if (value.length !== size) throw new Misfit(`expected ${size} characters for the fixed type ${name}, not ${value.length}`);
      writer.latin1(value);
    };
    if (!this.#logical || logical === undefined) return plain;
    if (logical.name === "decimal") return (writer, value) => writer.raw(decimalBytes(value, logical, size));
    if (logical.name === "duration") return (writer, value) => writer.raw(durationBytes(value));
    return (writer, value) => writer.raw(uuidBytes(String(value)));
  }
}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof NumberText);
}

function unknownMember(value: Json, type: RecordType): Misfit {
  const known = new Set(type.fields.map(({ name }) => name));
  const name = Object.keys(value).find((one) => !known.has(one)) ?? "";
  return new Misfit(`the record ${type.name} has no field ${JSON.stringify(name.slice(0, 100))}`);
}

/** The only member's name of an object with one member. */
function toTagged(value: unknown): string | undefined {
  if (!isObject(value)) return undefined;
  const names = Object.keys(value);
  return names.length === 1 ? names[0] : undefined;
}

/** Spares most trials. */
function mayFit({ kind }: AvroType, value: unknown): boolean {
  if (kind === "record" || kind === "map") return isObject(value);
  if (kind === "array") return Array.isArray(value);
  return kind !== "null" || value === null;
}

function fits(writer: ByteWriter, value: unknown, write: Write): boolean {
  const from = writer.at;
  try {
    write(writer, value);
    return true;
  } catch (thrown) {
    if (thrown instanceof Misfit) return false;
    throw thrown;
  } finally {
    writer.at = from;
  }
}

function writeArray(writer: ByteWriter, value: unknown, write: Write): void {
  if (!Array.isArray(value)) throw misfit("an array", value);
  let index = 0;
  try {
    if (value.length > 0) writer.long(value.length);
    for (; index < value.length; index++) write(writer, value[index]);
  } catch (thrown) {
    throw inside(`[${index}]`, thrown);
  }
  writer.byte(0);
}

function writeMap(writer: ByteWriter, value: unknown, write: Write): void {
  if (!isObject(value)) throw misfit("an object for a map", value);
  const names = Object.keys(value);
  if (names.length > 0) writer.long(names.length);
  for (const name of names) {
    try {
      writeText(writer, name);
      write(writer, value[name]);
    } catch (thrown) {
      throw inside(`[${JSON.stringify(name.slice(0, 100))}]`, thrown);
    }
  }
  writer.byte(0);
}

/** Such a text has no UTF-8. */
const loneSurrogate = /\p{Surrogate}/u;

function writeText(writer: ByteWriter, value: unknown): void {
  if (typeof value !== "string") throw misfit("a text", value);
  if (loneSurrogate.test(value)) throw new Misfit("the text holds half of a surrogate pair, which UTF-8 cannot say");
  writer.text(value);
}

const int32 = { min: -0x8000_0000, max: 0x7fff_ffff };
const int64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };
const notFinite: readonly unknown[] = ["NaN", "Infinity", "-Infinity"];

function writeLong(writer: ByteWriter, value: unknown): void {
  if (Number.isSafeInteger(value)) {
    writer.long(value as number);
    return;
  }
  const digits = value instanceof NumberText ? plainText(value) : "";
  const whole = /^-?\d{1,19}$/.test(digits) ? BigInt(digits) : undefined;
  if (whole === undefined || whole < int64.min || whole > int64.max) throw misfit("a whole number of 64 bits", value);
  writer.bigLong(whole);
}

/** Java writes what is not a number as text. */
function toDouble(value: unknown, what: string): number {
  if (typeof value === "number") return value;
  const number = value instanceof NumberText || notFinite.includes(value) ? Number(String(value)) : undefined;
  if (number === undefined || (isNumber(value) && !Number.isFinite(number))) throw misfit(what, value);
  return number;
}

const writers: Readonly<Record<PrimitiveType["kind"], Write>> = {
  null: (_, value) => {
    if (value !== null) throw misfit("null", value);
  },
  boolean: (writer, value) => {
    if (typeof value !== "boolean") throw misfit("true or false", value);
    writer.byte(value ? 1 : 0);
  },
  int: (writer, value) => {
    const number = value instanceof NumberText ? Number(plainText(value)) : value;
    if (!Number.isInteger(number) || (number as number) < int32.min || (number as number) > int32.max || !isExact(value, number)) {
      throw misfit("a whole number of 32 bits", value);
    }
    writer.long(number as number);
  },
  long: writeLong,
  float: (writer, value) => {
    const number = toDouble(value, "a number of 32 bits");
    if (Number.isFinite(number) && !Number.isFinite(Math.fround(number))) throw misfit("a number of 32 bits", value);
    writer.float(number);
  },
  double: (writer, value) => writer.double(toDouble(value, "a number of 64 bits")),
  bytes: (writer, value) => {
    if (!isLatin1(value)) throw misfit("a text of the characters U+0000 to U+00FF for bytes", value);
    writer.long(value.length);
    writer.latin1(value);
  },
  string: writeText,
};

/** Digits that a double drops are a fraction. */
function isExact(value: unknown, number: unknown): boolean {
  return !(value instanceof NumberText) || plainText(value) === String(number);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: a byte may be any of these.
const latin1 = /^[\u0000-\u00ff]*$/;

function isLatin1(value: unknown): value is string {
  return typeof value === "string" && latin1.test(value);
}
