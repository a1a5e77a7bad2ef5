/** No function is longer than a screen. */
import { expect, test } from "vitest";
import { files } from "../support/source/files.js";
import { functionsOf } from "../support/source/functions.js";

const linesMax = 60;

test(`a function has at most ${linesMax} lines, the functions inside it included`, () => {
  const long = files.flatMap(({ path, text }) =>
    functionsOf(path, text)
      .filter(({ lines }) => lines > linesMax)
      .map(({ name, lines }) => `${path}: ${name} has ${lines} lines`),
  );

  expect(long).toEqual([]);
});

test("functions of every kind are measured, and groups of tests are not", () => {
  const text = `function a() {\n}\nconst b = () => {\n\n};\nclass C {\n  d() { return 1; }\n}\ndescribe("x", () => {\n  test("y", () => 1);\n});`;

  expect(functionsOf("x.ts", text)).toEqual([
    { name: "a", lines: 2 },
    { name: "b", lines: 3 },
    { name: "d", lines: 1 },
    { name: "test", lines: 1 },
  ]);
});
