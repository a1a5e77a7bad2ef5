/** Files stay small enough to be read at once. */
import { expect, test } from "vitest";
import { files, roomOf } from "../support/source/files.js";

const linesMax = 250;
const testLinesMax = 600;

/** Longer ones that still hold two ideas. Nothing may join them, and one that no longer needs its place here must leave. */
const stillLonger: readonly string[] = [];

test(`a code file has at most ${linesMax} lines, a test file at most ${testLinesMax}`, () => {
  const long = files
    .map(({ path, text }) => ({ path, lines: text.trimEnd().split("\n").length }))
    .filter(({ path, lines }) => lines > (roomOf(path) === "test" ? testLinesMax : linesMax));

  expect(long.filter(({ path }) => !stillLonger.includes(path)).map(({ path, lines }) => `${path} has ${lines} lines`)).toEqual([]);
  expect(stillLonger.filter((path) => !long.some((one) => one.path === path)).map((path) => `${path}: take it off the list`)).toEqual([]);
});
