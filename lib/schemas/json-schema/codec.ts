/** JSON Schema: a value is validated and written as it was sent. Drafts 4, 7, 2019-09 and 2020-12; bounded in time for schemas and values from strangers. */
import { dereference, type Schema, type SchemaDraft, validate as validateBySchema } from "@cfworker/json-schema";
import { RelayError } from "../../errors.js";
import { parsePlainJson } from "../../json/read.js";
import { TimeLimitReached, withinTime } from "../time-limit.js";
import { createValidationTime, requestMsMax, type ValidationTime } from "../validation-time.js";

interface JsonSchemaReference {
  /** What `$ref` calls it. */
  readonly name: string;
  readonly text: string;
}

interface JsonSchemaCodec {
  /** Throws `record-undecodable` with the place of what does not fit, or where validation takes too long. */
  readonly validate: (json: string, time?: ValidationTime) => void;
}

type Json = Readonly<Record<string, unknown>>;

const schemaCharactersMax = 1_048_576;
const schemaDepthMax = 200;
/** One value may take so long. */
export const validateMsMax = 100;
/** Keywords of the schema times characters of the value: below it, validation without the keywords that may loop is fast. */
const quickWorkMax = 2_000_000;
const shownProblemsMax = 3;

/** Keywords whose cost is not bounded by the sizes of schema and value together. */
const slowKeywords: ReadonlySet<string> = new Set([
  "pattern",
  "patternProperties",
  "format",
  "uniqueItems",
  "$ref",
  "$recursiveRef",
  "$dynamicRef",
]);

/** Throws `schema-invalid`. */
export function createJsonSchemaCodec(text: string, references: readonly JsonSchemaReference[] = []): JsonSchemaCodec {
  const characters = references.reduce((sum, reference) => sum + reference.text.length, text.length);
  if (characters > schemaCharactersMax) {
    throw invalid(`it has ${characters} characters with its references, and at most ${schemaCharactersMax} are accepted`);
  }
  const schema = parseSchema(text, "it");
  const check = new SchemaCheck();
  check.walk(schema, "#", 0);
  const validator: Validator = { schema, draft: draftOf(schema), lookup: lookupOf(schema) };
  for (const { name, text: referenced } of references) {
    const parsed = parseSchema(referenced, `its reference ${JSON.stringify(name)}`);
    check.walk(parsed, name, 0);
    if (parsed !== true && parsed !== false) addReference(validator, parsed, name);
  }
  assertReferences(validator, check);
  return { validate: (json, time) => validate(validator, check, json, time) };
}

function parseSchema(text: string, which: string): Json | boolean {
  let parsed: unknown;
  try {
    parsed = parsePlainJson(text);
  } catch (cause) {
    throw invalid(`${which} is not valid JSON, or nested too deep`, cause);
  }
  if (typeof parsed === "boolean") return parsed;
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed as Json;
  throw invalid(`${which} must be an object, true or false`);
}

interface Validator {
  readonly schema: Json | boolean;
  readonly draft: SchemaDraft;
  /** Every schema in it by its absolute URI. */
  readonly lookup: Record<string, Schema | boolean>;
}

function lookupOf(schema: Json | boolean): Validator["lookup"] {
  try {
    return dereference(schema as Schema | boolean);
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message.slice(0, 200).replace(/\.$/, "") : "it cannot be read", cause);
  }
}

function addReference(validator: Validator, schema: Json, name: string): void {
  try {
    // By the name that the registry knows, and by the schema's own id.
    dereference({ ...schema, $id: name }, validator.lookup);
    if (typeof schema.$id === "string" && schema.$id !== name) dereference(schema as Schema, validator.lookup);
  } catch (cause) {
    throw invalid(`its reference ${JSON.stringify(name)} cannot be read`, cause);
  }
}

/** Without `$schema` it is draft 7, as for Confluent's registry. */
function draftOf(schema: Json | boolean): SchemaDraft {
  const given = typeof schema === "object" && typeof schema.$schema === "string" ? schema.$schema : "draft-07";
  const known: readonly (readonly [name: string, draft: SchemaDraft])[] = [
    ["draft-04", "4"],
    ["draft-06", "7"],
    ["draft-07", "7"],
    ["2019-09", "2019-09"],
    ["2020-12", "2020-12"],
  ];
  const found = known.find(([name]) => given.includes(name));
  if (found !== undefined) return found[1];
  throw invalid(`its $schema is ${JSON.stringify(given.slice(0, 100))}, and drafts 4, 6, 7, 2019-09 and 2020-12 are supported`);
}

/** What is wrong with a schema before any value is seen, and what its values may cost. */
class SchemaCheck {
  keywords = 0;
  isSlow = false;

  walk(schema: unknown, place: string, depth: number): void {
    if (depth > schemaDepthMax) throw invalid(`it is nested deeper than ${schemaDepthMax} levels`);
    if (Array.isArray(schema)) for (const [index, one] of schema.entries()) this.walk(one, `${place}/${index}`, depth + 1);
    else if (typeof schema === "object" && schema !== null) this.#members(schema as Json, place, depth);
  }

  #members(schema: Json, place: string, depth: number): void {
    for (const [name, member] of Object.entries(schema)) {
      this.keywords++;
      this.isSlow ||= slowKeywords.has(name);
      if (name === "pattern" && typeof member === "string") assertPattern(member, place);
      if (name === "patternProperties" && typeof member === "object" && member !== null) {
        for (const pattern of Object.keys(member)) assertPattern(pattern, place);
      }
      // Values, not schemas: whatever they hold means nothing.
      if (name !== "const" && name !== "enum" && name !== "default" && name !== "examples")
        this.walk(member, `${place}/${name}`, depth + 1);
    }
  }
}

function assertPattern(pattern: string, place: string): void {
  try {
    new RegExp(pattern, "u");
  } catch (cause) {
    throw invalid(
      `the pattern ${JSON.stringify(pattern.slice(0, 100))} at ${place.slice(0, 200)} is not a regular expression of ECMA-262`,
      cause,
    );
  }
}

/** A reference that leads nowhere would be found by the first value that needs it, as an error of ours. */
function assertReferences({ lookup }: Validator, check: SchemaCheck): void {
  if (!check.isSlow) return;
  for (const schema of Object.values(lookup)) {
    if (typeof schema === "boolean") continue;
    const target = schema.__absolute_ref__ ?? schema.$ref;
    if (target !== undefined && lookup[target] === undefined) {
      throw invalid(`its reference ${JSON.stringify(String(schema.$ref).slice(0, 200))} leads nowhere`);
    }
  }
}

function validate(validator: Validator, check: SchemaCheck, json: string, time: ValidationTime = createValidationTime()): void {
  const value = parseValue(json);
  const { schema, draft, lookup } = validator;
  const run = () => validateBySchema(value, schema as Schema | boolean, draft, lookup, true);
  const isQuick = !check.isSlow && check.keywords * json.length <= quickWorkMax;
  const { valid, errors } = isQuick ? runSound(run) : runLimited(() => runSound(run), time);
  if (valid) return;
  const problems = errors
    .filter(({ error }) => !/ subschema had errors|does not match/.test(error) || errors.length === 1)
    .slice(-shownProblemsMax)
    .map(({ instanceLocation, keyword }) => `${instanceLocation.slice(0, 200)} fails "${keyword}"`);
  throw new RelayError("record-undecodable", `The value does not fit its JSON schema: ${problems.join("; ") || "it is not valid"}.`);
}

/** Keywords with values of a wrong kind are found when they are used. */
function runSound<Result>(run: () => Result): Result {
  try {
    return run();
  } catch (cause) {
    throw cause instanceof TypeError ? invalid("the value of a keyword is of a wrong kind", cause) : cause;
  }
}

function runLimited<Result>(run: () => Result, time: ValidationTime): Result {
  const limitMs = Math.ceil(Math.min(validateMsMax, time.leftMs));
  if (limitMs <= 0) {
    throw slow(`its request has spent the ${requestMsMax} ms that validation may take`);
  }
  const startedMs = performance.now();
  try {
    return withinTime(limitMs, run);
  } catch (thrown) {
    if (thrown instanceof TimeLimitReached) {
      time.leftMs -= performance.now() - startedMs;
      throw slow(`it takes more than ${limitMs} ms; simplify the schema's patterns and references`);
    }
    if (thrown instanceof RangeError)
      throw new RelayError("record-undecodable", "The value cannot be validated: its JSON schema refers to itself without an end.");
    throw thrown;
  }
}

function slow(why: string): RelayError {
  return new RelayError("record-undecodable", `The value cannot be validated against its JSON schema: ${why}.`);
}

function parseValue(json: string): unknown {
  try {
    return parsePlainJson(json);
  } catch (thrown) {
    throw thrown instanceof SyntaxError ? new RelayError("record-undecodable", "The value is not valid JSON.") : thrown;
  }
}

function invalid(why: string, cause?: unknown): RelayError {
  return new RelayError("schema-invalid", `The JSON schema is not valid: ${why}.`, cause === undefined ? {} : { cause });
}
