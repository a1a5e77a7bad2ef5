/** Checkov, a checker of templates for security, in a Python environment of its own under `.data/`; undefined, and reported at the end of the run, where it cannot be had. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { pythonEnvironment } from "../../../local/processes/python.js";
import { didNotRun } from "../run/did-not-run.js";

const version = "3.3.30";
const checkWithinMs = 300_000;
const outputBytesMax = 50_000_000;
const run = promisify(execFile);

interface CheckovFinding {
  readonly check: string;
  /** Its logical id in the template. */
  readonly resource: string;
}

/** Every check that fails, once per resource. */
export async function checkTemplate(path: string): Promise<readonly CheckovFinding[] | undefined> {
  const environment = await pythonEnvironment("checkov", version);
  if ("missing" in environment) {
    didNotRun("checkov on the template", environment.missing);
    return undefined;
  }
  const args = ["-f", path, "--framework", "cloudformation", "--compact", "--quiet", "--soft-fail", "--skip-download", "--output", "json"];
  const { stdout } = await run(join(environment.folder, "bin/checkov"), args, { timeout: checkWithinMs, maxBuffer: outputBytesMax });
  const { results, summary } = JSON.parse(stdout) as {
    readonly results: { readonly failed_checks: readonly { readonly check_id: string; readonly resource: string }[] };
    readonly summary: { readonly passed: number };
  };
  if (summary.passed === 0) throw new Error(`checkov checked nothing: ${stdout.slice(0, 500)}`);
  return results.failed_checks.map(({ check_id, resource }) => ({ check: check_id, resource: resource.split(".").pop() ?? resource }));
}
