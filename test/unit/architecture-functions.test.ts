/** No function is longer than a screen. */
import { expect, test } from "vitest";
import { files } from "../support/source/files.js";
import { functionsOf } from "../support/source/functions.js";

const linesMax = 60;

/** Longer ones that are being split. Nothing may join them, and one that no longer needs its place here must leave. */
const stillLonger: readonly string[] = [
  "lib/kafka/metadata.ts: createMetadata",
  "local/cli/dead-letters.ts: registerDeadLetters",
  "local/cli/groups.ts: describe",
  "local/cli/groups.ts: registerGroups",
  "local/cli/topics.ts: registerTopics",
  "test/support/broker/tcp-proxy.ts: startTcpProxy",
  "test/support/targets/partly-failing-aws.ts: startPartlyFailingAws",
  "test/support/targets/token-server.ts: startTokenServer",
  "test/trigger/template.test.ts: test",
];

test(`a function has at most ${linesMax} lines, the functions inside it included`, () => {
  const long = files.flatMap(({ path, text }) =>
    functionsOf(path, text)
      .filter(({ lines }) => lines > linesMax)
      .map(({ name, lines }) => ({ place: `${path}: ${name}`, lines })),
  );

  expect(long.filter(({ place }) => !stillLonger.includes(place)).map(({ place, lines }) => `${place} has ${lines} lines`)).toEqual([]);
  expect(stillLonger.filter((place) => !long.some((one) => one.place === place)).map((place) => `${place}: take it off the list`)).toEqual(
    [],
  );
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
