/** AWS's own checker of templates, in a Python environment of its own under `.data/`; undefined, and said at the end of the run, where it cannot be had. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { pythonEnvironment } from "../../../local/processes/python.js";
import { didNotRun } from "../run/did-not-run.js";

const version = "1.58.0";
const lintWithinMs = 120_000;
const run = promisify(execFile);

/** Where it is installed. Its package has CloudFormation's resource schemas. */
export const cfnLintEnvironment = () => pythonEnvironment("cfn-lint", version);

/** The framework names dependencies that references imply already. */
const ignored = "W3005";

/** What it finds, one per line: errors, warnings and remarks, except the framework's own. */
export async function lintTemplate(path: string, what: string): Promise<readonly string[] | undefined> {
  const environment = await cfnLintEnvironment();
  if ("missing" in environment) {
    didNotRun(what, environment.missing);
    return undefined;
  }
  try {
    await run(
      join(environment.folder, "bin/cfn-lint"),
      ["--non-zero-exit-code", "informational", "--ignore-checks", ignored, "--format", "parseable", path],
      {
        timeout: lintWithinMs,
      },
    );
    return [];
  } catch (thrown) {
    const { stdout = "", stderr = "" } = thrown as { readonly stdout?: string; readonly stderr?: string };
    const errors = stdout.split("\n").filter((line) => /:[EWI]\d+:/.test(line));
    return errors.length > 0 ? errors : [`cfn-lint ended without a verdict: ${stderr || String(thrown)}`];
  }
}
