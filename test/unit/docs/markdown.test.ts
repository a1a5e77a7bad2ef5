/** What the Markdown pages promise a reader who follows them: links lead somewhere, files exist, commands can be run, pages are found. */
import { expect, test } from "vitest";
import config from "../../../vitest.config.js";
import { type MarkdownPage, pages, parsePage } from "../../support/docs/markdown.js";
import {
  commandFaults,
  fileFaults,
  linkFaults,
  programOfCli,
  projectFaults,
  scriptFaults,
  unreachedFrom,
} from "../../support/docs/markdown-faults.js";

const projects = (config.test?.projects ?? []).map((project) => (project as { readonly test: { readonly name: string } }).test.name);

/** Sentences about what is wrong, one per fault: what is expected to be empty. */
const faultsIn = (check: (page: MarkdownPage) => readonly string[]): readonly string[] =>
  pages.flatMap((page) => check(page).map((fault) => `${page.path}: ${fault}`));

test("every relative link leads to a file or folder of this repository, and every anchor to a heading", () => {
  expect(faultsIn((page) => linkFaults(page, pages))).toEqual([]);
});

test("every page is reached from README.md or docs/architecture.md", () => {
  const unreached = unreachedFrom(["README.md", "docs/architecture.md"], pages);

  // What lies beside the files of a test explains those alone.
  expect(unreached.filter((path) => !path.startsWith("test/"))).toEqual([]);
});

test("every file and folder that is named in code exists", () => {
  expect(faultsIn(fileFaults)).toEqual([]);
});

test("every script and every bench in an npm command exists", () => {
  expect(faultsIn(scriptFaults)).toEqual([]);
});

test("every project in a vitest command exists", () => {
  expect(faultsIn((page) => projectFaults(page, projects))).toEqual([]);
});

test("every command of kafka-relay exists, with the options that it is given", async () => {
  const program = await programOfCli();

  expect(faultsIn((page) => commandFaults(page, program))).toEqual([]);
});

test("the checks read enough of the pages to mean something", () => {
  expect(pages.length).toBeGreaterThan(30);
  expect(pages.flatMap(({ links }) => links).length).toBeGreaterThan(70);
  expect(pages.flatMap(({ code }) => code).filter((text) => text.includes("npm run relay --")).length).toBeGreaterThan(20);
});

const wrongPage = parsePage(
  "docs/wrong.md",
  [
    "# One heading",
    "# One heading",
    "[right](relay.md), [right](#one-heading-1), [elsewhere](https://example.com/x.md)",
    "[gone](gone.md) and [headless](relay.md#no-such-heading), [twice](#one-heading-2)",
    "`lib/gone.ts`, `lib/*/gone.ts`, `gone.ts`, `lib/errors.ts`, `lib/targets/<name>.ts`, `GET /gone.json`",
    "",
    "```",
    "npm run gone # and npm run bench -- producer gone",
    "npx vitest run --project gone test/gone.test.ts",
    "npm run relay -- topics vanish | kafka-relay gone; kafka-relay topics list --gone",
    "```",
  ].join("\n"),
);

test("a page with faults has each of them named", async () => {
  expect(linkFaults(wrongPage, pages)).toEqual([
    "the link gone.md leads to docs/gone.md, which does not exist",
    "the link relay.md#no-such-heading names no heading of docs/relay.md",
    "the link #one-heading-2 names no heading of docs/wrong.md",
  ]);
  expect(fileFaults(wrongPage)).toEqual(
    ["lib/gone.ts", "lib/*/gone.ts", "gone.ts", "test/gone.test.ts"].map((name) => `${name} does not exist`),
  );
  expect(scriptFaults(wrongPage)).toEqual(["package.json has no script gone", "there is no bench gone"]);
  expect(projectFaults(wrongPage, projects)).toEqual(["vitest has no project gone"]);
  expect(commandFaults(wrongPage, await programOfCli())).toEqual([
    "topics has no command vanish",
    "kafka-relay has no command gone",
    "list has no option --gone",
  ]);
  expect(unreachedFrom(["README.md"], [...pages, wrongPage])).toContain("docs/wrong.md");
});
