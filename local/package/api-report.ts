/**
 * The public types of the npm package as one text, without comments: what a change of the public API changes. `npm run build:npm` writes it to
 * local/package/api-report.txt, which is checked in; a test holds it equal to the sources.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "@typescript/typescript6";
import { projectFolder } from "../build/service-map.js";

export const apiReportFile = join(projectFolder, "local/package/api-report.txt");

/** @param folder the package as it was built. */
export function toApiReport(folder: string): string {
  const esm = join(folder, "dist/esm");
  const names = readdirSync(esm, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".d.ts"));
  const sections = names.map((name) => ({ name: withoutHash(name), text: readFileSync(join(esm, name), "utf8") }));
  sections.push({ name: "trigger.d.ts", text: readFileSync(join(folder, "dist/trigger/main.d.cts"), "utf8") });
  return sections
    .sort((left, right) => (left.name < right.name ? -1 : 1))
    .map(({ name, text }) => `==== ${name}\n${withoutHash(withoutComments(name, text))}`)
    .join("\n");
}

/** Shared files are imported from entries (`./shared/x-<hash>.js`) and from each other (`./x-<hash>.js`). */
const withoutHash = (text: string): string => text.replace(/((?:shared|\.)\/[\w.-]+?)-[\w-]{8}(\.d\.ts|\.d\.js|\.js|')/g, "$1$2");

/** Declarations are sorted: their order in the output follows that of the sources' imports, and says nothing. */
function withoutComments(name: string, text: string): string {
  const printer = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed });
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const declarations = source.statements.map((statement) => printer.printNode(ts.EmitHint.Unspecified, statement, source));
  return `${declarations.sort().join("\n")}\n`;
}
