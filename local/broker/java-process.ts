/** One Java process of a broker. A pid file lets any later run find it, freeze it, stop it or restart it. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { end, hasEnded, identityOf, isAlive, type ProcessIdentity, signal } from "../processes/identity.js";

const stopTimeoutMs = 15_000;
const formatTimeoutMs = 120_000;

/** Everything needed to start it, stored beside its data. */
export interface JavaProgram {
  readonly java: string;
  readonly lib: string;
  readonly heapMb: number;
  readonly logging: "log4j2" | "log4j1";
  readonly mainClass: string;
  readonly arguments: readonly string[];
  /** The folder with the pid file, the logging configuration and console.log. */
  readonly folder: string;
}

/** Settings for a laptop and for tests: a small heap, the serial collector, and no time spent on heavy optimization. */
function javaArguments({ lib, heapMb, logging, folder }: Omit<JavaProgram, "mainClass" | "arguments" | "java">): string[] {
  const config = join(folder, "logging.properties");
  return [
    "-cp",
    join(lib, "*"),
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    `-Xmx${heapMb}m`,
    "-Djava.net.preferIPv4Stack=true",
    // Codecs unpack native libraries here, so a killed broker leaves them among its own files.
    `-Djava.io.tmpdir=${folder}`,
    logging === "log4j2" ? `-Dlog4j2.configurationFile=${config}` : `-Dlog4j.configuration=file:${config}`,
  ];
}

/** The process that the folder's pid file names, if it is alive. */
export function livingProcess(folder: string): ProcessIdentity | undefined {
  const file = pidFile(folder);
  if (!existsSync(file)) return undefined;
  const [pid = "", startTime = ""] = readFileSync(file, "utf8").split("\n");
  const identity = { pid: Number(pid), startTime };
  return isAlive(identity) ? identity : undefined;
}

/** Starts it in its own session, so Ctrl-C in a terminal does not reach it, and writes its pid file. */
export function startJava(program: JavaProgram): ChildProcess {
  const console = openSync(join(program.folder, "console.log"), "w");
  const child = spawn(program.java, [...javaArguments(program), program.mainClass, ...program.arguments], {
    cwd: program.folder,
    stdio: ["ignore", console, console],
    detached: true,
  });
  closeSync(console);
  child.unref();
  child.once("error", () => {});
  if (child.pid !== undefined) {
    // The first line holds only the pid, for the leash. The second holds the start time.
    writeFileSync(pidFile(program.folder), `${child.pid}\n${identityOf(child.pid)?.startTime ?? ""}\n`);
  }
  return child;
}

/** Asks it to shut down, and kills it if that takes too long. */
export async function stopJava(folder: string): Promise<void> {
  const identity = livingProcess(folder);
  if (identity !== undefined) await end(identity, stopTimeoutMs);
  rmSync(pidFile(folder), { force: true });
}

/** Like a power cut: no shutdown, nothing flushed. */
export async function killJava(folder: string): Promise<void> {
  const identity = livingProcess(folder);
  if (identity === undefined) return;
  signal(identity, "SIGKILL");
  await hasEnded(identity, stopTimeoutMs);
  rmSync(pidFile(folder), { force: true });
}

/** SIGSTOP and SIGCONT: a stopped process keeps its sockets but does not respond. */
export function signalJava(folder: string, name: "SIGSTOP" | "SIGCONT"): void {
  const identity = livingProcess(folder);
  if (identity === undefined || !signal(identity, name)) throw new Error(`The broker in ${folder} is not running.`);
}

/** Runs a Java program to its end. If it fails, throws with its output. */
export function runJava(program: JavaProgram): Promise<string> {
  return new Promise((resolve, reject) => {
    const args = [...javaArguments(program), program.mainClass, ...program.arguments];
    execFile(program.java, args, { timeout: formatTimeoutMs, killSignal: "SIGKILL", cwd: program.folder }, (error, stdout, stderr) =>
      error === null
        ? resolve(stdout)
        : reject(new Error(`${program.mainClass} failed: ${`${stdout}\n${stderr}`.trim() || error.message}`)),
    );
  });
}

const pidFile = (folder: string): string => join(folder, "broker.pid");
