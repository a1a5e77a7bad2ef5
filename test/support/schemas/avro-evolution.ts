/** A writer's Avro schema, values of it, and a reader's schema that grew out of it: fields that are new, gone, renamed or in another order, types that are promoted, unions, enums. */
import fc from "fast-check";
import { avroCase } from "./avro-schemas.js";

interface EvolutionCase {
  readonly writer: unknown;
  readonly reader: unknown;
  readonly values: readonly unknown[];
}

type Json = Readonly<Record<string, unknown>>;

const promotions: Readonly<Record<string, readonly string[]>> = {
  int: ["long", "float", "double", "int"],
  // As a float or double a number of 64 bits is rounded, by each implementation at another step.
  long: ["long"],
  float: ["double", "float"],
  string: ["bytes", "string"],
};

/** New fields with their defaults, in the form that a schema has them. */
const additions: readonly Json[] = [
  { type: "int", default: 7 },
  { type: "string", default: "new" },
  { type: ["null", "long"], default: null },
  { type: { type: "array", items: "int" }, default: [1, 2] },
  { type: { type: "map", values: "boolean" }, default: { a: true } },
  { type: "bytes", default: "\u00ff" },
  { type: "double", default: 1.5 },
];

/** Deals out the numbers that decide what changes, over and over. */
class Dice {
  readonly #numbers: readonly number[];
  #at = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  below(count: number): number {
    return (this.#numbers[this.#at++ % this.#numbers.length] as number) % count;
  }
}

function evolve(schema: unknown, dice: Dice): unknown {
  if (Array.isArray(schema)) return evolveUnion(schema, dice);
  if (typeof schema === "string") return wrapped(promoted(schema, dice), dice);
  const type = schema as Json;
  switch (type.type) {
    case "record":
      return evolveRecord(type, dice);
    case "array":
      return { ...type, items: evolve(type.items, dice) };
    case "map":
      return { ...type, values: evolve(type.values, dice) };
    case "enum":
      return evolveEnum(type, dice);
    default:
      return type;
  }
}

function promoted(kind: string, dice: Dice): string {
  const choices = promotions[kind];
  return choices === undefined || dice.below(2) === 0 ? kind : (choices[dice.below(choices.length)] as string);
}

function wrapped(kind: string, dice: Dice): unknown {
  return kind === "null" || dice.below(4) > 0 ? kind : ["null", kind];
}

/** Another order, and sometimes a new branch. Its branches stay: a value of one that is gone could not be read. */
function evolveUnion(branches: readonly unknown[], dice: Dice): unknown {
  const order = dice.below(2) === 0 ? branches : [...branches].reverse();
  return dice.below(3) === 0 && !branches.includes("boolean") ? [...order, "boolean"] : order;
}

function evolveRecord(record: Json, dice: Dice): Json {
  const fields = (record.fields as readonly Json[]).flatMap((field): readonly Json[] => {
    switch (dice.below(8)) {
      case 0:
        return [];
      case 1:
        return [{ ...field, name: `${field.name}_renamed`, aliases: [field.name], type: evolve(field.type, dice) }];
      default:
        return [{ ...field, type: isNamed(field.type) ? field.type : evolve(field.type, dice) }];
    }
  });
  const order = dice.below(3) === 0 ? [...fields].reverse() : fields;
  const added = dice.below(2) === 0 ? [] : [{ name: `added${dice.below(1000)}`, ...(additions[dice.below(additions.length)] as Json) }];
  return { ...record, fields: dice.below(2) === 0 ? [...order, ...added] : [...added, ...order] };
}

/** A reference to a type that is defined before it. */
function isNamed(type: unknown): boolean {
  return typeof type === "string" && /^[A-Z]/.test(type);
}

function evolveEnum(type: Json, dice: Dice): Json {
  const symbols = type.symbols as readonly string[];
  if (dice.below(2) === 0) return { ...type, symbols: [...symbols, `${type.name}_more`] };
  // Without its default, a symbol that is gone could not be read.
  return { ...type, symbols: [`${type.name}_other`, ...symbols.slice(1)], default: `${type.name}_other` };
}

/** Java takes the branch of the same type, and avsc the first that the type can become. */
function hasTextAndBytes(schema: unknown): boolean {
  if (typeof schema !== "object" || schema === null) return false;
  if (Array.isArray(schema) && schema.includes("bytes") && schema.includes("string")) return true;
  return Object.values(schema).some(hasTextAndBytes);
}

export const evolutionCase: fc.Arbitrary<EvolutionCase> = fc
  .tuple(avroCase({ wideLongs: false }), fc.array(fc.nat(), { minLength: 30, maxLength: 30 }))
  .map(([{ schema, values }, numbers]) => ({ writer: schema, reader: evolve(schema, new Dice(numbers)), values }))
  .filter(({ writer }) => !hasTextAndBytes(writer));
