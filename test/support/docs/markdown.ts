/** What a Markdown page of this repository says that can be checked: its links, its anchors, and the code in it. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { lexer, type Token, walkTokens } from "marked";

export const root = join(import.meta.dirname, "../../..");

export interface MarkdownPage {
  /** From the repository's root, with forward slashes. */
  readonly path: string;
  /** As they are written: "local.md#who-may-call", "#limits", "https://...". */
  readonly links: readonly string[];
  /** What a link to a heading of this page may name after its `#`. */
  readonly anchors: ReadonlySet<string>;
  /** Code spans, and the lines of code blocks. */
  readonly code: readonly string[];
}

/** Files that git knows: those of a clone, and new ones that are not ignored. Where there is no git, what is in the folders that it does not ignore. */
export const trackedFiles: readonly string[] = filesOfGit() ?? filesBelow("");

function filesOfGit(): readonly string[] | undefined {
  if (!existsSync(join(root, ".git"))) return undefined;
  const words = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  return execFileSync("git", words, { cwd: root, encoding: "utf8" })
    .split("\0")
    .filter((path) => path !== "" && existsSync(join(root, path)));
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    if (/^(?:node_modules|dist|coverage|\.build|\.data|\.serverless|\.git)$/.test(entry.name)) return [];
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

export const pages: readonly MarkdownPage[] = trackedFiles
  .filter((path) => path.endsWith(".md"))
  .map((path) => parsePage(path, readFileSync(join(root, path), "utf8")));

export function parsePage(path: string, markdown: string): MarkdownPage {
  const links: string[] = [];
  const headings: string[] = [];
  const code: string[] = [];
  walkTokens(lexer(markdown), (token: Token) => {
    if (token.type === "link" || token.type === "image") links.push(token.href);
    if (token.type === "heading") headings.push(token.text);
    if (token.type === "codespan") code.push(token.text);
    if (token.type === "code") code.push(...token.text.split("\n"));
  });
  return { path, links, anchors: anchorsOf(headings), code };
}

/** GitHub's rule: lower case, without punctuation, hyphens for spaces, and a number for repeated ones. */
function anchorsOf(headings: readonly string[]): ReadonlySet<string> {
  const seen = new Map<string, number>();
  return new Set(
    headings.map((heading) => {
      const anchor = heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(" ", "-");
      const times = seen.get(anchor) ?? 0;
      seen.set(anchor, times + 1);
      return times === 0 ? anchor : `${anchor}-${times}`;
    }),
  );
}

/** The file or folder that a relative link of a page names, and the anchor in it; undefined for an address elsewhere. */
export function linkTarget(page: MarkdownPage, link: string): { readonly path: string; readonly anchor: string } | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return undefined;
  const [file = "", anchor = ""] = decodeURI(link).split("#");
  const path = file === "" ? page.path : posix.normalize(posix.join(posix.dirname(page.path), file));
  return { path, anchor };
}

/** Is it a file of the repository, or a folder of it? `*` and `<name>` stand for any name. */
export function isTracked(path: string): boolean {
  const wanted = path.replace(/^\.\//, "").replace(/\/$/, "");
  if (wanted === "" || wanted === ".") return true;
  const anyName = wanted.split(/\*|<[^>]*>/).map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(`^${anyName.join("[^/]+")}(/|$)`);
  return trackedFiles.some((file) => pattern.test(file));
}
