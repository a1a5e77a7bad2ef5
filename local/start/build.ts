/** The local trigger's build, made by `npm ci` and made again when it is missing or older than its sources. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "../build/service-map.js";

const buildTimeoutMs = 120_000;

export function ensureTriggerBuild(progress: (line: string) => void): Promise<void> {
  if (existsSync(join(projectFolder, "local/kafka-trigger/dist"))) return Promise.resolve();
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
