/** The local trigger's build. `npm ci` makes it; this makes it again if it is missing or older than its sources. */
import { spawn } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "../build/service-map.js";

const buildTimeoutMs = 120_000;

export function ensureTriggerBuild(progress: (line: string) => void): Promise<void> {
  const builtAtMs = newestMs(join(projectFolder, "local/kafka-trigger/dist"));
  const sources = ["local/kafka-trigger/src", "lib", "local/build/trigger.ts"].map((path) => newestMs(join(projectFolder, path)));
  if (builtAtMs > 0 && Math.max(...sources) <= builtAtMs) return Promise.resolve();
  progress("Building local/kafka-trigger ...");
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(projectFolder, "node_modules/tsx/dist/cli.mjs"), "local/build/trigger.ts"], {
      cwd: projectFolder,
      stdio: ["ignore", "ignore", "pipe"],
      timeout: buildTimeoutMs,
      killSignal: "SIGKILL",
    });
    const errors: Buffer[] = [];
    child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`local/kafka-trigger could not be built:\n${Buffer.concat(errors).toString("utf8")}`)),
    );
  });
}

/** The last change of any file in it; 0 if there are no files. */
function newestMs(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory() !== true) return stats?.mtimeMs ?? 0;
  return Math.max(0, ...readdirSync(path).map((name) => newestMs(join(path, name))));
}
