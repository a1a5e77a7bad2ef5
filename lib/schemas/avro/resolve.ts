/** Schema evolution: bytes of a writer's schema read as a reader's schema says (https://avro.apache.org/docs/1.12.0/specification/#schema-resolution). */
import { RelayError } from "../../errors.js";
import { doubleText, floatText, quote } from "../text.js";
import { invalidAvro } from "./byte-reader.js";
import { compileReader, type DecodeOptions, type Read, readArray, readIndex, readMap, taggedReader } from "./decode.js";
import { unwrittenText } from "./resolve-default.js";
import type { AvroType, EnumType, Field, NamedType, RecordType } from "./schema.js";

/** Throws `schema-invalid` where no value of the writer's schema could be read. */
export function compileResolver(writer: AvroType, reader: AvroType, options: DecodeOptions): Read {
  return new Resolver(options).resolve(writer, reader);
}

class Resolver {
  readonly #options: DecodeOptions;
  readonly #records = new Map<RecordType, Map<RecordType, Read>>();

  constructor(options: DecodeOptions) {
    this.#options = options;
  }

  resolve(writer: AvroType, reader: AvroType): Read {
    if (writer.kind === "union") return this.#fromUnion(writer.branches, reader);
    if (reader.kind === "union") return this.#toUnion(writer, reader.branches);
    if (writer.kind === "record" && reader.kind === "record" && isSameName(writer, reader)) return this.#record(writer, reader);
    if (writer.kind === "array" && reader.kind === "array") {
      const read = this.resolve(writer.items, reader.items);
      return (bytes) => readArray(bytes, read);
    }
    if (writer.kind === "map" && reader.kind === "map") {
      const read = this.resolve(writer.values, reader.values);
      return (bytes) => readMap(bytes, read);
    }
    if (writer.kind === "enum" && reader.kind === "enum" && isSameName(writer, reader)) return enumReader(writer, reader);
    if (writer.kind === "fixed" && reader.kind === "fixed" && isSameName(writer, reader) && writer.size === reader.size) {
      return compileReader(reader, this.#options);
    }
    if (writer.kind === reader.kind && isPlain(writer)) return compileReader(reader, this.#options);
    const promoted = promotions[`${writer.kind}-${reader.kind}`];
    if (promoted !== undefined) return promoted;
    throw mismatch(`${nameOf(writer)} cannot be read as ${nameOf(reader)}`);
  }

  /** A branch that cannot be read fails only the values that are written with it. */
  #fromUnion(branches: readonly AvroType[], reader: AvroType): Read {
    const reads = branches.map((branch): Read | RelayError => {
      try {
        return this.resolve(branch, reader);
      } catch (thrown) {
        if (thrown instanceof RelayError && thrown.code === "schema-invalid") return thrown;
        throw thrown;
      }
    });
    const failures = reads.filter((read) => read instanceof RelayError);
    if (failures.length === reads.length) throw failures[0];
    return (bytes) => {
      const read = reads[readIndex(bytes, reads.length, "the union has")];
      if (read instanceof RelayError) throw invalidAvro(read.message.replace(/\.$/, ""));
      read?.(bytes);
    };
  }

  /** The first branch of the same type, else the first that the writer's type can become. */
  #toUnion(writer: AvroType, branches: readonly AvroType[]): Read {
    const sameFirst = [...branches].sort((one, other) => Number(isSameType(writer, other)) - Number(isSameType(writer, one)));
    for (const branch of sameFirst) {
      try {
        const read = this.resolve(writer, branch);
        return this.#options.unions === "tagged" ? taggedReader(branch, read) : read;
      } catch (thrown) {
        if (!(thrown instanceof RelayError) || thrown.code !== "schema-invalid") throw thrown;
      }
    }
    throw mismatch(`no branch of the reader's union can take ${nameOf(writer)}`);
  }

  #record(writer: RecordType, reader: RecordType): Read {
    const ofWriter = this.#records.get(writer) ?? new Map<RecordType, Read>();
    this.#records.set(writer, ofWriter);
    const known = ofWriter.get(reader);
    if (known !== undefined) return known;
    let read: Read = () => {};
    ofWriter.set(reader, (bytes) => read(bytes));
    try {
      read = this.#recordReader(writer, reader);
    } catch (thrown) {
      ofWriter.delete(reader);
      throw thrown;
    }
    return read;
  }

  #recordReader(writer: RecordType, reader: RecordType): Read {
    const places = new Map<Field, number>();
    const reads = writer.fields.map((field): Read => {
      const target =
        reader.fields.find(({ name }) => name === field.name) ?? reader.fields.find(({ aliases }) => aliases.includes(field.name));
      if (target === undefined || places.has(target)) return compileReader(field.type, this.#options);
      places.set(target, writer.fields.indexOf(field));
      return this.resolve(field.type, target.type);
    });
    const parts = reader.fields.map((field, index) => {
      const place = places.get(field);
      if (place === undefined && field.defaultValue === undefined) {
        throw mismatch(`the field ${reader.name}.${field.name} was not written and has no default`);
      }
      const lead = `${index === 0 ? "{" : ","}${quote(field.name)}:`;
      return { place, text: place === undefined ? lead + unwrittenText(field, reader, this.#options) : lead };
    });
    const end = parts.length === 0 ? "{}" : "}";
    return (bytes) => {
      bytes.enter();
      const before = bytes.out;
      const texts = reads.map((read) => {
        bytes.out = "";
        read(bytes);
        return bytes.out;
      });
      bytes.out = `${before}${parts.map(({ place, text }) => (place === undefined ? text : text + texts[place])).join("")}${end}`;
      bytes.leave();
    };
  }
}

function enumReader(writer: EnumType, reader: EnumType): Read {
  const texts = writer.symbols.map((symbol) => (reader.symbols.includes(symbol) ? symbol : reader.defaultSymbol));
  return (bytes) => {
    const index = readIndex(bytes, texts.length, `the enum ${writer.name} has`);
    const text = texts[index];
    if (text === undefined)
      throw invalidAvro(`the reader's enum ${reader.name} has neither ${quote(writer.symbols[index] ?? "")} nor a default`);
    bytes.out += quote(text);
  };
}

const integer: Read = (bytes) => {
  bytes.out += bytes.long();
};
const integerAsFloat: Read = (bytes) => {
  bytes.out += floatText(Math.fround(Number(bytes.long())));
};
const integerAsDouble: Read = (bytes) => {
  bytes.out += doubleText(Number(bytes.long()));
};

/** What a type may become, by the specification. */
const promotions: Readonly<Record<string, Read>> = {
  "int-long": integer,
  "int-float": integerAsFloat,
  "long-float": integerAsFloat,
  "int-double": integerAsDouble,
  "long-double": integerAsDouble,
  "float-double": (bytes) => {
    bytes.out += doubleText(bytes.float());
  },
  "string-bytes": (bytes) => {
    bytes.out += JSON.stringify(bytes.latin1(bytes.length()));
  },
  "bytes-string": (bytes) => {
    bytes.out += bytes.quotedText();
  },
};

/** Full names, or the last parts of them, or an alias of the reader's. */
function isSameName(writer: NamedType, reader: NamedType): boolean {
  return writer.name === reader.name || reader.aliases.includes(writer.name) || lastPart(writer.name) === lastPart(reader.name);
}

function isSameType(writer: AvroType, reader: AvroType): boolean {
  if (writer.kind !== reader.kind) return false;
  return "name" in writer && "name" in reader ? writer.name === reader.name : true;
}

function isPlain({ kind }: AvroType): boolean {
  return !["record", "enum", "fixed", "array", "map", "union"].includes(kind);
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

function nameOf(type: AvroType): string {
  return "name" in type ? `the ${type.kind} ${type.name}` : `the type ${type.kind}`;
}

function mismatch(why: string): RelayError {
  return new RelayError("schema-invalid", `The writer's and the reader's schema do not match: ${why}.`);
}
