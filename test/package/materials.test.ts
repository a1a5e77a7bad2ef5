/** The bundled packages are listed: a bill of materials, with licences that let us. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Validation } from "@cyclonedx/cyclonedx-library";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bundle, bundleFunctions } from "../../local/build/bundle.js";
import { writeMaterials } from "../../local/build/materials.js";
import { projectFolder } from "../../local/build/service-map.js";

/** They ask for their notice to go along, and for nothing else (https://spdx.org/licenses). */
const permissive = ["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"];

interface Component {
  readonly name: string;
  readonly version: string | undefined;
  readonly purl: string | undefined;
  readonly scope?: string;
  readonly licenses: readonly [{ readonly license?: { readonly id: string }; readonly expression?: string }];
  readonly properties: readonly { readonly name: string; readonly value: string }[];
}

let folder: string;
let bundles: readonly Bundle[];
let bom: { readonly bomFormat: string; readonly specVersion: string; readonly components: readonly Component[] };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kafka-relay-materials-"));
  bundles = await bundleFunctions(folder);
  writeMaterials(bundles, folder);
  bom = JSON.parse(readFileSync(join(folder, "sbom.cdx.json"), "utf8"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("it is valid by CycloneDX's own strict schema", async () => {
  const validator = new Validation.JsonStrictValidator("1.6" as ConstructorParameters<typeof Validation.JsonStrictValidator>[0]);

  expect(await validator.validate(readFileSync(join(folder, "sbom.cdx.json"), "utf8"))).toBeNull();
  expect(await validator.validate(JSON.stringify({ ...bom, components: [{ type: "library" }] }))).not.toBeNull();
});

test("clients of the AWS SDK that the runtime has are listed without a version, as not delivered, with the functions that use them", () => {
  const fromRuntime = bom.components.filter(({ scope }) => scope === "excluded");

  expect(fromRuntime.map(({ name }) => name)).toEqual(expect.arrayContaining(["@aws-sdk/client-kafka", "@aws-sdk/client-secrets-manager"]));
  for (const { name, version, purl, properties } of fromRuntime) {
    expect({ name, version, purl }).toEqual({ name: expect.stringMatching(/^@(aws-sdk|smithy)\//), version: undefined, purl: undefined });
    expect(
      properties.some((one) => one.name === "kafka-relay:function"),
      name,
    ).toBe(true);
  }
});

test("what is loaded on demand is listed too", () => {
  const functionsOf = (name: string) => bom.components.find((one) => one.name === name)?.properties.map(({ value }) => value) ?? [];

  expect(functionsOf("protobufjs")).toContain("produce");
  expect(functionsOf("jose")).toContain("service");
});

test("every package that is in a bundle is a component, with its exact version and the functions it is in", () => {
  expect([bom.bomFormat, bom.specVersion]).toEqual(["CycloneDX", "1.6"]);
  for (const { key, packages } of bundles) {
    for (const { name } of packages.filter((one) => one.folder !== "")) {
      const component = bom.components.find((one) => one.name === name && one.properties.some(({ value }) => value === key));
      expect(component?.version, `${name} in ${key}`).toMatch(/^\d+\.\d+\.\d+/);
      expect(component?.purl).toBe(`pkg:npm/${name.replace("@", "%40")}@${component?.version}`);
    }
  }
});

test("what is pinned is what is bundled", () => {
  const { dependencies } = JSON.parse(readFileSync(join(projectFolder, "package.json"), "utf8"));

  expect(bom.components.find(({ name }) => name === "kafkajs")?.version).toBe(dependencies.kafkajs);
  expect(bom.components.find(({ name }) => name === "valibot")?.version).toBe(dependencies.valibot);
});

test("every licence is a permissive one, and its text goes along", () => {
  const notices = readFileSync(join(folder, "licenses.txt"), "utf8");

  for (const { name, version, licenses, scope } of bom.components) {
    expect(permissive, name).toContain(licenses[0].license?.id);
    if (scope !== "excluded") expect(notices).toContain(`${name} ${version} (`);
  }
});

test("the same code has the same bill", () => {
  const first = readFileSync(join(folder, "sbom.cdx.json"), "utf8");
  writeMaterials([...bundles].reverse(), folder);
  writeMaterials(bundles, folder);

  expect(readFileSync(join(folder, "sbom.cdx.json"), "utf8")).toBe(first);
});
