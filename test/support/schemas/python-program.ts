/** A Python program of ours in an environment with one package, fed with lines; what it prints last is JSON. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { pythonEnvironment } from "../../../local/processes/python.js";
import { didNotRun } from "../run/did-not-run.js";

const programWithinMs = 120_000;

interface PythonPackage {
  readonly name: string;
  readonly version: string;
}

/** Undefined, and said at the end of the run as `what`, where Python or the package cannot be had. */
export async function askPython<Answer>(
  { name, version }: PythonPackage,
  program: string,
  lines: readonly string[],
  what: string,
): Promise<Answer | undefined> {
  const environment = await pythonEnvironment(name, version);
  if ("missing" in environment) {
    didNotRun(what, environment.missing);
    return undefined;
  }
  const output = await run(join(environment.folder, "bin/python"), program, lines);
  return JSON.parse(output.trim().split("\n").at(-1) ?? "") as Answer;
}

function run(python: string, program: string, lines: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(python, [program], { stdio: ["pipe", "pipe", "pipe"], timeout: programWithinMs, killSignal: "SIGKILL" });
    let output = "";
    let errors = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString("utf8")));
    child.once("error", reject);
    // It may have ended at the first difference.
    child.stdin.on("error", () => {});
    child.once("close", (code, signal) =>
      code === 0 ? resolve(output) : reject(new Error(`${program} failed (${signal ?? code}): ${errors.slice(-2_000)}`)),
    );
    child.stdin.end(`${lines.join("\n")}\n`);
  });
}
