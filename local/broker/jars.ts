/** The broker's jars: Maven resolves a generated pom into a folder, once per version. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { acquireLock } from "../processes/lock.js";
import type { Tools } from "./tools.js";
import type { KafkaVersion } from "./versions.js";

const resolveTimeoutMs = 10 * 60_000;
const lastLinesMax = 12;
const progressEveryMs = 3_000;

export type Progress = (line: string) => void;

/** The folder with all jars of a version. Downloads what is missing and reports progress. Concurrent runs download only once. */
export async function resolveJars(version: KafkaVersion, jarsFolder: string, { maven }: Tools, progress: Progress): Promise<string> {
  const folder = join(jarsFolder, `kafka-${version.version}`);
  const lib = join(folder, "lib");
  if (existsSync(lib)) return lib;
  mkdirSync(folder, { recursive: true });
  const release = await acquireLock(join(folder, "lock"), resolveTimeoutMs, "Another run has been downloading the broker for too long");
  try {
    if (existsSync(lib)) return lib;
    const partial = join(folder, "lib.partial");
    rmSync(partial, { recursive: true, force: true });
    const pom = join(folder, "pom.xml");
    writeFileSync(pom, pomOf(version));
    progress(`Downloading Apache Kafka ${version.version} with Maven (about 40 jars, 70 MB, only the first time) ...`);
    await runMaven(maven, pom, partial, progress);
    // The folder appears in one step, so a folder with this name is always complete.
    renameSync(partial, lib);
    progress(`Apache Kafka ${version.version} is ready: ${readdirSync(lib).length} jars`);
    return lib;
  } finally {
    release();
  }
}

function pomOf({ version, artifacts }: KafkaVersion): string {
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

function runMaven(maven: string, pom: string, outputFolder: string, progress: Progress): Promise<void> {
  const args = ["-B", "-f", pom, "dependency:copy-dependencies", "-DincludeScope=runtime", `-DoutputDirectory=${outputFolder}`];
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
      if (code === 0 && existsSync(outputFolder)) return resolve();
      const last = lastLines.join("\n  ");
      return reject(new Error(`Maven could not download the broker (${signal ?? `exit code ${code}`}). Its last lines:\n  ${last}`));
    });
  });
}
