/** Avro-JSON values to bytes: one function per type of the schema, made once. Unions are tagged, or exactly one branch fits. */
import { inside, Misfit, misfit } from "../misfit.js";
import type { ByteWriter } from "./byte-writer.js";
import { isLatin1, primitiveWriters, type Write, writeText } from "./encode-primitives.js";
import { isJsonObject, type JsonObject, unionWriter } from "./encode-union.js";
import type { LogicalBytes } from "./logical-bytes.js";
import { type AvroType, type FixedType, type PrimitiveType, type RecordType, tagOf, type UnionType } from "./schema.js";

interface EncodeOptions {
  /** Decimals, days and times as such, beside the plain numbers and bytes that Avro-JSON has for them; absent: only those. */
  readonly logical?: LogicalBytes | undefined;
}

/** The encoder of a type; a value that does not fit throws a Misfit. */
export function compileWriter(type: AvroType, options: EncodeOptions): Write {
  return new WriterCompiler(options).compile(type);
}

class WriterCompiler {
  readonly #logical: LogicalBytes | undefined;
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
      if (!isJsonObject(value)) throw misfit(`an object for the record ${type.name}`, value);
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
    return unionWriter(type.branches.map((branch, index) => ({ branch, index, tag: tagOf(branch), write: this.compile(branch) })));
  }

  #primitive({ kind, logical }: PrimitiveType): Write {
    const write = primitiveWriters[kind];
    const forms = this.#logical;
    if (forms === undefined || logical === undefined) return write;
    if (logical.name === "decimal") {
      return (writer, value) => {
        const bytes = forms.decimalBytes(value, logical);
        writer.long(bytes.length);
        writer.raw(bytes);
      };
    }
    return (writer, value) => (typeof value === "string" ? writer.bigLong(forms.timeNumber(logical, value)) : write(writer, value));
  }

  #fixed({ name, size, logical }: FixedType): Write {
    const plain: Write = (writer, value) => {
      if (!isLatin1(value)) throw misfit(`a text of ${size} characters from U+0000 to U+00FF for the fixed type ${name}`, value);
      if (value.length !== size) throw new Misfit(`expected ${size} characters for the fixed type ${name}, not ${value.length}`);
      writer.latin1(value);
    };
    const forms = this.#logical;
    if (forms === undefined || logical === undefined) return plain;
    if (logical.name === "decimal") return (writer, value) => writer.raw(forms.decimalBytes(value, logical, size));
    if (logical.name === "duration") return (writer, value) => writer.raw(forms.durationBytes(value));
    return (writer, value) => writer.raw(forms.uuidBytes(String(value)));
  }
}

function unknownMember(value: JsonObject, type: RecordType): Misfit {
  const known = new Set(type.fields.map(({ name }) => name));
  const name = Object.keys(value).find((one) => !known.has(one)) ?? "";
  return new Misfit(`the record ${type.name} has no field ${JSON.stringify(name.slice(0, 100))}`);
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
  if (!isJsonObject(value)) throw misfit("an object for a map", value);
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
