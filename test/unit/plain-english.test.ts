/**
 * Plain English, checked: phrases that made readers stumble do not come back into docs, messages, comments or test names.
 * The text of a file is searched as a whole. These phrases cannot occur in code, so that finds them in its strings and comments.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** This list itself. */
const exempt: readonly string[] = ["test/unit/plain-english.test.ts"];

/** Not ours to word: what tools write, and what npm downloads. */
const generated = /(?:^|\/)(?:dist|node_modules|coverage|\.[^/]+|package-lock\.json)(?:\/|$)/;

const counted =
  "one|two|once|twice|answers?|attempts?|call|connections?|entr(?:y|ies)|files?|lines?|messages?|objects?|poller units?|records?|requests?|roles?|rows?|signatures?|units?|(?:[µu]|m)?s|bytes";
const unit =
  "batch|broker|call|column|event|file|function|group|invocation|item|key|leader|letter|line|message|node|object|page|partition|program|record|request|route|row|secret|table|target|topic|worker";

interface Phrase {
  readonly pattern: RegExp;
  /** What to write instead. */
  readonly instead: string;
}

const phrases: readonly Phrase[] = [
  { pattern: /\b(?:is|are|was|were|be|been|being|not|nobody|never) told\b/gi, instead: "is reported, receives, is shown" },
  {
    pattern: /\btold (?:apart|as|at|at once|by|from|here|how|in|of|on|once|so|that|to|what|when|where|which|with)\b/gi,
    instead: "reported, distinguished, described",
  },
  {
    pattern:
      /(?<!\bthere )\b(?:is|are|was|were) no (?!fewer\b|less\b|longer\b|more\b|earlier\b|later\b|older\b|newer\b|different\b)[a-z]/gi,
    instead: "is not a, does not exist, has no",
  },
  { pattern: /\b(?:that|which|what|it|this|one|")\s?(?:is|are|was) none\b/gi, instead: "is not a valid" },
  { pattern: /\b(?:is|are) none of\b/gi, instead: "is not one of" },
  { pattern: /\btakes none of\b/gi, instead: "accepts no, rejects every" },
  { pattern: new RegExp(`\\b(?:${counted}) an? (?:${unit})\\b`, "gi"), instead: "per: one answer per topic" },
  { pattern: /\bin hand\b/gi, instead: "in progress" },
  { pattern: /\banew\b/gi, instead: "again, start over" },
  { pattern: /\bmend(?:s|ed|ing)?\b/gi, instead: "fix" },
  { pattern: /\bwherein\b/gi, instead: "where, in which" },
  { pattern: /\bleaves? (?:it|them|this) away\b/gi, instead: "omit it" },
  { pattern: /\bat fault\b/gi, instead: "invalid, or caused by" },
  { pattern: /\bwho(?:ever)? would rather\b/gi, instead: "to do X, do Y" },
  { pattern: /\bso costs\b/gi, instead: "therefore costs" },
  { pattern: /\bnobody (?:knows|foresaw|said|takes|understands)\b/gi, instead: "unknown, unexpected, missing, unsupported" },
  { pattern: /\bwhoever\b/gi, instead: "anyone who, callers that, or name who it is" },
  { pattern: /\bfor want of\b/gi, instead: "because there is no" },
  { pattern: /\b(?:is|are|was|were) said\b/gi, instead: "is reported, the log says" },
  { pattern: /\b(?:comes?|came) again\b/gi, instead: "is delivered again" },
  { pattern: /\b(?:is|are) held to\b/gi, instead: "must follow, is compared with" },
];

/** Sentences about what to rewrite, one per phrase found. Line breaks inside a comment or paragraph count as spaces. */
function phrasesIn(path: string, text: string): readonly string[] {
  const flowing = text.replaceAll(/\n[ \t]*(?:\*|\/\/|#|>)?[ \t]*/g, " ");
  return phrases.flatMap(({ pattern, instead }) =>
    [...flowing.matchAll(pattern)].map(({ 0: found, index }) => {
      const around = flowing.slice(Math.max(0, index - 30), index + found.length + 30).trim();
      return `${path}: "${found}" in "...${around}...". Write instead: ${instead}`;
    }),
  );
}

/** Every text file of the repository, by the folder below which it lies: `lib/http`, `docs`; the root's own files lie below ".". */
function filesByFolder(): ReadonlyMap<string, readonly string[]> {
  const files = readdirSync(root, { withFileTypes: true })
    .filter(({ name }) => !generated.test(name))
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(entry.name) : [entry.name]))
    .filter((file) => /\.(?:md|ts|mts|cts|js|mjs|cjs|json|ya?ml)$/.test(file) && !exempt.includes(file));
  const folders = new Map<string, string[]>();
  for (const file of files) {
    const folder = file.split("/").slice(0, -1).slice(0, 2).join("/") || ".";
    folders.set(folder, [...(folders.get(folder) ?? []), file]);
  }
  return folders;
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length).replaceAll("\\", "/"))
    .filter((file) => !generated.test(file));
}

const folders = filesByFolder();

test.each([...folders])("%s is written in plain English", (_folder, files) => {
  expect(files.flatMap((file) => phrasesIn(file, readFileSync(join(root, file), "utf8")))).toEqual([]);
});

test("every part of the repository is searched", () => {
  expect([...folders.keys()]).toEqual(
    expect.arrayContaining([".", "docs", "docs/adr", "functions", "lib", "lib/http", "lib/kafka", "local/cli", "test/api", "test/unit"]),
  );
  expect(folders.get(".")).toEqual(expect.arrayContaining(["README.md", "package.json", "serverless.yml"]));
});

test.each([
  ["every parameter is told", "is told"],
  ["a cursor told from the old one", "told from"],
  ['"x" is no topic name', "is no t"],
  ["a cursor that is none", "that is none"],
  ["this is none of these", "this is none"],
  ["one answer a topic", "answer a topic"],
  ["25 us a record", "us a record"],
  ["// the batches in\n  // hand are finished", "in hand"],
  ["the topic is made anew", "anew"],
  ["leave it away to begin", "leave it away"],
  ["a record that is at fault", "at fault"],
  ["Who would rather see the status", "Who would rather"],
  ["the batch comes again", "comes again"],
  ["refused to whoever asks", "whoever"],
  ["what it needs is said", "is said"],
])("%j is found", (text, found) => {
  expect(phrasesIn("page.md", text)[0]).toContain(`page.md: "${found}"`);
});

test.each([
  "There is no route",
  "it is no longer valid",
  "is no more than 5",
  "no such topic",
  "one of the answers",
  "the one a client sends",
])("%j is plain English", (text) => {
  expect(phrasesIn("page.md", text)).toEqual([]);
});
