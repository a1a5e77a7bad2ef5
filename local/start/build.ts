/** The builds that `npm ci` makes and that `npm start` uses: made again if they are missing or older than their sources. */
import { spawn } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "../build/service-map.js";

const buildTimeoutMs = 120_000;

export function ensureTriggerBuild(progress: (line: string) => void): Promise<void> {
  const sources = ["local/kafka-trigger/src", "lib", "local/build/trigger.ts"];
  return ensureBuild("local/kafka-trigger", "local/kafka-trigger/dist", sources, "local/build/trigger.ts", progress);
}

/** The page of the console. */
export function ensureConsoleBuild(progress: (line: string) => void): Promise<void> {
  const sources = ["lib/console", "lib/client", "local/build/console.ts"];
  return ensureBuild("the console", ".build/console-page", sources, "local/build/console.ts", progress);
}

function ensureBuild(
  what: string,
  output: string,
  sources: readonly string[],
  script: string,
  progress: (line: string) => void,
): Promise<void> {
  const builtAtMs = newestMs(join(projectFolder, output));
  if (builtAtMs > 0 && Math.max(...sources.map((path) => newestMs(join(projectFolder, path)))) <= builtAtMs) return Promise.resolve();
  progress(`Building ${what} ...`);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(projectFolder, "node_modules/tsx/dist/cli.mjs"), script], {
      cwd: projectFolder,
      stdio: ["ignore", "ignore", "pipe"],
      timeout: buildTimeoutMs,
      killSignal: "SIGKILL",
    });
    const errors: Buffer[] = [];
    child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`${what} could not be built:\n${Buffer.concat(errors).toString("utf8")}`)),
    );
  });
}

/** The last change of any file in it; 0 if there are no files. */
function newestMs(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory() !== true) return stats?.mtimeMs ?? 0;
  return Math.max(0, ...readdirSync(path).map((name) => newestMs(join(path, name))));
}
