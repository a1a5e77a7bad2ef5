/** JSON Schema: what fits, what does not and where, drafts, references, and schemas that would run for ever. */
import { describe, expect, test } from "vitest";
import { createJsonSchemaCodec, validateMsMax } from "../../../lib/schemas/json-schema/codec.js";
import { createValidationTime } from "../../../lib/schemas/validation-time.js";

const validate = (schema: unknown, json: string) => createJsonSchemaCodec(JSON.stringify(schema)).validate(json);
const evil = "^(a+)+$";
const evilValue = JSON.stringify(`${"a".repeat(40)}!`);

test("a value that fits passes, and one that does not is refused with its place", () => {
  const schema = { type: "object", properties: { lines: { type: "array", items: { required: ["sku"] } } }, additionalProperties: false };
  validate(schema, '{"lines":[{"sku":"a"}]}');
  expect(() => validate(schema, '{"lines":[{"sku":"a"},{}]}')).toThrow('#/lines/1 fails "required"');
  expect(() => validate(schema, '{"more":1}')).toThrow("does not fit its JSON schema");
  expect(() => validate(schema, "{")).toThrow("is not valid JSON");
});

test.each([
  ["http://json-schema.org/draft-04/schema#", { maximum: 5, exclusiveMaximum: true }, "5"],
  ["http://json-schema.org/draft-07/schema#", { dependencies: { a: ["b"] } }, '{"a":1}'],
  ["https://json-schema.org/draft/2019-09/schema", { dependentRequired: { a: ["b"] } }, '{"a":1}'],
  ["https://json-schema.org/draft/2020-12/schema", { prefixItems: [{ type: "string" }] }, "[1]"],
])("the draft %s has its own keywords", ($schema, schema, json) => {
  expect(() => validate({ $schema, ...schema }, json)).toThrow("does not fit its JSON schema");
});

test("references are found by the name that the registry knows", () => {
  const codec = createJsonSchemaCodec('{"properties":{"at":{"$ref":"place.json"},"b":{"$ref":"place.json#/definitions/b"}}}', [
    { name: "place.json", text: '{"type":"object","required":["city"],"definitions":{"b":{"type":"boolean"}}}' },
  ]);
  codec.validate('{"at":{"city":"Graz"},"b":true}');
  expect(() => codec.validate('{"at":{}}')).toThrow('#/at fails "required"');
  expect(() => codec.validate('{"b":1}')).toThrow('#/b fails "type"');
});

describe("a schema that is not valid says why", () => {
  const deep = (depth: number) => `${'{"not":'.repeat(depth)}true${"}".repeat(depth)}`;
  test.each([
    ["{", "it is not valid JSON"],
    ["[]", "it must be an object, true or false"],
    ['{"$schema":"urn:mine"}', "drafts 4, 6, 7, 2019-09 and 2020-12 are supported"],
    ['{"pattern":"("}', 'the pattern "(" at # is not a regular expression'],
    ['{"patternProperties":{"[":true}}', 'the pattern "[" at #'],
    ['{"$ref":"#/definitions/none"}', 'its reference "#/definitions/none" leads nowhere'],
    [deep(300), "nested deeper than 200 levels"],
    [`{"description":"${"x".repeat(1_100_000)}"}`, "at most 1048576 are accepted"],
  ])("%#", (text, message) => {
    expect(() => createJsonSchemaCodec(text)).toThrow(message);
  });
});

test("a keyword whose value is of a wrong kind is the schema's fault", () => {
  expect(() => validate({ allOf: 5, properties: { a: null } }, '{"a":1}')).toThrow("The JSON schema is not valid");
});

describe("a schema of a stranger cannot keep the function busy", () => {
  const exponential = {
    $ref: "#/definitions/d0",
    definitions: Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => {
        const next = index === 39 ? { type: "string" } : { $ref: `#/definitions/d${index + 1}` };
        return [`d${index}`, { allOf: [next, next] }];
      }),
    ),
  };

  test.each([
    ["a pattern that backtracks", { pattern: evil }, evilValue],
    ["a name's pattern that backtracks", { patternProperties: { [evil]: true } }, `{${evilValue}:1}`],
    ["references that multiply", exponential, '"a"'],
    ["unique items, all of them objects", { uniqueItems: true }, JSON.stringify(Array.from({ length: 20_000 }, (_, index) => ({ index })))],
  ])("%s", (_, schema, json) => {
    expect(() => validate(schema, json)).toThrow(`it takes more than ${validateMsMax} ms`);
  });

  test("references that lead to themselves", () => {
    expect(() => validate({ $ref: "#/definitions/a", definitions: { a: { $ref: "#/definitions/a" } } }, "1")).toThrow(
      /refers to itself without an end|it takes more than/,
    );
  });

  test("the values of one request share a limit, and others are not affected", () => {
    const codec = createJsonSchemaCodec(JSON.stringify({ pattern: evil }));
    const time = createValidationTime();
    const refusals = Array.from({ length: 200 }, () => {
      try {
        codec.validate(evilValue, time);
        return "";
      } catch (thrown) {
        return (thrown as Error).message;
      }
    });

    expect(refusals.filter((message) => message.includes("it takes more than")).length).toBeLessThanOrEqual(12);
    expect(refusals.at(-1)).toContain("its request has spent the 1000 ms");
    codec.validate('"aaa"');
  });
});
