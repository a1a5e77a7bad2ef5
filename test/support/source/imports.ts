/** What a source file imports, read from its text. */
import { dirname, join, normalize } from "node:path";

export interface Import {
  /** A path from the root for our own files ("lib/errors.js"), a package's name otherwise. */
  readonly what: string;
  readonly isDynamic: boolean;
  readonly isType: boolean;
}

/** Every import of a file: static, dynamic, of types, for side effects. */
export function importsOf(path: string, text: string): readonly Import[] {
  const withoutComments = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const found = [
    ...[...withoutComments.matchAll(/^\s*(?:import|export)\s+(type\s)?(?:[^"';]*?\sfrom\s*)?["']([^"'\n]+)["']/gm)].map(
      ([, type, what = ""]) => ({
        what,
        isDynamic: false,
        isType: type !== undefined,
      }),
    ),
    ...[...withoutComments.matchAll(/(?<!typeof )\bimport\(\s*["']([^"'\n]+)["']/g)].map(([, what = ""]) => ({
      what,
      isDynamic: true,
      isType: false,
    })),
    ...[...withoutComments.matchAll(/\brequire\(\s*["']([^"'\n]+)["']/g)].map(([, what = ""]) => ({
      what,
      isDynamic: false,
      isType: false,
    })),
  ];
  return found.map((one) => ({
    ...one,
    what: one.what.startsWith(".") ? normalize(join(dirname(path), one.what)).replaceAll("\\", "/") : one.what,
  }));
}
