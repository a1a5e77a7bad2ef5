/** The programs that a local broker needs: Java 17 or newer, and what brings its jars. */
import { findJarSource, type JarSource } from "./jar-source.js";
import { outputOf } from "./output-of.js";

const javaMajorMin = 17;
/** Java starts slowly on a busy machine. */
const askTimeoutMs = 60_000;

/** The major version in the output of `java -version`: `version "17.0.15"`, or `"1.8.0_392"` before Java 9. */
export function parseJavaMajor(text: string): number | undefined {
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(text) ?? [];
  if (first === undefined) return undefined;
  return first === "1" ? Number(second) : Number(first);
}

interface Tools {
  readonly java: string;
  /** Absent where the jars are here already. */
  readonly jarSource?: JarSource;
}

/** @param hasJars nothing has to be downloaded. Returns what is missing as a clause for a message. */
export async function findTools(hasJars: boolean, env = process.env): Promise<Tools | { readonly missing: string }> {
  const home = env.JAVA_HOME;
  const java = home === undefined || home === "" ? "java" : `${home}/bin/java`;
  const [javaText, jarSource] = await Promise.all([
    outputOf(java, ["-version"], askTimeoutMs, env),
    hasJars ? undefined : findJarSource(env),
  ]);
  const major = javaText === undefined ? undefined : parseJavaMajor(javaText);
  const faults = [
    ...(major === undefined ? [`Java was not found ("${java} -version" failed)`] : []),
    ...(major !== undefined && major < javaMajorMin ? [`Java is version ${major}, but ${javaMajorMin} or newer is required`] : []),
    ...(jarSource !== undefined && "missing" in jarSource ? [jarSource.missing] : []),
  ];
  if (faults.length > 0 || (jarSource !== undefined && "missing" in jarSource)) return { missing: faults.join("; ") };
  return { java, ...(jarSource === undefined ? {} : { jarSource }) };
}
