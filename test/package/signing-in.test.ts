/** Of kafkajs's requests, bundles hold those alone that signing in takes: so a bundle signs in, to a real broker that wants a password. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bundle, bundleFunctions } from "../../local/build/bundle.js";
import { deployedFunctions, projectFolder } from "../../local/build/service-map.js";
import { keepSigningIn } from "../../local/build/unused-requests.js";
import { type SecuredBroker, startSecuredBroker } from "../support/broker/secured-broker.js";

let folder: string;
let topics: Bundle | undefined;
let broker: SecuredBroker;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kafka-relay-signing-in-"));
  const functions = deployedFunctions().filter(({ key }) => key === "topics");
  [[topics], broker] = await Promise.all([bundleFunctions(folder, functions), startSecuredBroker(["alice"])]);
}, 120_000);
afterAll(async () => {
  await broker?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("a bundle signs in with a password and is answered", async () => {
  const { answer } = await listTopics(broker.environmentOf("alice"));

  expect(answer).toMatchObject({ statusCode: 200 });
});

test("a bundle with a wrong password says so, and that it is a fault of ours", async () => {
  const { answer } = await listTopics(broker.environmentOf("alice", "wrong"));

  expect(answer?.statusCode).toBeGreaterThanOrEqual(400);
  expect(answer?.body).toContain("40101");
});

test("of kafkajs's list of requests two are left, and a list of another kind is not touched", () => {
  const source = readFileSync(join(projectFolder, "node_modules/kafkajs/src/protocol/requests/index.js"), "utf8");

  expect([...keepSigningIn(source).matchAll(/(\w+): require\(/g)].map(([, name]) => name)).toEqual(["SaslHandshake", "SaslAuthenticate"]);
  expect(() => keepSigningIn("module.exports = {}")).toThrow("is not the one");
});

interface Answered {
  readonly answer?: { readonly statusCode: number; readonly body: string };
}

function listTopics(env: Readonly<Record<string, string>>): Promise<Answered> {
  const event = {
    version: "2.0",
    routeKey: "GET /topics",
    rawPath: "/topics",
    rawQueryString: "",
    headers: { host: "localhost" },
    requestContext: { http: { method: "GET", path: "/topics" }, requestId: "1", stage: "$default" },
    isBase64Encoded: false,
  };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(projectFolder, "test/support/package/invoke-bundles.cjs")], {
      stdio: ["pipe", "pipe", "ignore"],
      env: { PATH: process.env.PATH, RELAY_ACCESS: "everything", ...env },
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
    child.once("error", reject);
    child.once("close", () => {
      const line = output.split("\n").find((text) => text.startsWith("RESULT ")) ?? "";
      const [result] = (JSON.parse(line.slice("RESULT ".length)) as { readonly results: readonly Answered[] }).results;
      resolve(result ?? {});
    });
    child.stdin.end(JSON.stringify([{ key: "topics", path: topics?.path, event }]));
  });
}
