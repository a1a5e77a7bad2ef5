/** The image of `kafka-relay serve`, built from its Dockerfile and run beside the compose broker: as docs/serve.md says, without privileges and without a file to write. */
import { spawn, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { projectFolder } from "../../local/build/service-map.js";
import { freePorts } from "../../local/processes/ports.js";
import { type Engine, startEngine } from "../support/docker/engine.js";
import { dockerFolders } from "../support/docker/folders.js";
import { createImageMaker } from "../support/docker/images.js";
import { until } from "../support/run/started.js";

const composeFile = "local/docker-compose.yml";
const image = "kafka-relay-test/serve";
const upLimitMs = 120_000;
/** Of the server, for calls in progress. */
const drainMs = 30_000;

let engine: Engine;
let brokerPort: number;
let httpPort: number;
const compose = (...args: readonly string[]): string =>
  engine.docker(["compose", "-f", composeFile, ...args], { env: { RELAY_BROKER_PORT: String(brokerPort) } });

beforeAll(async () => {
  const { run, kept, jars } = dockerFolders();
  [brokerPort = 0, httpPort = 0] = await freePorts(2);
  engine = await startEngine(run, kept, console.log);
  const images = createImageMaker(engine, run, jars, console.log);
  await images.kafka("apache/kafka:4.1.1", "4.1.1");
  const base = /^FROM (\S+)/m.exec(readFileSync(join(projectFolder, "local/serve/Dockerfile"), "utf8"))?.[1] ?? "";
  await images.node(base);
  build(run);
  engine.succeeds(["compose", "-f", composeFile, "down", "--volumes"]);
  compose("up", "--detach");
  runServe("serve", ["--publish", `127.0.0.1:${httpPort}:8082`], ["--access", "everything"]);
  await untilReady();
  for (const topic of ["orders", "earthquakes", "strong-earthquakes"]) await createTopic(topic);
}, 40 * 60_000);
afterAll(async () => {
  for (const name of ["serve", "serve-routes", "serve-workers"]) engine?.succeeds(["rm", "--force", name]);
  if (engine !== undefined) compose("down", "--volumes");
  await engine?.stop();
}, 120_000);

/** On the network of this machine, because a registry may answer there only. A client without buildx leaves the build to Compose, which has a BuildKit of its own. */
function build(folder: string): void {
  const dockerfile = "local/serve/Dockerfile";
  try {
    engine.docker(["build", "--network", "host", "--file", dockerfile, "--tag", image, "."], { env: { DOCKER_BUILDKIT: "1" } });
  } catch (error) {
    if (!/buildx component is missing/.test((error as Error).message)) throw error;
    const file = join(folder, "build.json");
    writeFileSync(file, JSON.stringify({ services: { serve: { image, build: { context: projectFolder, dockerfile, network: "host" } } } }));
    engine.docker(["compose", "--project-name", "kafka-relay-test-build", "--file", file, "build"], { env: { COMPOSE_BAKE: "false" } });
  }
}

/** As docs/serve.md runs it. */
function runServe(name: string, flags: readonly string[], args: readonly string[]): void {
  engine.succeeds(["rm", "--force", name]);
  const network = ["--network", "ecommerce-network", "--env", "KAFKA_BROKERS=kafka:19092"];
  const locked = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"];
  engine.docker(["run", "--detach", "--name", name, ...network, ...locked, ...flags, image, ...args]);
}

/** Both of its streams. */
const logsOf = (name: string): string => {
  const { stdout, stderr } = spawnSync("docker", ["logs", name], { encoding: "utf8", env: { ...process.env, ...engine.environment } });
  return `${stdout}${stderr}`;
};
const stateOf = (name: string, member: string): string => engine.docker(["inspect", "--format", `{{.State.${member}}}`, name]);

interface Answer {
  readonly status: number;
  readonly body: string;
}
interface Call {
  readonly method?: string;
  readonly type?: string;
  readonly body?: string;
  /** Sends the second half of the body only after this. */
  readonly halfway?: () => Promise<void>;
}

/** On a connection of its own. */
function call(path: string, { method = "GET", type = "application/vnd.kafka.json.v2+json", body, halfway }: Call = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "content-type": type, "content-length": Buffer.byteLength(body) };
    const sent = request({ host: "127.0.0.1", port: httpPort, path, method, headers, agent: false }, async (response) =>
      resolve({ status: response.statusCode ?? 0, body: await text(response) }),
    );
    sent.on("error", reject);
    if (halfway === undefined || body === undefined) return sent.end(body);
    sent.write(body.slice(0, body.length / 2), () => void halfway().then(() => sent.end(body.slice(body.length / 2)), reject));
    return sent;
  });
}

const ready = (): Promise<number> =>
  call("/ready").then(
    ({ status }) => status,
    () => 0,
  );
const untilReady = (): Promise<void> => until(`/ready answers 200: ${logsOf("serve")}`, async () => (await ready()) === 200, upLimitMs);

async function createTopic(name: string): Promise<void> {
  const { cluster_id: cluster } = JSON.parse((await call("/v3/clusters")).body).data[0];
  const body = JSON.stringify({ topic_name: name, partitions_count: 2 });
  const { status } = await call(`/v3/clusters/${cluster}/topics`, { method: "POST", type: "application/json", body });
  expect(status).toBe(201);
}
const produce = (topic: string, values: readonly unknown[], halfway?: () => Promise<void>): Promise<Answer> =>
  call(`/topics/${topic}`, {
    method: "POST",
    body: JSON.stringify({ records: values.map((value) => ({ value })) }),
    ...(halfway === undefined ? {} : { halfway }),
  });
const valuesOf = async (topic: string): Promise<readonly unknown[]> =>
  JSON.parse((await call(`/topics/${topic}/records?from=beginning`)).body).records.map(({ value }: { readonly value: unknown }) => value);

test("the API in the container produces and reads over HTTP", async () => {
  expect((await produce("orders", [{ id: 1 }, { id: 2 }])).status).toBe(200);

  expect(await valuesOf("orders")).toEqual(expect.arrayContaining([{ id: 1 }, { id: 2 }]));
});

test("its health check finds it healthy", async () => {
  await until("the container is healthy", () => stateOf("serve", "Health.Status") === "healthy", upLimitMs);
});

test("it runs as a user without privileges, who can write to /tmp alone", () => {
  const tryTo = (...command: readonly string[]): boolean => engine.succeeds(["exec", "serve", ...command]);
  const write = (folder: string): boolean => tryTo("node", "-e", `require("fs").writeFileSync("${folder}/x", "")`);

  expect(engine.docker(["exec", "serve", "node", "-p", "process.getuid()"])).toBe("1000");
  expect(write("/tmp")).toBe(true);
  expect(["/app", "/", "/home/node"].filter(write)).toEqual([]);
});

test("it holds the server, the routes and what they need, and nothing else of this machine", () => {
  const names = engine.docker(["exec", "serve", "node", "-p", 'require("fs").readdirSync("/app").sort().join(" ")']);

  expect(names).toBe(".build functions lib node_modules package.json serve.js serverless.yml");
  expect(engine.succeeds(["exec", "serve", "node", "-e", 'require("fs").accessSync("/app/node_modules/vitest")'])).toBe(false);
});

test("its logs are lines of JSON, one per call", async () => {
  await call("/v3/clusters");

  const lines = logsOf("serve")
    .split("\n")
    .filter((line) => line.includes("/v3/clusters"));
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
});

test("with --routes it runs the routes of the project, and docker stop lets it leave its groups", { timeout: 180_000 }, async () => {
  const event = {
    id: "docker1",
    properties: { mag: 6.1, place: "a container", time: 0, type: "earthquake", dmin: 0.1 },
    geometry: { coordinates: [7, 51, 10] },
  };
  runServe("serve-routes", [], ["--routes", "strong-quakes", "--stage", "local", "--access", "everything"]);

  expect((await produce("earthquakes", [event])).status).toBe(200);

  await until(
    "the earthquake is relayed",
    async () => (await valuesOf("strong-earthquakes")).some((value) => JSON.stringify(value).includes("a container")),
    upLimitMs,
  ).catch((error: Error) => {
    throw new Error(`${error.message}\n${logsOf("serve-routes")}`);
  });
  engine.docker(["stop", "--time", "60", "serve-routes"]);
  expect(stateOf("serve-routes", "ExitCode")).toBe("0");
});

test("several workers share the port with a root file system that cannot be written", { timeout: 180_000 }, async () => {
  runServe("serve-workers", ["--env", "RELAY_SERVE_WORKERS=2"], ["--access", "everything"]);

  await until("the workers are healthy", () => stateOf("serve-workers", "Health.Status") === "healthy", upLimitMs);
  engine.docker(["stop", "--time", "60", "serve-workers"]);
  expect(stateOf("serve-workers", "ExitCode")).toBe("0");
});

test("a container without KAFKA_BROKERS ends with 1 and says what is missing", () => {
  expect(() => engine.docker(["run", "--rm", image])).toThrow(/KAFKA_BROKERS/);
});

test("docker stop finishes the call in progress, refuses new ones, and ends with 0", { timeout: 120_000 }, async () => {
  let refused = 0;
  const stopping = async (): Promise<void> => {
    spawn("docker", ["stop", "--time", String((2 * drainMs) / 1_000), "serve"], {
      env: { ...process.env, ...engine.environment },
      stdio: "ignore",
    });
    await until("/ready answers 503", async () => {
      refused = await ready();
      return refused !== 200;
    });
  };

  const { status } = await produce("orders", [{ id: 3 }], stopping);

  expect(status).toBe(200);
  expect(refused).toBe(503);
  await until("the container has ended", () => stateOf("serve", "Running") === "false");
  expect(stateOf("serve", "ExitCode")).toBe("0");
});
