/** What a source file exports, and what it uses of others. */
import { dirname, join, normalize } from "node:path";
import { type Node, nameOf, parse, walk } from "./syntax.js";

interface Linkage {
  readonly exports: readonly string[];
  /** Those of `exports` that another file declares. */
  readonly passedOn: readonly string[];
  /** Names by file, without the file's ending; "*" where all may be meant. */
  readonly uses: ReadonlyMap<string, ReadonlySet<string>>;
}

export function linkageOf(path: string, text: string): Linkage {
  const exports: string[] = [];
  const passedOn: string[] = [];
  const uses = new Map<string, Set<string>>();
  const use = (source: unknown, names: readonly string[]) => {
    const target = toOwnFile(path, nameOf(source));
    if (target === undefined) return;
    const known = uses.get(target) ?? new Set();
    for (const name of names) known.add(name);
    uses.set(target, known);
  };
  walk(parse(path, text), (node, parent) => {
    const specifiers = (node.specifiers ?? []) as readonly Node[];
    if (node.type === "ImportDeclaration") use(node.source, specifiers.map(importedName));
    else if (node.type === "ExportNamedDeclaration" && node.source)
      use(
        node.source,
        specifiers.map((one) => nameOf(one.local)),
      );
    else if (node.type === "ExportAllDeclaration") use(node.source, ["*"]);
    else if (node.type === "ImportExpression") use(node.source, ["*"]);
    else if (node.type === "TSImportType") use((node.source ?? node.argument) as Node, ["*"]);
    else if (node.type === "CallExpression" && ["require", "tsImport"].includes(nameOf(node.callee)))
      use((node.arguments as readonly Node[])[0], ["*"]);
    if (node.type === "ExportNamedDeclaration" && parent?.type === "Program") {
      exports.push(...exportedNames(node));
      if (node.source) passedOn.push(...exportedNames(node));
    }
    if (node.type === "ExportDefaultDeclaration") exports.push("default");
  });
  return { exports, passedOn, uses };
}

function importedName(specifier: Node): string {
  if (specifier.type === "ImportNamespaceSpecifier") return "*";
  return specifier.type === "ImportDefaultSpecifier" ? "default" : nameOf(specifier.imported);
}

function exportedNames(node: Node): readonly string[] {
  const declaration = node.declaration as Node | null;
  if (declaration === null || declaration === undefined)
    return ((node.specifiers ?? []) as readonly Node[]).map((one) => nameOf(one.exported));
  if (declaration.type !== "VariableDeclaration") return [nameOf(declaration.id)];
  return (declaration.declarations as readonly Node[]).flatMap(({ id }) => namesIn(id as Node));
}

/** Of a plain name, or of a pattern that takes an object apart. */
function namesIn(pattern: Node): readonly string[] {
  if (pattern.type === "Identifier") return [nameOf(pattern)];
  return ((pattern.properties ?? pattern.elements ?? []) as readonly Node[]).flatMap((one) => namesIn((one.value ?? one) as Node));
}

export function withoutEnding(path: string): string {
  return path.replace(/(\.d)?\.[cm]?[jt]sx?$/, "");
}

function toOwnFile(path: string, source: string): string | undefined {
  return source.startsWith(".") ? withoutEnding(normalize(join(dirname(path), source)).replaceAll("\\", "/")) : undefined;
}
