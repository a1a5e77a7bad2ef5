/** One name per idea, in a file that is named for it. */
import { expect, test } from "vitest";
import { linkageOf } from "../support/source/exports.js";
import { broken, files, roomOf } from "../support/source/files.js";

test("no file is named for being left over", () => {
  const sentences = broken(({ path }) =>
    /(^|[/-])(utils?|helpers?|common|base|managers?|misc)([.-]|$|\/)/.test(path)
      ? [`${path} is named for nothing: name it for what is in it`]
      : [],
  );
  expect(sentences).toEqual([]);
});

test("a file is named in kebab-case", () => {
  const sentences = broken(({ path }) =>
    (path.split("/").pop() ?? "").split(".").every((part) => /^[a-z0-9]+(-[a-z0-9]+)*$/.test(part)) ? [] : [`${path} is not in kebab-case`],
  );
  expect(sentences).toEqual([]);
});

/** Kafka's primitive types, once as they are in its messages and once as JSON schemas: the same idea in two notations. */
const inTwoNotations: readonly string[] = ["int32", "int64"];

/** Every function file has these two, by Lambda's and this project's convention; each plugin is the default of its file. */
const byConvention: readonly string[] = ["default", "handler", "operations"];

test("an exported name is declared by one file only", () => {
  const owners = new Map<string, string[]>();
  for (const { path, text } of files) {
    if (roomOf(path) === "test" || /\.d\.[cm]?ts$/.test(path)) continue;
    const { exports, passedOn } = linkageOf(path, text);
    for (const name of exports)
      if (!byConvention.includes(name) && !passedOn.includes(name)) owners.set(name, [...(owners.get(name) ?? []), path]);
  }
  const shared = [...owners].filter(([, paths]) => paths.length > 1);

  expect(shared.filter(([name]) => !inTwoNotations.includes(name)).map(([name, paths]) => `${name}: ${paths.join(", ")}`)).toEqual([]);
  expect(inTwoNotations.filter((name) => !shared.some(([one]) => one === name)).map((name) => `${name}: take it off the list`)).toEqual([]);
});
