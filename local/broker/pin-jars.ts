/** Writes pinned-jars.generated.json: what Maven resolves for the broker and the schema registry, each file with its SHA-256. Needs Maven. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { registryArtifact, registryName } from "../registry/apicurio.js";
import type { PinnedFiles } from "./download.js";
import { pomOf, runMaven } from "./jars.js";
import { defaultVersion, versions } from "./versions.js";

const file = join(import.meta.dirname, "pinned-jars.generated.json");
const fetchTimeoutMs = 10 * 60_000;
const folder = mkdtempSync(join(tmpdir(), "pin-jars-"));
try {
  const pinned = { [`kafka-${defaultVersion}`]: await pinBroker(), [registryName]: pinRegistry() };
  writeFileSync(file, `${JSON.stringify(pinned, undefined, 2)}\n`);
  console.log(`${file} has ${Object.values(pinned).flatMap(Object.keys).length} files`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function pinBroker(): Promise<PinnedFiles> {
  const pom = join(folder, "pom.xml");
  const layout = join(folder, "repository");
  writeFileSync(pom, pomOf(versions[defaultVersion]));
  await runMaven("mvn", pom, [`-DoutputDirectory=${layout}`, "-Dmdep.useRepositoryLayout=true"], console.log);
  const paths = readdirSync(layout, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".jar"));
  return Object.fromEntries(paths.sort().map((path) => [path, sha256Of(join(layout, path))]));
}

function pinRegistry(): PinnedFiles {
  const [group = "", name = "", version = "", type, classifier] = registryArtifact.split(":");
  mkdirSync(join(folder, "registry"));
  execFileSync("mvn", ["-B", "-q", "dependency:copy", `-Dartifact=${registryArtifact}`, `-DoutputDirectory=${join(folder, "registry")}`], {
    timeout: fetchTimeoutMs,
  });
  const archive = `${name}-${version}-${classifier}.${type}`;
  return { [`${group.replaceAll(".", "/")}/${name}/${version}/${archive}`]: sha256Of(join(folder, "registry", archive)) };
}

function sha256Of(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}
