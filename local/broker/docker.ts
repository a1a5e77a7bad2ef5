/** The broker of local/docker-compose.yml, used if a Docker engine answers. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Progress } from "./jars.js";
import { outputOf } from "./output-of.js";

const composeFile = join(import.meta.dirname, "../docker-compose.yml");
/** A client without an engine may hang while it looks for one. */
const answerTimeoutMs = 3_000;
/** Includes pulling the image. */
const upTimeoutMs = 10 * 60_000;
const downTimeoutMs = 60_000;
const lastLinesMax = 12;

/** Undefined if an engine and compose answer; otherwise what is missing, as a clause for a message. */
export async function dockerMissing(): Promise<string | undefined> {
  const [engine, compose] = await Promise.all([
    outputOf("docker", ["version", "--format", "{{.Server.Version}}"], answerTimeoutMs),
    outputOf("docker", ["compose", "version"], answerTimeoutMs),
  ]);
  if (engine === undefined) return `no Docker engine answers ("docker version" fails or takes more than ${answerTimeoutMs / 1000} s)`;
  return compose === undefined ? 'Docker has no compose ("docker compose version" fails)' : undefined;
}

export async function composeUp(port: number, progress: Progress): Promise<void> {
  progress("Starting Apache Kafka with Docker (the first time, this pulls the image) ...");
  await compose(["up", "--detach"], port, upTimeoutMs, progress);
}

export async function composeStop(port: number): Promise<void> {
  await compose(["stop"], port, downTimeoutMs, () => {});
}

/** Deletes the container and its data. */
export async function composeReset(port: number): Promise<void> {
  await compose(["down", "--volumes"], port, downTimeoutMs, () => {});
}

export async function isComposeRunning(port: number): Promise<boolean> {
  const args = ["compose", "-f", composeFile, "ps", "--status", "running", "--quiet"];
  const text = await outputOf("docker", args, downTimeoutMs, environment(port));
  return text !== undefined && text.trim() !== "";
}

function compose(args: readonly string[], port: number, timeoutMs: number, progress: Progress): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("docker", ["compose", "-f", composeFile, "--progress", "plain", ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: environment(port),
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    });
    const lastLines: string[] = [];
    const read = (chunk: Buffer) => {
      for (const line of chunk
        .toString("utf8")
        .split("\n")
        .filter((text) => text.trim() !== "")) {
        lastLines.push(line);
        if (lastLines.length > lastLinesMax) lastLines.shift();
        if (/Pulled|Pulling|Created|Started/.test(line)) progress(`  ${line.trim()}`);
      }
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("error", reject);
    child.once("close", (code, signal) =>
      code === 0
        ? resolve()
        : reject(
            new Error(
              `docker compose ${args.join(" ")} failed (${signal ?? `exit code ${code}`}). Its last lines:\n  ${lastLines.join("\n  ")}\nSet RELAY_BROKER=maven to start the broker with Java and Maven instead.`,
            ),
          ),
    );
  });
}

function environment(port: number): NodeJS.ProcessEnv {
  return { ...process.env, RELAY_BROKER_PORT: String(port) };
}
