/** Avro schemas and values of them for fast-check: every type, nested, recursive, with tagged unions, so that other implementations can be asked the same. */
import fc from "fast-check";

interface AvroCase {
  readonly schema: unknown;
  /** Avro-JSON; numbers beyond 2^53 as bigints. */
  readonly values: readonly unknown[];
}

interface AvroCaseOptions {
  /** Numbers of all 64 bits; else of 52. */
  readonly wideLongs: boolean;
}

type Shape =
  | { readonly kind: "null" | "boolean" | "int" | "long" | "float" | "double" | "bytes" | "string" }
  | { readonly kind: "enum"; readonly symbols: number }
  | { readonly kind: "fixed"; readonly size: number }
  | { readonly kind: "array" | "map"; readonly of: Shape }
  | { readonly kind: "union"; readonly of: readonly Shape[] }
  | { readonly kind: "record"; readonly of: readonly Shape[]; readonly isRecursive: boolean; readonly isSpaced: boolean };

const leaf: fc.Arbitrary<Shape> = fc.oneof(
  fc.constantFrom("null", "boolean", "int", "long", "float", "double", "bytes", "string").map((kind): Shape => ({ kind: kind as "null" })),
  fc.record({ kind: fc.constant("enum" as const), symbols: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant("fixed" as const), size: fc.integer({ min: 1, max: 5 }) }),
);

const numbers = ["int", "long", "float", "double"];

/** One number and one of record and map: other implementations choose among values that carry no tag. */
function isUnambiguous(shapes: readonly Shape[]): boolean {
  const classes = shapes.map(({ kind }) => (numbers.includes(kind) ? "number" : kind === "map" ? "record" : kind));
  return new Set(classes).size === classes.length && shapes.every(({ kind }) => kind !== "union");
}

const { shape } = fc.letrec<{ shape: Shape }>((tie) => ({
  shape: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.record({ kind: fc.constantFrom("array" as const, "map" as const), of: tie("shape") }),
    fc.record({
      kind: fc.constant("record" as const),
      of: fc.array(tie("shape"), { maxLength: 5 }),
      isRecursive: fc.boolean(),
      isSpaced: fc.boolean(),
    }),
    fc
      .array(tie("shape"), { minLength: 1, maxLength: 4 })
      .filter(isUnambiguous)
      .map((of): Shape => ({ kind: "union", of })),
  ),
}));

const text = fc.string({ unit: "grapheme-composite", maxLength: 30 });
const byteText = (size: { minLength: number; maxLength: number }) =>
  fc.array(fc.integer({ min: 0, max: 255 }), size).map((codes) => String.fromCharCode(...codes));

/** Names its types one after another, so that all are different. */
class Namer {
  #count = 0;
  next(letter: string): string {
    this.#count += 1;
    return `${letter}${this.#count}`;
  }
}

interface Made {
  readonly schema: unknown;
  readonly tag: string;
  readonly value: fc.Arbitrary<unknown>;
}

function make(given: Shape, namer: Namer, namespace: string, options: AvroCaseOptions): Made {
  const full = (name: string) => (namespace === "" ? name : `${namespace}.${name}`);
  switch (given.kind) {
    case "enum": {
      const name = namer.next("E");
      const symbols = Array.from({ length: given.symbols }, (_, index) => `${name}_${index}`);
      return { schema: { type: "enum", name, symbols }, tag: full(name), value: fc.constantFrom(...symbols) };
    }
    case "fixed": {
      const name = namer.next("F");
      const { size } = given;
      return { schema: { type: "fixed", name, size }, tag: full(name), value: byteText({ minLength: size, maxLength: size }) };
    }
    case "array": {
      const items = make(given.of, namer, namespace, options);
      return { schema: { type: "array", items: items.schema }, tag: "array", value: fc.array(items.value, { maxLength: 4 }) };
    }
    case "map": {
      const values = make(given.of, namer, namespace, options);
      const entries = fc.uniqueArray(fc.tuple(text, values.value), { maxLength: 4, selector: ([key]) => key });
      return {
        schema: { type: "map", values: values.schema },
        tag: "map",
        value: entries.map((list) => Object.fromEntries(list.filter(([key]) => key !== "__proto__"))),
      };
    }
    case "union": {
      const branches = given.of.map((branch) => make(branch, namer, namespace, options));
      const value = fc.oneof(
        ...branches.map((branch) => (branch.tag === "null" ? fc.constant(null) : branch.value.map((inner) => ({ [branch.tag]: inner })))),
      );
      return { schema: branches.map((branch) => branch.schema), tag: "union", value };
    }
    case "record":
      return makeRecord(given, namer, namespace, options);
    default:
      return { schema: given.kind, tag: given.kind, value: scalar(given.kind, options) };
  }
}

function makeRecord(given: Extract<Shape, { kind: "record" }>, namer: Namer, outer: string, options: AvroCaseOptions): Made {
  const name = namer.next("R");
  const namespace = given.isSpaced ? `org.n${name.toLowerCase()}` : outer;
  const tag = namespace === "" ? name : `${namespace}.${name}`;
  const fields = given.of.map((field) => ({ name: namer.next("f"), ...make(field, namer, namespace, options) }));
  const next = namer.next("next");
  const members: Record<string, fc.Arbitrary<unknown>> = Object.fromEntries(fields.map((field) => [field.name, field.value]));
  const plain = fc.record(members);
  // One level of itself is enough to try the reference; deeper ones repeat it.
  const value = given.isRecursive
    ? fc.record({ ...members, [next]: fc.option(fc.record({ ...members, [next]: fc.constant(null) }).map((inner) => ({ [tag]: inner }))) })
    : plain;
  const list = fields.map((field) => ({ name: field.name, type: field.schema }));
  const schema = {
    type: "record",
    name,
    ...(given.isSpaced ? { namespace } : {}),
    fields: given.isRecursive ? [...list, { name: next, type: ["null", name] }] : list,
  };
  return { schema, tag, value };
}

function scalar(kind: string, { wideLongs }: AvroCaseOptions): fc.Arbitrary<unknown> {
  switch (kind) {
    case "null":
      return fc.constant(null);
    case "boolean":
      return fc.boolean();
    case "int":
      return fc.integer();
    case "long":
      return wideLongs ? fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) : fc.integer({ min: -(2 ** 52), max: 2 ** 52 }); // avsc rounds beyond
    case "float":
      return fc.float({ noNaN: true, noDefaultInfinity: true });
    case "double":
      return fc.double({ noNaN: true, noDefaultInfinity: true });
    case "bytes":
      return byteText({ minLength: 0, maxLength: 20 });
    default:
      return text;
  }
}

/** A schema with some values of it. */
export function avroCase(options: AvroCaseOptions): fc.Arbitrary<AvroCase> {
  return shape
    .map((given) => make(given, new Namer(), "", options))
    .chain(({ schema, value }) => fc.array(value, { minLength: 1, maxLength: 4 }).map((values) => ({ schema, values })));
}
