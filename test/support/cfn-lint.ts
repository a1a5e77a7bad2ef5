/** AWS's own checker of templates, in a Python environment of its own under `.data/`; undefined, and said at the end of the run, where it cannot be had. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { projectFolder } from "../../local/build/service-map.js";
import { didNotRun } from "./did-not-run.js";

const version = "1.58.0";
const installWithinMs = 180_000;
const lintWithinMs = 120_000;
const environment = join(projectFolder, ".data", `cfn-lint-${version}`);
const program = join(environment, "bin/cfn-lint");
const run = promisify(execFile);

/** Its errors, one a line; warnings are the framework's own (dependencies named twice). */
export async function lintTemplate(path: string, what: string): Promise<readonly string[] | undefined> {
  const missing = await install();
  if (missing !== undefined) {
    didNotRun(what, missing);
    return undefined;
  }
  try {
    await run(program, ["--non-zero-exit-code", "error", "--format", "parseable", path], { timeout: lintWithinMs });
    return [];
  } catch (thrown) {
    const { stdout = "", stderr = "" } = thrown as { readonly stdout?: string; readonly stderr?: string };
    const errors = stdout.split("\n").filter((line) => /:E\d+:/.test(line));
    return errors.length > 0 ? errors : [`cfn-lint ended without a verdict: ${stderr || String(thrown)}`];
  }
}

/** Why it cannot be installed; undefined when it is. */
async function install(): Promise<string | undefined> {
  if (existsSync(program)) return undefined;
  try {
    await run("python3", ["-m", "venv", environment], { timeout: installWithinMs });
  } catch {
    return "there is no Python 3 with venv";
  }
  try {
    const args = ["install", "--quiet", "--disable-pip-version-check", `cfn-lint==${version}`];
    await run(join(environment, "bin/pip"), args, { timeout: installWithinMs });
    return undefined;
  } catch (thrown) {
    return `cfn-lint ${version} could not be installed with pip (${String(thrown).split("\n")[0]})`;
  }
}
