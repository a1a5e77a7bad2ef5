/**
 * Installs another Kafka client for a run, into `.build/bench/clients/`. None of them is a dependency of this project: one has an install script that
 * downloads or compiles a library, and users of this project should neither wait for that nor have to trust it.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { projectFolder } from "../../../local/build/service-map.js";
import { acquireLock } from "../../../local/processes/lock.js";

const installWithinMs = 5 * 60_000;
const turnWithinMs = installWithinMs + 30_000;
const outputBytesMax = 50_000_000;

export interface ClientPackage {
  readonly package: string;
  readonly version: string;
  /** True where it cannot work without its install script. */
  readonly needsScripts: boolean;
}

export interface InstalledClient extends ClientPackage {
  readonly folder: string;
}

/** The installed client, or why it could not be installed. */
export async function installClient(client: ClientPackage): Promise<InstalledClient | { readonly missing: string }> {
  const folder = join(projectFolder, ".build/bench/clients", `${client.package.replaceAll(/[@/]/g, "-").slice(1)}-${client.version}`);
  // Written last: an installation that was cut short starts over.
  const installed = join(folder, "installed");
  const release = await acquireLock(`${folder}.lock`, turnWithinMs, `Another run has been installing ${client.package} for too long`);
  try {
    if (existsSync(installed)) return { ...client, folder };
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify(manifestOf(client)));
    const missing = await npmInstall(client, folder);
    if (missing !== undefined) return { missing };
    writeFileSync(installed, "");
    return { ...client, folder };
  } finally {
    release();
  }
}

const manifestOf = (client: ClientPackage) => ({
  private: true,
  dependencies: { [client.package]: client.version },
  // npm asks for this from version 12 on before it runs the script of a package.
  allowScripts: { [client.package]: client.needsScripts },
});

function npmInstall({ needsScripts }: ClientPackage, folder: string): Promise<string | undefined> {
  const args = ["install", "--no-audit", "--no-fund", "--no-package-lock", ...(needsScripts ? [] : ["--ignore-scripts"])];
  return new Promise((resolve) => {
    execFile("npm", args, { cwd: folder, timeout: installWithinMs, maxBuffer: outputBytesMax }, (error, stdout, stderr) => {
      if (error === null) return resolve(undefined);
      const log = join(folder, "install.log");
      writeFileSync(log, `${stdout}\n${stderr}`);
      const seconds = installWithinMs / 1_000;
      const why = error.killed === true ? `it did not end within ${seconds} s` : reasonIn(stderr);
      resolve(`\`npm install\` failed: ${why} (all of its output is in ${relative(projectFolder, log)})`);
    });
  });
}

/** npm prints the code first, then the command of an install script, and pages of that script's output. */
function reasonIn(stderr: string): string {
  const lines = stderr.split("\n").flatMap((line) => /^npm (?:error|ERR!) (.+)$/.exec(line)?.[1] ?? []);
  const script = lines.find((line) => line.startsWith("command sh "));
  const [first = "npm gave no reason", second] = lines.filter((line) => !line.startsWith("A complete log"));
  const download = lines.find((line) => line.startsWith("[error] install "))?.replace("[error] install ", "");
  if (script !== undefined)
    return `its install script \`${script.replace(/^command sh -c /, "")}\` failed${download === undefined ? "" : `: ${download}`}`;
  return second === undefined ? first : `${first}, ${second}`;
}

/** Loads what was installed: the main module of the package. */
export function importInstalled({ folder, package: name }: InstalledClient): Promise<unknown> {
  const main = createRequire(join(folder, "package.json")).resolve(name);
  return import(pathToFileURL(main).href);
}
