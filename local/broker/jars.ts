/** The broker's jars in a folder, once per version: resolved by Maven from a generated pom, or downloaded by their pinned checksums. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { acquireLock } from "../processes/lock.js";
import { downloadPinned, type PinnedFiles } from "./download.js";
import type { JarSource } from "./jar-source.js";
import { pinnedFiles } from "./pinned-jars.js";
import type { KafkaVersion } from "./versions.js";

const resolveTimeoutMs = 10 * 60_000;
const lastLinesMax = 12;
const progressEveryMs = 3_000;

export type Progress = (line: string) => void;

const folderOf = ({ version }: KafkaVersion, jarsFolder: string): string => join(jarsFolder, `kafka-${version}`);
export const hasJars = (version: KafkaVersion, jarsFolder: string): boolean => existsSync(join(folderOf(version, jarsFolder), "lib"));

/** The folder with all jars of a version. Downloads what is missing and reports progress. Concurrent runs download only once. */
export async function resolveJars(
  version: KafkaVersion,
  jarsFolder: string,
  source: JarSource | undefined,
  progress: Progress,
): Promise<string> {
  const folder = folderOf(version, jarsFolder);
  const lib = join(folder, "lib");
  if (existsSync(lib)) return lib;
  if (source === undefined) throw new Error(`The jars in ${lib} have been deleted during the start. Start again.`);
  mkdirSync(folder, { recursive: true });
  const release = await acquireLock(join(folder, "lock"), resolveTimeoutMs, "Another run has been downloading the broker for too long");
  try {
    if (existsSync(lib)) return lib;
    const partial = join(folder, "lib.partial");
    await (source.kind === "maven"
      ? withMaven(source.command, version, folder, partial, progress)
      : withoutMaven(source, version, partial, progress));
    // The folder appears in one step, so a folder with this name is always complete.
    renameSync(partial, lib);
    progress(`Apache Kafka ${version.version} is ready: ${readdirSync(lib).length} jars`);
    return lib;
  } finally {
    release();
  }
}

async function withMaven(maven: string, version: KafkaVersion, folder: string, partial: string, progress: Progress): Promise<void> {
  rmSync(partial, { recursive: true, force: true });
  const pom = join(folder, "pom.xml");
  writeFileSync(pom, pomOf(version));
  progress(`Downloading Apache Kafka ${version.version} with Maven (about 40 jars, 70 MB, only the first time) ...`);
  await runMaven(maven, pom, [`-DoutputDirectory=${partial}`], progress);
  if (!existsSync(partial)) throw new Error("Maven downloaded nothing.");
}

async function withoutMaven(
  { repository }: Extract<JarSource, { readonly kind: "repository" }>,
  { version }: KafkaVersion,
  partial: string,
  progress: Progress,
): Promise<void> {
  const files: PinnedFiles | undefined = pinnedFiles(`kafka-${version}`);
  if (files === undefined) throw new Error(`The jars of Apache Kafka ${version} are not pinned, so that only Maven can download them.`);
  progress(
    `Downloading Apache Kafka ${version} from ${repository.url} (${Object.keys(files).length} jars, 70 MB, only the first time) ...`,
  );
  await downloadPinned({ files, repository, folder: partial, progress });
}

export function pomOf({ version, artifacts }: KafkaVersion): string {
  const dependencies = artifacts.map((artifact) => {
    const [groupId, artifactId, artifactVersion] = artifact.split(":");
    return `    <dependency><groupId>${groupId}</groupId><artifactId>${artifactId}</artifactId><version>${artifactVersion}</version></dependency>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>kafka-relay.local</groupId>
  <artifactId>broker</artifactId>
  <version>${version}</version>
  <packaging>pom</packaging>
  <dependencies>
${dependencies.join("\n")}
  </dependencies>
</project>
`;
}

/** Copies the jars of a pom. */
export function runMaven(maven: string, pom: string, options: readonly string[], progress: Progress): Promise<void> {
  const args = ["-B", "-f", pom, "dependency:copy-dependencies", "-DincludeScope=runtime", ...options];
  return new Promise((resolve, reject) => {
    const child = spawn(maven, args, { stdio: ["ignore", "pipe", "pipe"], timeout: resolveTimeoutMs, killSignal: "SIGKILL" });
    const lastLines: string[] = [];
    let files = 0;
    const reports = setInterval(() => progress(`  ${files} files downloaded`), progressEveryMs);
    const read = (chunk: Buffer) => {
      for (const line of chunk.toString("utf8").split("\n")) {
        if (line.trim() === "") continue;
        lastLines.push(line);
        if (lastLines.length > lastLinesMax) lastLines.shift();
        if (/\bDownloaded\b/.test(line)) files += 1;
      }
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("error", reject);
    child.once("close", (code, signal) => {
      clearInterval(reports);
      if (code === 0) return resolve();
      const last = lastLines.join("\n  ");
      return reject(new Error(`Maven could not download the broker (${signal ?? `exit code ${code}`}). Its last lines:\n  ${last}`));
    });
  });
}
