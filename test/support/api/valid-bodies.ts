/** Values that a JSON schema allows, for property tests and, with places in them spoilt, for the fuzzer. */
import fc from "fast-check";
import type { GenericSchema } from "valibot";
import { toSchema } from "../../../lib/http/openapi.js";

export type JsonSchema = Readonly<Record<string, unknown>>;

export interface Makers {
  /** What stands at a place inside, by its schema. */
  readonly inside: (schema: JsonSchema) => fc.Arbitrary<unknown>;
  readonly text: fc.Arbitrary<string>;
  readonly number: fc.Arbitrary<number>;
  /** Where the schema allows everything. */
  readonly anything: fc.Arbitrary<unknown>;
}

const valid: Makers = {
  inside: (schema) => fitting(schema, valid),
  text: fc.string({ unit: "grapheme", maxLength: 20 }),
  number: fc.nat(100_000),
  anything: fc.jsonValue({ maxDepth: 3 }),
};

// biome-ignore lint/suspicious/noExplicitAny: the shape is the schema's.
export function validBodies(schema: GenericSchema): fc.Arbitrary<any> {
  return fitting(toSchema(schema, "input") as JsonSchema, valid);
}

/** What a schema allows, made of what `makers` make of its parts. */
export function fitting(schema: JsonSchema, makers: Makers): fc.Arbitrary<unknown> {
  if ("const" in schema) return fc.constant(schema.const);
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
  const choices = (schema.anyOf ?? schema.oneOf) as readonly JsonSchema[] | undefined;
  if (choices !== undefined) return fc.oneof(...choices.map(makers.inside));
  switch (schema.type) {
    case "object":
      return fittingObject(schema, makers);
    case "array":
      return fc.array(makers.inside((schema.items ?? {}) as JsonSchema), { minLength: Number(schema.minItems ?? 0), maxLength: 3 });
    case "string":
      if (schema.format === "date-time") return fc.constantFrom("2026-01-31T12:00:00Z", "1999-12-31T23:59:59.999+02:00");
      if (schema.description === "base64") return fc.base64String({ maxLength: 20 });
      return makers.text.filter((text) => text.length >= Number(schema.minLength ?? 0));
    case "integer":
    case "number":
      return makers.number.map((number) => Math.max(number, Number(schema.minimum ?? number)));
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    default:
      return makers.anything;
  }
}

function fittingObject({ properties = {}, required = [] }: JsonSchema, makers: Makers): fc.Arbitrary<object> {
  const members = Object.entries(properties as Readonly<Record<string, JsonSchema>>);
  return fc.record(Object.fromEntries(members.map(([name, member]) => [name, makers.inside(member)])), {
    requiredKeys: required as never[],
  });
}
