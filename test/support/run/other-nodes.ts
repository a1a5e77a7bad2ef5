/** Other versions of Node than the one that runs the tests, from the package registry: never a dependency, because its `bin` would replace node in every script. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Exact, so that two runs are the same: the newest of each line that is maintained, beside the one of development. */
export const otherNodes = ["22.23.3", "24.21.0"] as const;

const installLimitMs = 300_000;

/** The program of this version. Throws if it cannot be installed. */
export async function programOfNode(version: string): Promise<string> {
  const args = ["--yes", `--package=node@${version}`, "node", "-p", "process.execPath"];
  const { stdout } = await promisify(execFile)("npx", args, { timeout: installLimitMs });
  return stdout.trim();
}
