/** `kafka-relay init` from the packed tarball in an empty folder: the new project installs, starts, tests and packages itself. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildNpmPackage } from "../../local/package/build.js";
import { freePorts, isPortFree } from "../../local/processes/ports.js";
import { endsWithRun } from "../support/run/run-folder.js";
import { until } from "../support/run/started.js";

const root = join(import.meta.dirname, "../..");
const stepLimitMs = 5 * 60_000;
let folder: string;
let tarball: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kafka-relay-adopt-"));
  const built = await buildNpmPackage(join(folder, "built"));
  tarball = join(folder, npm(["pack", "--silent", "--pack-destination", folder], built).trim());
  mkdirSync(join(folder, "empty"));
  writeFileSync(join(folder, "empty/package.json"), '{ "private": true }\n');
  npm(["install", "--prefer-offline", "--no-audit", "--no-fund", tarball], join(folder, "empty"));
}, stepLimitMs);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function npm(args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync("npm", [...args], { cwd, encoding: "utf8", timeout: stepLimitMs });
  if (status !== 0) throw new Error(`npm ${args.join(" ")} failed:\n${stdout}${stderr}`);
  return stdout;
}

/** The registry has no kafka-relay yet: the project takes the tarball. */
function initialize(name: string, flags: readonly string[]): string {
  execFileSync("npx", ["kafka-relay", "init", join(folder, name), ...flags], {
    cwd: join(folder, "empty"),
    stdio: "ignore",
    timeout: stepLimitMs,
  });
  const project = join(folder, name);
  const manifest = JSON.parse(readFileSync(join(project, "package.json"), "utf8")) as { dependencies: Record<string, string> };
  manifest.dependencies["kafka-relay"] = `file:${tarball}`;
  writeFileSync(join(project, "package.json"), JSON.stringify(manifest));
  npm(["install", "--prefer-offline", "--no-audit", "--no-fund"], project);
  return project;
}

interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

/** What `npm run package` writes. */
function functionsIn(project: string): Readonly<Record<string, Resource>> {
  const template = readFileSync(join(project, ".serverless/cloudformation-template-update-stack.json"), "utf8");
  return (JSON.parse(template) as { readonly Resources: Readonly<Record<string, Resource>> }).Resources;
}

/** As https://www.standardwebhooks.com describes. */
function signed(secret: string, body: string): RequestInit {
  const [id, time] = ["msg_1", String(Math.floor(Date.now() / 1000))];
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${time}.${body}`).digest("base64");
  const headers = {
    "webhook-id": id,
    "webhook-timestamp": time,
    "webhook-signature": `v1,${signature}`,
    "content-type": "application/json",
  };
  return { method: "POST", headers, body };
}

describe.each([
  ["TypeScript", []],
  ["JavaScript", ["--javascript"]],
])("a new project in %s", (language, flags) => {
  let project: string;
  beforeAll(() => {
    project = initialize(`my-relay-${language.toLowerCase()}`, flags);
  }, stepLimitMs);

  test("its tests pass", { timeout: stepLimitMs }, () => {
    expect(npm(["test"], project)).toMatch(/2 passed/);
  });

  test("its package has the API, the route and its mapping", { timeout: stepLimitMs }, () => {
    npm(["run", "package"], project);

    const Resources = functionsIn(project);
    expect(Resources.ProduceLambdaFunction?.Properties.Handler).toBe("functions/produce.handler");
    expect(Resources.BigOrdersLambdaFunction?.Properties.Handler).toBe("functions/routes/big-orders.handler");
    expect(Object.values(Resources).filter(({ Type }) => Type === "AWS::Lambda::EventSourceMapping")).toHaveLength(1);
  });

  test("a source is one command", { timeout: stepLimitMs }, () => {
    const relay = (...args: readonly string[]) =>
      spawnSync("npx", ["kafka-relay", ...args], { cwd: project, encoding: "utf8", timeout: stepLimitMs });

    expect(relay("add", "source", "order-hooks", "--topic", "orders").stdout).toContain("POST /sources/order-hooks");
    expect(relay("add", "source", "big-orders").stderr).toContain("serverless.yml already has a route big-orders.");

    expect(npm(["test"], project)).toMatch(/3 passed/);
    // The test beside it is not read as a source.
    expect(relay("sources", "check")).toMatchObject({ status: 0, stdout: expect.stringMatching(/order-hooks\.\w+ {2}ok/) });
    expect(relay("routes", "check")).toMatchObject({ status: 0, stdout: expect.stringMatching(/big-orders\.\w+ {2}ok/) });
    expect(relay("sources", "test").stdout).toContain("1 passed, 0 failed");
    npm(["run", "package"], project);
    expect(functionsIn(project).OrderHooksLambdaFunction?.Properties.Handler).toBe("functions/sources/order-hooks.handler");
  });

  test("it starts a broker, the API, the source, the console and the route, which relays a record of a webhook", {
    timeout: stepLimitMs,
  }, async () => {
    const [http = 0, lambda = 0, broker = 0] = await freePorts(4);
    mkdirSync(join(project, ".data"), { recursive: true });
    symlinkSync(join(root, ".data/jars"), join(project, ".data/jars"));
    const ports = { RELAY_HTTP_PORT: String(http), RELAY_LAMBDA_PORT: String(lambda), RELAY_BROKER_PORT: String(broker) };
    const { KAFKA_BROKERS: _, ...environment } = process.env;
    const secret = `whsec_${Buffer.from("a secret of the sender of orders").toString("base64")}`;
    const service = join(project, "serverless.yml");
    writeFileSync(service, readFileSync(service, "utf8").replace("  kafkaRelay:\n", "  kafkaRelay:\n    console: true\n"));
    const child = spawn("npm", ["start"], {
      cwd: project,
      detached: true,
      env: { ...environment, ...ports, RELAY_BROKER: "maven", ORDER_HOOKS_SECRET: secret },
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (child.pid !== undefined) endsWithRun("adopt", child.pid);
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
    await until("the service answers", () => /The service answers on/.test(output), 150_000);

    const api = `http://127.0.0.1:${http}`;
    const headers = { "content-type": "application/vnd.kafka.json.v2+json" };
    const posted = await fetch(`${api}/topics/orders`, {
      method: "POST",
      headers,
      body: '{"records":[{"value":{"id":"a","amount":150}}]}',
    });
    expect(posted.status).toBe(200);
    expect((await fetch(`${api}/sources/order-hooks`, signed(secret, '{"id":"b","amount":250}'))).status).toBe(200);
    await until("both are relayed", async () => {
      const { records = [] } = (await (await fetch(`${api}/topics/big-orders-out/records?from=beginning`)).json()) as {
        readonly records?: readonly unknown[];
      };
      return records.length === 2;
    });

    const page = await fetch(`${api}/console`);
    expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    const [asset = ""] = /\/console\/assets\/[\w.-]+\.js/.exec(await page.text()) ?? [];
    expect((await fetch(`${api}${asset}`)).headers.get("content-type")).toBe("text/javascript; charset=utf-8");

    // As Ctrl-C in a terminal: npm itself may end by the signal, and what it started ends in good order.
    process.kill(-(child.pid ?? 0), "SIGINT");
    await closed;
    for (const port of [http, lambda, broker]) await until(`port ${port} is free`, () => isPortFree(port), 30_000);
  });

  test("another route is one command", { timeout: stepLimitMs }, () => {
    execFileSync("npx", ["kafka-relay", "add", "route", "order-mails", "--topic", "orders"], {
      cwd: project,
      stdio: "ignore",
      timeout: stepLimitMs,
    });

    expect(npm(["test"], project)).toMatch(/5 passed/);
    npm(["run", "package"], project);
  });
});
