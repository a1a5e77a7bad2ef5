/** The programs that a local broker needs: Java 17 or newer, and Maven to download its jars. */
import { execFile } from "node:child_process";

const javaMajorMin = 17;
/** Java starts slowly on a busy machine. */
const askTimeoutMs = 60_000;

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

/** The major version in the output of `java -version`: `version "17.0.15"`, or `"1.8.0_392"` before Java 9. */
export function parseJavaMajor(text: string): number | undefined {
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(text) ?? [];
  if (first === undefined) return undefined;
  return first === "1" ? Number(second) : Number(first);
}

export interface Tools {
  readonly java: string;
  readonly maven: string;
}

/** The commands of Java and Maven, or what is missing, as a clause for a message. */
export async function findTools(): Promise<Tools | { readonly missing: string }> {
  const home = process.env.JAVA_HOME;
  const java = home === undefined || home === "" ? "java" : `${home}/bin/java`;
  const [javaText, mavenText] = await Promise.all([outputOf(java, ["-version"], askTimeoutMs), outputOf("mvn", ["-v"], askTimeoutMs)]);
  const major = javaText === undefined ? undefined : parseJavaMajor(javaText);
  const faults = [
    ...(major === undefined ? [`Java was not found ("${java} -version" failed)`] : []),
    ...(major !== undefined && major < javaMajorMin ? [`Java is version ${major}, but ${javaMajorMin} or newer is required`] : []),
    ...(mavenText === undefined ? ['Maven was not found ("mvn -v" failed)'] : []),
  ];
  return faults.length > 0 ? { missing: faults.join("; ") } : { java, maven: "mvn" };
}
