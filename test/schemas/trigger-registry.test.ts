/** Which registry a mapping asks on this machine, and as whom. */
import { expect, test } from "vitest";
import { createDeadline } from "../../lib/deadline.js";
import { confluentPrefix } from "../../lib/schemas/framing.js";
import type { Declaration } from "../../local/kafka-trigger/src/declaration/members.js";
import { readSchemaRegistry } from "../../local/kafka-trigger/src/plugin/schema-registry.js";
import { receiver } from "../support/targets/http-receivers.js";

const secret = "arn:aws:secretsmanager:eu-central-1:111111111111:secret:schemas-AbCdEf";

function declared(uri: unknown, accessConfigs?: readonly { readonly type: string; readonly uri: string }[]): Declaration {
  const schemaRegistryConfig = {
    schemaRegistryURI: uri,
    eventRecordFormat: "SOURCE",
    schemaValidationConfigs: [{ attribute: "KEY" }, { attribute: "VALUE" }],
    ...(accessConfigs === undefined ? {} : { accessConfigs }),
  };
  return { topic: "orders", schemaRegistryConfig } as unknown as Declaration;
}

const registry = () => receiver((response) => response.end('{"schema":"\\"long\\""}'));

async function ask(declaration: Declaration, settings: Parameters<typeof readSchemaRegistry>[2]) {
  const { schemas, faults } = readSchemaRegistry(declaration, "function orders: msk", settings);
  expect([faults, schemas?.format, schemas?.attributes]).toEqual([[], "SOURCE", ["key", "value"]]);
  const bytes = Buffer.concat([confluentPrefix(7), Buffer.of(2)]);
  return schemas?.deserializer.decode(bytes, [], "value", createDeadline(10_000));
}

test("the declared registry is asked with the content of its secret, as a map or as JSON", async () => {
  const login = { username: "me", password: "secret" };
  for (const content of [login, JSON.stringify(login)]) {
    const { url, seen } = await registry();
    await ask(declared(url, [{ type: "BASIC_AUTH", uri: secret }]), { secrets: { [secret]: content }, registryVariables: {} });
    expect(seen.map(({ headers }) => headers.authorization)).toEqual([`Basic ${Buffer.from("me:secret").toString("base64")}`]);
  }
});

test("without the content of its secret, it is asked without a login, as brokers are", async () => {
  const { url, seen } = await registry();
  await ask(declared(url, [{ type: "BASIC_AUTH", uri: secret }]), { secrets: {}, registryVariables: {} });
  expect(seen.map(({ headers }) => headers.authorization)).toEqual([undefined]);
});

test("SCHEMA_REGISTRY_URL names the registry of this machine instead, also where the declared one is known after the deployment only", async () => {
  const { url, seen } = await registry();
  const registryVariables = { SCHEMA_REGISTRY_URL: url, SCHEMA_REGISTRY_TOKEN: "t" };
  for (const uri of ["https://schemas.example.com", { Ref: "Registry" }]) await ask(declared(uri), { secrets: {}, registryVariables });
  expect(seen.map(({ headers }) => headers.authorization)).toEqual(["Bearer t", "Bearer t"]);
});

test.each([
  [declared({ Ref: "Registry" }), {}, "is known only after the deployment; set SCHEMA_REGISTRY_URL"],
  [
    declared("https://a.example.com", [{ type: "BASIC_AUTH", uri: secret }]),
    { [secret]: { username: "me" } },
    `custom.kafkaTrigger.secrets["${secret}"] lacks password, which BASIC_AUTH needs`,
  ],
])("what cannot be asked stops the start, without the content of a secret", (declaration, secrets, fault) => {
  const { faults } = readSchemaRegistry(declaration, "function orders: msk", { secrets, registryVariables: {} });
  expect(faults).toEqual([expect.stringContaining(fault)]);
  expect(faults[0]).toMatch(/^function orders: msk\.schemaRegistryConfig: /);
});

test("a registry of AWS Glue is opened by its ARN, and leaves records of other registries alone", () => {
  const { schemas, faults } = readSchemaRegistry(declared("arn:aws:glue:eu-west-1:111111111111:registry/shop"), "place", {
    secrets: {},
    registryVariables: { SCHEMA_REGISTRY_URL: "http://127.0.0.1:1" },
  });
  expect(faults).toEqual([]);
  expect(
    schemas?.deserializer.decode(Buffer.concat([confluentPrefix(7), Buffer.of(2)]), [], "value", createDeadline(1_000)),
  ).toBeUndefined();
});
