/** Bytes to Avro-JSON text as Confluent writes it: one function per type of the schema, made once. */
import { doubleText, floatText, quote } from "../text.js";
import { type ByteReader, invalidAvro } from "./byte-reader.js";
import type { LogicalTexts } from "./logical-text.js";
import { type AvroType, type FixedType, type PrimitiveType, type RecordType, tagOf, type UnionType } from "./schema.js";

/** Reads one value and appends its JSON. */
export type Read = (reader: ByteReader) => void;

export interface DecodeOptions {
  /** Decimals, days and times as such; absent: the numbers and bytes that carry them. */
  readonly logical?: LogicalTexts | undefined;
  /** `tagged`: `{"string":"a"}`, as Avro-JSON has it. `plain`: `"a"`. */
  readonly unions: "tagged" | "plain";
}

/** The decoder of a type; bytes that do not fit throw `record-undecodable`. */
export function compileReader(type: AvroType, options: DecodeOptions): Read {
  return new ReaderCompiler(options).compile(type);
}

class ReaderCompiler {
  readonly #options: DecodeOptions;
  readonly #records = new Map<RecordType, Read>();

  constructor(options: DecodeOptions) {
    this.#options = options;
  }

  compile(type: AvroType): Read {
    switch (type.kind) {
      case "record":
        return this.#record(type);
      case "union":
        return this.#union(type);
      case "array": {
        const read = this.compile(type.items);
        return (reader) => readArray(reader, read);
      }
      case "map": {
        const read = this.compile(type.values);
        return (reader) => readMap(reader, read);
      }
      case "enum": {
        const symbols = type.symbols.map((symbol) => quote(symbol));
        return (reader) => {
          reader.out += symbols[readIndex(reader, symbols.length, `the enum ${type.name} has`)];
        };
      }
      case "fixed":
        return fixedReader(type, this.#options.logical);
      default:
        return primitiveReader(type, this.#options.logical);
    }
  }

  #record(type: RecordType): Read {
    const known = this.#records.get(type);
    if (known !== undefined) return known;
    let fields: readonly (readonly [lead: string, read: Read])[] = [];
    const end = type.fields.length === 0 ? "{}" : "}";
    const read: Read = (reader) => {
      reader.enter();
      for (const [lead, readField] of fields) {
        reader.out += lead;
        readField(reader);
      }
      reader.out += end;
      reader.leave();
    };
    this.#records.set(type, read);
    // After it is known: a field may hold the record itself.
    fields = type.fields.map(({ name, type: fieldType }, index) => [`${index === 0 ? "{" : ","}${quote(name)}:`, this.compile(fieldType)]);
    return read;
  }

  #union({ branches }: UnionType): Read {
    const isTagged = this.#options.unions === "tagged";
    const reads = branches.map((branch): Read => {
      const read = this.compile(branch);
      return isTagged ? taggedReader(branch, read) : read;
    });
    return (reader) => {
      (reads[readIndex(reader, reads.length, "the union has")] as Read)(reader);
    };
  }
}

/** `{"string":…}`; null bare. */
export function taggedReader(branch: AvroType, read: Read): Read {
  if (branch.kind === "null") return read;
  const lead = `{${quote(tagOf(branch))}:`;
  return (reader) => {
    reader.out += lead;
    read(reader);
    reader.out += "}";
  };
}

export function readIndex(reader: ByteReader, count: number, whose: string): number {
  const index = reader.int();
  if (index < 0 || index >= count) throw invalidAvro(`${index} at byte ${reader.at} is not one of the ${count} that ${whose}`);
  return index;
}

export function readArray(reader: ByteReader, read: Read): void {
  reader.enter();
  let lead = "[";
  for (let count = reader.blockCount(); count > 0; count = reader.blockCount()) {
    for (; count > 0; count--) {
      reader.count();
      reader.out += lead;
      lead = ",";
      read(reader);
    }
  }
  reader.out += lead === "[" ? "[]" : "]";
  reader.leave();
}

export function readMap(reader: ByteReader, read: Read): void {
  reader.enter();
  let lead = "{";
  for (let count = reader.blockCount(); count > 0; count = reader.blockCount()) {
    for (; count > 0; count--) {
      reader.count();
      reader.out += `${lead}${reader.quotedText()}:`;
      lead = ",";
      read(reader);
    }
  }
  reader.out += lead === "{" ? "{}" : "}";
  reader.leave();
}

function fixedReader({ size, logical }: FixedType, forms: LogicalTexts | undefined): Read {
  if (forms === undefined || logical === undefined) {
    return (reader) => {
      reader.out += JSON.stringify(reader.latin1(size));
    };
  }
  const toText = (bytes: Buffer): string => {
    if (logical.name === "decimal") return forms.decimalText(bytes, logical.scale);
    return logical.name === "duration" ? forms.durationText(bytes) : quote(forms.uuidText(bytes));
  };
  return (reader) => {
    const from = reader.skip(size);
    reader.out += toText(reader.bytes.subarray(from, reader.at));
  };
}

function primitiveReader({ kind, logical }: PrimitiveType, forms: LogicalTexts | undefined): Read {
  if (forms === undefined || logical === undefined) return readers[kind];
  if (logical.name === "decimal") {
    return (reader) => {
      const from = reader.skip(reader.length());
      reader.out += forms.decimalText(reader.bytes.subarray(from, reader.at), logical.scale);
    };
  }
  return (reader) => {
    reader.out += forms.timeText(logical, kind === "int" ? reader.int() : reader.long());
  };
}

const readers: Readonly<Record<PrimitiveType["kind"], Read>> = {
  null: (reader) => {
    reader.out += "null";
  },
  boolean: (reader) => {
    const byte = reader.byte();
    if (byte > 1) throw invalidAvro(`byte ${reader.at - 1} is ${byte}, and a boolean is 0 or 1`);
    reader.out += byte === 1 ? "true" : "false";
  },
  int: (reader) => {
    reader.out += reader.int();
  },
  long: (reader) => {
    reader.out += reader.long();
  },
  float: (reader) => {
    reader.out += floatText(reader.float());
  },
  double: (reader) => {
    reader.out += doubleText(reader.double());
  },
  bytes: (reader) => {
    reader.out += JSON.stringify(reader.latin1(reader.length()));
  },
  string: (reader) => {
    reader.out += reader.quotedText();
  },
};
