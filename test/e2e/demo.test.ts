/** `npm run demo` beside `npm start`: the sums are right, also when everything is killed in the middle of it. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createHome, type Home, npmRun, npmStart, type Program } from "../support/run/started.js";

let home: Home;
let program: Program;
beforeAll(async () => {
  home = await createHome();
  program = await npmStart(home);
}, 180_000);
afterAll(async () => {
  await program?.killTree();
  await home.remove();
});

test("every record is where it should be after kill -9 of the whole tree in the middle of the demo", { timeout: 400_000 }, async () => {
  const demo = npmRun("demo", home, ["--pause-ms", "60"]);
  await program.printed(/quakes-to-sql {2}\d+ records/);

  await program.killTree();
  program = await npmStart(home);

  expect(await demo.ended(240_000).then((code) => ({ code, output: demo.output() }))).toMatchObject({
    code: 0,
    output: expect.stringContaining("Every record arrived where it should."),
  });
  expect(demo.output()).toMatch(/Reason of the dead letters: .*dmin is missing/);
});
