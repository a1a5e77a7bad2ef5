/**
 * `npm run release`: everything of a release except publishing. Checks the work tree and the changelog, runs the checks and the tests, builds the three packages, and leaves
 * their tarballs with checksums and the bill of materials in `.build/release`. Ends with the commands that publish them. `--no-test` leaves the tests out.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { buildFolder, bundleFunctions } from "../build/bundle.js";
import { writeMaterials } from "../build/materials.js";
import { projectFolder } from "../build/service-map.js";
import { readOptions } from "../processes/options.js";
import { apiReportFile, toApiReport } from "./api-report.js";
import { buildNpmPackage } from "./build.js";
import { buildCreatePackage } from "./create.js";

const stepLimitMs = 30 * 60_000;
const releaseFolder = join(buildFolder, "release");
const triggerFolder = join(projectFolder, "local/kafka-trigger");

const { "no-test": withoutTests } = readOptions({ "no-test": { type: "boolean", default: false } });
const version = versionOf(projectFolder);

const faults = [...workTreeFaults(), ...changelogFaults(), ...versionFaults()];
if (faults.length > 0) end(`Version ${version} cannot be released:\n  ${faults.join("\n  ")}`);
run("npm", ["run", "check"]);
if (!withoutTests) for (const suite of ["test", "test:adopt"]) run("npm", ["run", suite]);
rmSync(releaseFolder, { recursive: true, force: true });
mkdirSync(releaseFolder, { recursive: true });
const folder = await buildNpmPackage();
if (toApiReport(folder) !== readFileSync(apiReportFile, "utf8"))
  end("The public API differs from its report. Run npm run build:npm and commit the report.");
const tarballs = [pack(folder), pack(buildCreatePackage(folder)), pack(triggerFolder)];
writeMaterials(await bundleFunctions(), buildFolder);
for (const name of ["sbom.cdx.json", "licenses.txt"]) cpSync(join(buildFolder, name), join(releaseFolder, name));
const sums = tarballs.map((path) => `${createHash("sha256").update(readFileSync(path)).digest("hex")}  ${basename(path)}`);
writeFileSync(join(releaseFolder, "SHA256SUMS"), `${sums.join("\n")}\n`);
console.log(sums.join("\n"));
console.log(`\nNothing is published yet. To publish:\n  git tag v${version} && git push origin v${version}`);
for (const path of tarballs) console.log(`  npm publish ${path}`);

function workTreeFaults(): readonly string[] {
  const { stdout } = spawnSync("git", ["status", "--porcelain"], { cwd: projectFolder, encoding: "utf8" });
  return stdout.trim() === "" ? [] : ["the work tree has changes that are not committed"];
}

function changelogFaults(): readonly string[] {
  const changelog = readFileSync(join(projectFolder, "CHANGELOG.md"), "utf8");
  return changelog.includes(`\n## ${version}`) ? [] : [`CHANGELOG.md has no section "## ${version}"`];
}

function versionFaults(): readonly string[] {
  const trigger = versionOf(triggerFolder);
  return trigger === version ? [] : [`local/kafka-trigger/package.json has version ${trigger}`];
}

function versionOf(folder: string): string {
  return (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { readonly version: string }).version;
}

function pack(folder: string): string {
  const { stdout, status } = spawnSync("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", releaseFolder], {
    cwd: folder,
    encoding: "utf8",
  });
  if (status !== 0) end(`npm pack failed in ${folder}.`);
  return join(releaseFolder, stdout.trim());
}

function run(command: string, args: readonly string[]): void {
  const { status } = spawnSync(command, args, { cwd: projectFolder, stdio: "inherit", timeout: stepLimitMs });
  if (status !== 0) end(`${command} ${args.join(" ")} failed. Nothing was released.`);
}

function end(message: string): never {
  console.error(message);
  process.exit(1);
}
