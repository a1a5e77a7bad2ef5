/** What another program prints: the tools of this machine are asked for their versions with it. */
import { execFile } from "node:child_process";

/** Runs a program to its end and returns its output, or undefined if it is missing or fails. */
export function outputOf(
  command: string,
  args: readonly string[],
  timeoutMs: number,
  env?: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = execFile(
      command,
      [...args],
      { timeout: timeoutMs, killSignal: "SIGKILL", env: env ?? process.env },
      (error, stdout, stderr) => resolve(error === null ? `${stdout}${stderr}` : undefined),
    );
    child.stdin?.end();
  });
}
