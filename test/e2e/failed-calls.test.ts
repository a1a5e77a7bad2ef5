/** Functions that fail over HTTP under serverless-offline: their callers learn it, as they do from API Gateway. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createOfflineProject, type OfflineProject, type OfflineRun } from "../support/trigger/offline-project.js";

const root = join(import.meta.dirname, "../..");
let project: OfflineProject;
let run: OfflineRun;
let url: string;

beforeAll(async () => {
  project = await createOfflineProject();
  project.write("plugin.cjs", `module.exports = require(${JSON.stringify(join(root, "local/plugin/plugin.cjs"))});`);
  project.write("throws.js", "export const handler = async () => { throw new Error('no'); };");
  project.write("endless.js", "export const handler = () => new Promise(() => {});");
  project.write("fine.js", "export const handler = async () => ({ total: 1 });");
  const called = (name: string, more: object = {}) => ({
    [name]: { handler: `${name}.handler`, events: [{ httpApi: `POST /${name}` }], ...more },
  });
  project.configure(
    { ...called("throws"), ...called("endless", { timeout: 1 }), ...called("fine") },
    {},
    {
      plugins: ["./plugin.cjs", "serverless-offline"],
    },
  );
  run = project.run(["offline"]);
  await run.printed(/Server ready: \S+/);
  url = /Server ready: (\S+)/.exec(run.output())?.[1] ?? "";
}, 120_000);
afterAll(() => project.remove());

test.each(["throws", "endless"])("a function that %s is answered 500, not 200, and the log says why", async (name) => {
  const response = await fetch(`${url}/${name}`, { method: "POST" });

  expect([response.status, await response.json()]).toEqual([500, { message: "Internal Server Error" }]);
  await run.printed(new RegExp(`${name} failed, and its caller gets 500: `));
});

test("an answer without a status is still a success, as in payload format 2.0", async () => {
  const response = await fetch(`${url}/fine`, { method: "POST" });

  expect([response.status, await response.json()]).toEqual([200, { total: 1 }]);
});
