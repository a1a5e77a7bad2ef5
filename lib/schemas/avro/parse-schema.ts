/** Schema text to types: names, namespaces, aliases, references and recursion, bounded for schemas from strangers. */
import { RelayError } from "../../errors.js";
import { parseJson } from "../../json/read.js";
import { logicalOf } from "./logical-types.js";
import {
  type AvroType,
  type EnumType,
  type Field,
  type FixedType,
  type PrimitiveKind,
  primitives,
  type RecordType,
  schemaCharactersMax,
  schemaDepthMax,
  schemaTypesMax,
  tagOf,
  type UnionType,
} from "./schema.js";

const namePattern = /^[\p{L}_][\p{L}\p{Nd}_]*$/u;
const fixedBytesMax = 16 * 1_048_576;

/**
 * Parses a schema; the texts of its references come first, each before those that use it. Throws `schema-invalid` with the place in the schema.
 */
export function parseAvroSchema(text: string, references: readonly string[] = []): AvroType {
  const characters = references.reduce((sum, reference) => sum + reference.length, text.length);
  if (characters > schemaCharactersMax) {
    throw invalid(`it has ${characters} characters with its references, and at most ${schemaCharactersMax} are accepted`);
  }
  const parser = new SchemaParser();
  for (const reference of references) parser.parse(toJson(reference), "", "a reference");
  return parser.parse(toJson(text), "", "the schema");
}

function toJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    throw cause instanceof SyntaxError ? invalid("it is not valid JSON", cause) : invalid("it is nested too deep", cause);
  }
}

function invalid(why: string, cause?: unknown): RelayError {
  return new RelayError("schema-invalid", `The Avro schema is not valid: ${why}.`, cause === undefined ? {} : { cause });
}

type Json = Readonly<Record<string, unknown>>;

class SchemaParser {
  readonly #named = new Map<string, AvroType>();
  #types = 0;
  #depth = 0;

  parse(json: unknown, namespace: string, place: string): AvroType {
    if (++this.#types > schemaTypesMax) throw invalid(`it has more than ${schemaTypesMax} types`);
    if (++this.#depth > schemaDepthMax) throw invalid(`its types are nested deeper than ${schemaDepthMax} levels`);
    const type = this.#parse(json, namespace, place);
    this.#depth--;
    return type;
  }

  #parse(json: unknown, namespace: string, place: string): AvroType {
    if (typeof json === "string") return this.#byName(json, namespace, place);
    if (Array.isArray(json)) return this.#union(json, namespace, place);
    if (typeof json !== "object" || json === null) throw invalid(`${place} must be a type's name, an object or a list of types`);
    const object = json as Json;
    switch (object.type) {
      case "record":
      case "error":
        return this.#record(object, namespace, place);
      case "enum":
        return this.#enum(object, namespace, place);
      case "fixed":
        return this.#fixed(object, namespace, place);
      case "array":
        return { kind: "array", items: this.parse(object.items, namespace, `the items of ${place}`) };
      case "map":
        return { kind: "map", values: this.parse(object.values, namespace, `the values of ${place}`) };
      default:
        break;
    }
    const inner = this.parse(object.type, namespace, place);
    return isPrimitive(inner.kind) ? { kind: inner.kind, logical: logicalOf(object, inner.kind) } : inner;
  }

  #byName(name: string, namespace: string, place: string): AvroType {
    if (isPrimitive(name)) return { kind: name };
    const type = this.#named.get(toFullName(name, namespace)) ?? this.#named.get(name);
    if (type === undefined) throw invalid(`${place} names the type ${JSON.stringify(name)}, which is not defined before it`);
    return type;
  }

  #union(list: readonly unknown[], namespace: string, place: string): UnionType {
    const branches = list.map((branch, index) => this.parse(branch, namespace, `branch ${index + 1} of ${place}`));
    const tags = new Set<string>();
    for (const branch of branches) {
      if (branch.kind === "union") throw invalid(`${place} holds a union as a branch`);
      const tag = tagOf(branch);
      if (tags.has(tag)) throw invalid(`${place} has two branches of the type ${JSON.stringify(tag)}`);
      tags.add(tag);
    }
    if (branches.length === 0) throw invalid(`${place} is a union without branches`);
    return { kind: "union", branches };
  }

  #record(json: Json, namespace: string, place: string): RecordType {
    const { name, aliases, inside } = this.#name(json, namespace, place);
    const record: RecordType = { kind: "record", name, aliases, fields: [] };
    this.#define(record);
    if (!Array.isArray(json.fields)) throw invalid(`the record ${name} must have a list of fields`);
    const names = new Set<string>();
    record.fields = json.fields.map((given: unknown): Field => {
      if (typeof given !== "object" || given === null) throw invalid(`a field of the record ${name} is not an object`);
      const field = given as Json;
      if (typeof field.name !== "string" || !namePattern.test(field.name)) throw invalid(`a field of the record ${name} has no valid name`);
      if (names.has(field.name)) throw invalid(`the record ${name} has two fields ${JSON.stringify(field.name)}`);
      names.add(field.name);
      const type = this.parse(field.type, inside, `the field ${name}.${field.name}`);
      return { name: field.name, aliases: textsOf(field.aliases), type, defaultValue: field.default };
    });
    return record;
  }

  #enum(json: Json, namespace: string, place: string): EnumType {
    const { name, aliases } = this.#name(json, namespace, place);
    const symbols = textsOf(json.symbols);
    if (!Array.isArray(json.symbols) || symbols.length !== json.symbols.length || !symbols.every((symbol) => namePattern.test(symbol))) {
      throw invalid(`the enum ${name} must have a list of symbols, each a name`);
    }
    if (new Set(symbols).size !== symbols.length) throw invalid(`the enum ${name} has a symbol twice`);
    const defaultSymbol = json.default;
    if (defaultSymbol !== undefined && !symbols.includes(defaultSymbol as string)) {
      throw invalid(`the default of the enum ${name} is not one of its symbols`);
    }
    return this.#define({ kind: "enum", name, aliases, symbols, defaultSymbol: defaultSymbol as string | undefined });
  }

  #fixed(json: Json, namespace: string, place: string): FixedType {
    const { name, aliases } = this.#name(json, namespace, place);
    const { size } = json;
    if (typeof size !== "number" || !Number.isInteger(size) || size < 0 || size > fixedBytesMax) {
      throw invalid(`the size of the fixed type ${name} must be a whole number from 0 to ${fixedBytesMax}`);
    }
    return this.#define({ kind: "fixed", name, aliases, size, logical: logicalOf(json, "fixed", size) });
  }

  #name(json: Json, namespace: string, place: string): { name: string; aliases: readonly string[]; inside: string } {
    if (typeof json.name !== "string") throw invalid(`${place} is a ${String(json.type)} without a name`);
    const own = typeof json.namespace === "string" ? json.namespace : namespace;
    const name = toFullName(json.name, own);
    const dot = name.lastIndexOf(".");
    if (!namePattern.test(name.slice(dot + 1))) throw invalid(`${JSON.stringify(json.name)} is not a valid name of a type`);
    const inside = dot < 0 ? "" : name.slice(0, dot);
    return { name, aliases: textsOf(json.aliases).map((alias) => toFullName(alias, inside)), inside };
  }

  #define<Type extends RecordType | EnumType | FixedType>(type: Type): Type {
    if (isPrimitive(type.name)) throw invalid(`a type cannot be named ${JSON.stringify(type.name)}`);
    if (this.#named.has(type.name)) throw invalid(`the type ${type.name} is defined twice`);
    this.#named.set(type.name, type);
    return type;
  }
}

function toFullName(name: string, namespace: string): string {
  return name.includes(".") || namespace === "" ? name.replace(/^\./, "") : `${namespace}.${name}`;
}

function isPrimitive(kind: string): kind is PrimitiveKind {
  return (primitives as readonly string[]).includes(kind);
}

function textsOf(given: unknown): readonly string[] {
  return Array.isArray(given) ? given.filter((one): one is string => typeof one === "string") : [];
}
