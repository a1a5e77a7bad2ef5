/** Nothing is skipped silently: what a machine cannot run is written down here, and the last lines of `npm test` say it. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runFolder } from "./run-folder.js";

const file = (): string => join(runFolder(), "did-not-run.txt");

/** `didNotRun("the AWS targets (31 tests)", "there is no Python 3")` */
export function didNotRun(what: string, why: string): void {
  appendFileSync(file(), `${what.replaceAll("\n", " ")}: ${why.replaceAll("\n", " ")}\n`);
}

/** Every line once. */
export function whatDidNotRun(): readonly string[] {
  return existsSync(file()) ? [...new Set(readFileSync(file(), "utf8").trim().split("\n"))] : [];
}
