/** Programs written in Python, each in an environment of its own, installed once: an emulated AWS, and what tests compare us with. */
import { execFile } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { projectFolder } from "../build/service-map.js";
import { acquireLock } from "./lock.js";

const venvWithinMs = 120_000;
const installWithinMs = 180_000;
const turnWithinMs = 330_000;
const run = promisify(execFile);

/** The environment's folder, or why it cannot be had, as half a sentence. */
export async function pythonEnvironment(
  name: string,
  version: string,
): Promise<{ readonly folder: string } | { readonly missing: string }> {
  const folder = join(projectFolder, ".data", `${name}-${version}`);
  // Written last: an installation that was cut short is begun again.
  const installed = join(folder, "installed");
  if (existsSync(installed)) return { folder };
  const release = await acquireLock(`${folder}.lock`, turnWithinMs, `Another run has been installing ${name} for too long`);
  try {
    if (existsSync(installed)) return { folder };
    rmSync(folder, { recursive: true, force: true });
    const missing = await install(folder, `${name}==${version}`);
    if (missing !== undefined) return { missing };
    writeFileSync(installed, "");
    return { folder };
  } finally {
    release();
  }
}

async function install(folder: string, requirement: string): Promise<string | undefined> {
  try {
    await run("python3", ["-m", "venv", folder], { timeout: venvWithinMs });
  } catch {
    return "there is no Python 3 with venv";
  }
  try {
    // Where there is no way to a registry, that is known in seconds.
    const patience = ["--retries", "2", "--timeout", "10"];
    const args = ["install", "--quiet", "--disable-pip-version-check", ...patience, requirement];
    await run(join(folder, "bin/pip"), args, { timeout: installWithinMs });
    return undefined;
  } catch (thrown) {
    return `${requirement} could not be installed with pip (${String(thrown).split("\n")[0]})`;
  }
}
