/** What roles may do for the schema registry, and no more. */
import { expect, test } from "vitest";
import type { FunctionNeeds } from "../../../local/build/deployment/needs.js";
import { glueStatements, registrySecrets, usesSchemas } from "../../../local/build/deployment/registry-access.js";

const settings = { schemaRegistryUrl: "", schemaRegistrySecret: "arn:secret", glueRegistry: "shop" };
const api = (may: FunctionNeeds["may"]): FunctionNeeds => ({ key: "f", may, route: undefined });
const route = (targetOptions: Readonly<Record<string, unknown>> = {}): FunctionNeeds => ({
  key: "r",
  may: [],
  route: {
    ...{ name: "r", order: "partition", targetKind: "topic", targetName: "t", targetOptions },
    ...{ sourceTopics: ["s"], groups: ["g"], deadLetterTopics: ["s.dead-letters"], secretReferences: [] },
  },
});

test("functions that produce, read and relay read schemas and the registry's secret; the others do not", () => {
  for (const needs of [api(["record:write"]), api(["record:read"]), route()]) {
    expect(usesSchemas(needs)).toBe(true);
    expect(glueStatements(needs, settings).map(({ Action }) => Action)).toEqual([["glue:GetSchemaVersion"]]);
    expect(registrySecrets(needs, settings)).toEqual(["arn:secret"]);
  }
  const topics = api(["topic:create", "service:describe"]);
  expect([glueStatements(topics, settings), registrySecrets(topics, settings)]).toEqual([[], []]);
});

test("only a route that encodes may register schemas, and only in its registry", () => {
  const [, registers] = glueStatements(route({ encode: {} }), settings);
  expect(registers?.Action).toEqual(["glue:CreateSchema", "glue:GetSchemaByDefinition", "glue:RegisterSchemaVersion"]);
  expect(JSON.stringify(registers?.Resource)).toMatch(/registry\/shop.*schema\/shop\/\*/);
});

test("without AWS Glue, no role has anything for it", () => {
  expect(glueStatements(route({ encode: {} }), { ...settings, glueRegistry: "" })).toEqual([]);
});
