/** The programs a broker of our own needs: Java 17 or newer, and Maven for its jars. */
import { execFile } from "node:child_process";

const javaMajorMin = 17;
/** Java starts slowly on a machine that is busy. */
const askTimeoutMs = 60_000;

/** Runs a program to its end and gives everything it printed, or undefined where it is missing or fails. */
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

/** The major version in what `java -version` prints: `version "17.0.15"`, or `"1.8.0_392"` before 9. */
export function parseJavaMajor(text: string): number | undefined {
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(text) ?? [];
  if (first === undefined) return undefined;
  return first === "1" ? Number(second) : Number(first);
}

export interface Tools {
  readonly java: string;
  readonly maven: string;
}

/** Where Java and Maven are, or what is missing, as half a sentence. */
export async function findTools(): Promise<Tools | { readonly missing: string }> {
  const home = process.env.JAVA_HOME;
  const java = home === undefined || home === "" ? "java" : `${home}/bin/java`;
  const [javaText, mavenText] = await Promise.all([outputOf(java, ["-version"], askTimeoutMs), outputOf("mvn", ["-v"], askTimeoutMs)]);
  const major = javaText === undefined ? undefined : parseJavaMajor(javaText);
  const faults = [
    ...(major === undefined ? [`there is no Java ("${java} -version" does not answer)`] : []),
    ...(major !== undefined && major < javaMajorMin ? [`Java is ${major}, and ${javaMajorMin} or newer is needed`] : []),
    ...(mavenText === undefined ? ['there is no Maven ("mvn -v" does not answer)'] : []),
  ];
  return faults.length > 0 ? { missing: faults.join("; ") } : { java, maven: "mvn" };
}
