/** What a Markdown page promises and the repository does not keep: one sentence per fault. */
import { basename, join, posix } from "node:path";
import { Readable, Writable } from "node:stream";
import type { Command } from "commander";
import { createCli } from "../../../local/cli/cli.js";
import manifest from "../../../package.json" with { type: "json" };
import { isTracked, linkTarget, type MarkdownPage, root, trackedFiles } from "./markdown.js";

/** Relative links that lead nowhere, and anchors without a heading. */
export function linkFaults(page: MarkdownPage, pages: readonly MarkdownPage[]): readonly string[] {
  return page.links.flatMap((link) => {
    const target = linkTarget(page, link);
    if (target === undefined) return [];
    const linked = [page, ...pages].find(({ path }) => path === target.path);
    if (linked === undefined && !isTracked(target.path)) return [`the link ${link} leads to ${target.path}, which does not exist`];
    return target.anchor === "" || linked?.anchors.has(target.anchor) ? [] : [`the link ${link} names no heading of ${target.path}`];
  });
}

/** Pages that no chain of links reaches. */
export function unreachedFrom(starts: readonly string[], pages: readonly MarkdownPage[]): readonly string[] {
  const reached = new Set<string>();
  const toVisit = [...starts];
  for (const path of toVisit) {
    if (reached.has(path)) continue;
    reached.add(path);
    const page = pages.find((one) => one.path === path);
    const targets = page?.links.flatMap((link) => linkTarget(page, link)?.path.replace(/\/$/, "") ?? []) ?? [];
    // A link to a folder shows what is in it.
    toVisit.push(...pages.map((one) => one.path).filter((one) => targets.includes(one) || targets.includes(posix.dirname(one))));
  }
  return pages.map(({ path }) => path).filter((path) => !reached.has(path));
}

const topFolders = new Set(trackedFiles.filter((file) => file.includes("/")).map((file) => file.split("/")[0]));
const fileNames = new Set(trackedFiles.map((file) => basename(file)));
const ofOurKinds = /^[\w-]+(?:\.[\w-]+)*\.(?:ts|js|mjs|cjs|md|yml|json)$/;
const isBuilt = (path: string): boolean => /^local\/(?:cli|kafka-trigger)\/dist\b/.test(path);
/** Files that a reader makes: grants for a deployment, a function of another project. */
const madeByReaders = new Set(["grants.json", "orders.js"]);

/** Files and folders in code that do not exist: paths that begin with a folder of the root, and names of files alone. */
export function fileFaults(page: MarkdownPage): readonly string[] {
  return page.code
    .flatMap((text) => text.match(/(?<![\w./:@*<>$}-])[\w.*<>-]+(?:\/[\w.*<>-]+)*\/?/g) ?? [])
    .filter((word) => (word.includes("/") ? topFolders.has(word.split("/")[0]) && !isBuilt(word) : ofOurKinds.test(word)))
    .filter((word) => !(word.includes("/") ? existsFrom(page, word) : fileNames.has(word) || madeByReaders.has(word)))
    .map((word) => `${word} does not exist`);
}

/** From the root or from the folder of the page; a handler is named as serverless.yml does. */
const existsFrom = (page: MarkdownPage, path: string): boolean =>
  [path, `${path.replace(/\.handler$/, "")}.ts`, posix.join(posix.dirname(page.path), path)].some(isTracked);

/** Scripts that package.json does not have, and benches that `npm run bench` does not know. */
export function scriptFaults(page: MarkdownPage): readonly string[] {
  const scripts = matchesIn(page, /\bnpm (?:run (?:--silent )?([\w:-]+)|(start|test)\b)/g).map(([, name, short]) => name ?? short ?? "");
  const benches = matchesIn(page, /\bnpm run bench -- ((?:[a-z][\w-]* ?)+)/g).flatMap(([, names = ""]) => names.trim().split(" "));
  return [
    ...scripts.filter((script) => !(script in manifest.scripts)).map((script) => `package.json has no script ${script}`),
    ...benches.filter((name) => !isTracked(`test/bench/${name}.bench.ts`)).map((name) => `there is no bench ${name}`),
  ];
}

/** Projects that vitest does not have. The files that it is given are checked by `fileFaults`. */
export function projectFaults(page: MarkdownPage, projects: readonly string[]): readonly string[] {
  return matchesIn(page, /\bvitest [^|]*--project[ =]([\w-]+)/g)
    .filter(([, name = ""]) => !projects.includes(name))
    .map(([, name]) => `vitest has no project ${name}`);
}

/** The page that writes commands without the program's name before them. */
const pageOfCommands = "docs/command-line.md";

/** Commands of `kafka-relay` that do not exist, and options that they do not have. */
export function commandFaults(page: MarkdownPage, program: Command): readonly string[] {
  const named = matchesIn(page, /(?:\bnpm run (?:--silent )?relay --|(?:^|[|;&($]\s*|\bnpx )kafka-relay) ([^|;&)#]+)/g);
  const nouns = program.commands.map((command) => command.name());
  const bare = page.path === pageOfCommands ? page.code.filter((text) => nouns.includes(text.split(" ")[0] ?? "")) : [];
  return [...named.map(([, words = ""]) => words), ...bare].flatMap((words) => faultsOfWords(program, words.trim().split(/\s+/)));
}

/** `topics create orders -p 6`: nouns and verbs down to the command that takes the arguments, then its options or those above it. */
function faultsOfWords(program: Command, words: readonly string[]): readonly string[] {
  let command = program;
  for (const word of words) {
    if (command.commands.length === 0 || word.startsWith("<")) break;
    if (word.startsWith("-")) continue;
    const below = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
    if (below === undefined) return [`${command.name()} has no command ${word}`];
    command = below;
  }
  const known = new Set(["--help", "-h"]);
  for (let at: Command | null = command; at !== null; at = at.parent)
    for (const { long, short } of at.options) for (const name of [long, short]) if (name) known.add(name);
  const options = words.flatMap((word) => /^(?:--[a-z][\w-]*|-[a-zA-Z])(?==|$)/.exec(word)?.[0] ?? []);
  return options.filter((option) => !known.has(option)).map((option) => `${command.name()} has no option ${option}`);
}

const matchesIn = (page: MarkdownPage, pattern: RegExp): readonly RegExpExecArray[] =>
  page.code.flatMap((text) => [...text.matchAll(pattern)]);

/** The command line as `local/cli/main.ts` makes it: every file there registers its commands. */
export async function programOfCli(): Promise<Command> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const { signal } = new AbortController();
  const cli = createCli({ env: {}, stdin: Readable.from([]) as never, stdout: silent, stderr: silent, interrupted: signal });
  const files = trackedFiles.filter((file) => /^local\/cli\/[\w/-]+\.ts$/.test(file) && file !== "local/cli/main.ts");
  for (const file of files) {
    const exports = (await import(join(root, file))) as Record<string, unknown>;
    for (const [name, register] of Object.entries(exports)) {
      // One that takes a command too adds to it, and is called by whichever made that command.
      if (/^register[A-Z]/.test(name) && (register as () => void).length === 1) (register as (one: typeof cli) => void)(cli);
    }
  }
  return cli.program;
}
