/** What is bundled and whose it is: a software bill of materials (https://cyclonedx.org/docs/1.6/json/) and the licences, the same bytes for the same code. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bundle } from "./bundle.js";
import { projectFolder } from "./service-map.js";

interface Component {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly licenseText: string;
  readonly functions: readonly string[];
}

/** Writes `sbom.cdx.json` and `licenses.txt`; returns how many packages there are. Throws a sentence for a package that names no licence. */
export function writeMaterials(bundles: readonly Bundle[], outFolder: string): number {
  const components = componentsOf(bundles);
  writeFileSync(join(outFolder, "sbom.cdx.json"), `${JSON.stringify(toBom(components, runtimeComponentsOf(bundles)), undefined, 2)}\n`);
  writeFileSync(join(outFolder, "licenses.txt"), components.map(toNotice).join("\n"));
  return components.length;
}

function componentsOf(bundles: readonly Bundle[]): readonly Component[] {
  const foldersOf = ({ packages, onDemandPackages }: Bundle) => [...packages, ...onDemandPackages].map(({ folder }) => folder);
  const folders = [...new Set(bundles.flatMap(foldersOf))].filter((folder) => folder !== "");
  return folders.sort().map((folder) => {
    const { name, version, license } = readManifest(folder);
    if (license === undefined) throw new Error(`${name} ${version} is bundled but does not name a licence.`);
    const functions = bundles.filter((bundle) => foldersOf(bundle).includes(folder)).map(({ key }) => key);
    return { name, version, license, licenseText: readLicense(folder), functions };
  });
}

/**
 * Lambda's runtime has these, in a version of its own that changes with it (https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html): they have no version here,
 * and are marked as not delivered.
 */
function runtimeComponentsOf(bundles: readonly Bundle[]): readonly Readonly<Record<string, unknown>>[] {
  const { dependencies } = JSON.parse(readFileSync(join(projectFolder, "package.json"), "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  const names = [...new Set(bundles.flatMap(({ fromRuntime }) => fromRuntime))].sort();
  return names.map((name) => ({
    type: "library",
    "bom-ref": `runtime:${name}`,
    name,
    scope: "excluded",
    licenses: licensesOf("Apache-2.0"),
    properties: [
      { name: "kafka-relay:provided-by", value: "the Lambda runtime" },
      { name: "kafka-relay:tested-with", value: dependencies[name] ?? "unknown" },
      ...bundles.filter(({ fromRuntime }) => fromRuntime.includes(name)).map(({ key }) => ({ name: "kafka-relay:function", value: key })),
    ],
  }));
}

function toBom(components: readonly Component[], fromRuntime: readonly Readonly<Record<string, unknown>>[]): unknown {
  const { name, version, license } = readManifest("");
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { component: { type: "application", "bom-ref": name, name, version, licenses: licensesOf(license ?? "") } },
    components: [
      ...components.map((one) => ({
        type: "library",
        "bom-ref": purlOf(one),
        name: one.name,
        version: one.version,
        purl: purlOf(one),
        licenses: licensesOf(one.license),
        properties: one.functions.map((key) => ({ name: "kafka-relay:function", value: key })),
      })),
      ...fromRuntime,
    ],
    dependencies: [{ ref: name, dependsOn: [...components.map(purlOf), ...fromRuntime.map((one) => one["bom-ref"])] }],
  };
}

/** Several licences become an expression, a single one its id. */
const licensesOf = (license: string) => [
  /^[\w.+-]+$/.test(license) ? { license: { id: license } } : { expression: license.replace(/^\((.*)\)$/, "$1") },
];
/** https://github.com/package-url/purl-spec */
const purlOf = ({ name, version }: Component): string => `pkg:npm/${name.replace("@", "%40")}@${version}`;

function toNotice({ name, version, license, licenseText }: Component): string {
  return `${name} ${version} (${license})\n${"-".repeat(60)}\n${licenseText.trim()}\n`;
}

function readManifest(folder: string): { readonly name: string; readonly version: string; readonly license?: string } {
  return JSON.parse(readFileSync(join(projectFolder, folder, "package.json"), "utf8"));
}

function readLicense(folder: string): string {
  const file = readdirSync(join(projectFolder, folder)).find((name) => /^licen[cs]e/i.test(name));
  return file === undefined
    ? "Its package does not contain the text of the licence."
    : readFileSync(join(projectFolder, folder, file), "utf8");
}
