/** A real schema registry with Confluent's API, for tests and for `npm start -- --registry`: Apicurio from Maven Central, known by a pid file as the broker is. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { downloadPinned } from "../broker/download.js";
import type { JarSource } from "../broker/jar-source.js";
import type { Progress } from "../broker/jars.js";
import { livingProcess, startJava, stopJava } from "../broker/java-process.js";
import { pinnedFiles } from "../broker/pinned-jars.js";
import { findTools } from "../broker/tools.js";
import { acquireLock } from "../processes/lock.js";
import { freePorts } from "../processes/ports.js";

/** The last line that runs on Java 17; 3.x needs Java 21. */
const version = "2.6.13.Final";
export const registryArtifact = `io.apicurio:apicurio-registry-app:${version}:tar.gz:all`;
/** Of its folder beside the broker's jars. */
export const registryName = `apicurio-${version}`;
const mainClass = "io.quarkus.runner.GeneratedMain";
const fetchTimeoutMs = 10 * 60_000;
const startTimeoutMs = 90_000;
const answerTimeoutMs = 2_000;
const pollMs = 100;
const heapMbDefault = 256;
const patience = { timeout: fetchTimeoutMs, killSignal: "SIGKILL", maxBuffer: 16 * 1_048_576 } as const;
const run = promisify(execFile);

interface RegistryOptions {
  /** Holds its pid file and its logs. */
  readonly folder: string;
  readonly jarsFolder: string;
  /** Keeps the schemas, so that the records of a topic can still be read after a restart; absent: they are in memory. */
  readonly schemasFolder?: string;
  readonly port?: number;
  readonly heapMb?: number;
  readonly progress?: Progress;
}

export interface LocalRegistry {
  /** Of Confluent's API: `http://127.0.0.1:<port>/apis/ccompat/v7`. */
  readonly url: string;
  readonly pid: number | undefined;
  readonly stop: () => Promise<void>;
}

const hasRegistry = (jarsFolder: string): boolean => existsSync(join(jarsFolder, registryName, "lib"));

/** Why it cannot be started here, as half a sentence; undefined: it can. */
export async function registryMissing(jarsFolder: string): Promise<string | undefined> {
  const tools = await findTools(hasRegistry(jarsFolder));
  return "missing" in tools ? tools.missing : undefined;
}

export async function startRegistry(options: RegistryOptions): Promise<LocalRegistry> {
  const { folder, jarsFolder, port, heapMb, progress = () => {} } = options;
  const tools = await findTools(hasRegistry(jarsFolder));
  if ("missing" in tools) throw new Error(`A schema registry needs Java 17 or newer and Maven: ${tools.missing}.`);
  const lib = await resolveRegistry(jarsFolder, tools.jarSource, progress);
  const [free = 0] = port === undefined ? await freePorts(1) : [port];
  configure(options, free);
  progress(`Starting Apicurio Registry ${version} ...`);
  startJava({ java: tools.java, lib, heapMb: heapMb ?? heapMbDefault, logging: "log4j2", mainClass, arguments: [], folder });
  const url = `http://127.0.0.1:${free}/apis/ccompat/v7`;
  try {
    await untilAnswers(url, folder);
  } catch (error) {
    await stopJava(folder);
    throw error;
  }
  return { url, pid: livingProcess(folder)?.pid, stop: () => stopJava(folder) };
}

/** Quarkus reads its configuration from the folder that it runs in. */
function configure({ folder, schemasFolder }: RegistryOptions, port: number): void {
  mkdirSync(join(folder, "config"), { recursive: true });
  const lines = ["quarkus.http.host=127.0.0.1", `quarkus.http.port=${port}`, "quarkus.log.file.enable=false", "quarkus.log.level=WARN"];
  if (schemasFolder !== undefined) {
    mkdirSync(schemasFolder, { recursive: true });
    lines.push(`quarkus.datasource.jdbc.url=jdbc:h2:file:${join(schemasFolder, "schemas")}`);
  }
  writeFileSync(join(folder, "config/application.properties"), `${lines.join("\n")}\n`);
}

/** The folder of its jars; two runs at once fetch it once. */
async function resolveRegistry(jarsFolder: string, source: JarSource | undefined, progress: Progress): Promise<string> {
  const folder = join(jarsFolder, registryName);
  const lib = join(folder, "lib");
  if (existsSync(lib) || source === undefined) return lib;
  mkdirSync(folder, { recursive: true });
  const release = await acquireLock(join(folder, "lock"), fetchTimeoutMs, "Another run has been fetching the schema registry for too long");
  try {
    if (existsSync(lib)) return lib;
    const partial = join(folder, "partial");
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(partial, { recursive: true });
    await fetchArchive(source, partial, progress);
    const archive = readdirSync(partial).find((name) => name.endsWith(".tar.gz"));
    if (archive === undefined) throw new Error("Maven fetched no archive of the schema registry.");
    await run("tar", ["xzf", join(partial, archive), "-C", partial], patience);
    renameSync(join(partial, `apicurio-registry-app-${version}-runner.jar`), join(partial, "lib/runner.jar"));
    // A folder by this name is a complete one: it appears in one step.
    renameSync(join(partial, "lib"), lib);
    rmSync(partial, { recursive: true, force: true });
    return lib;
  } finally {
    release();
  }
}

async function fetchArchive(source: JarSource, folder: string, progress: Progress): Promise<void> {
  if (source.kind === "maven") {
    progress(`Fetching Apicurio Registry ${version} with Maven (142 MB; only the first time) ...`);
    await run(source.command, ["-B", "-q", "dependency:copy", `-Dartifact=${registryArtifact}`, `-DoutputDirectory=${folder}`], patience);
    return;
  }
  progress(`Fetching Apicurio Registry ${version} from ${source.repository.url} (142 MB; only the first time) ...`);
  const { repository } = source;
  await downloadPinned({ files: pinnedFiles(registryName) ?? {}, repository, folder, progress });
}

async function untilAnswers(url: string, folder: string): Promise<void> {
  const until = Date.now() + startTimeoutMs;
  for (;;) {
    const answer = await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(answerTimeoutMs) }).catch(() => undefined);
    if (answer?.ok === true) return;
    if (livingProcess(folder) === undefined) throw new Error(`The schema registry ended while it started. All it said is in ${folder}`);
    if (Date.now() >= until)
      throw new Error(`The schema registry was not up within ${startTimeoutMs / 1_000} s. All it said is in ${folder}`);
    await wait(pollMs);
  }
}
