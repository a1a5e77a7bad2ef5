/** Every source file of the project that people write, as the rules of the architecture read them. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type Import, importsOf } from "./imports.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
export const rooms = ["functions", "lib", "local", "test"] as const;

interface SourceFile {
  /** From the root, with forward slashes: "lib/kafka/produce/producer.ts". */
  readonly path: string;
  readonly text: string;
  /** What it imports: paths from the root for our own files, package names otherwise. */
  readonly imports: readonly Import[];
}

export const files: readonly SourceFile[] = rooms.flatMap((room) => sourcesIn(room));

function sourcesIn(folder: string): SourceFile[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(tsx?|mts|js|mjs|cjs)$/.test(entry.name) && !/\.generated\./.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .filter((path) => !/(^|\/)(dist|node_modules|\.build|\.serverless)\//.test(path))
    .map((path) => {
      const text = readFileSync(join(root, path), "utf8");
      return { path, text, imports: importsOf(path, text) };
    });
}

export const roomOf = (path: string): string => path.split("/")[0] ?? "";

/** The broken sentences, one per line: what is expected to be empty. */
export function broken(rule: (file: SourceFile) => readonly string[]): readonly string[] {
  return files.flatMap((file) => rule(file));
}
