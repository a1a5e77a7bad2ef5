/** With Docker, for real: what the README says of it, other containers on its network, and everything that can be killed, stopped or paused. */
import { execFile } from "node:child_process";
import { request } from "node:http";
import { json } from "node:stream/consumers";
import { promisify, stripVTControlCharacters } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFailed, test } from "vitest";
import { type Engine, startEngine } from "../support/docker/engine.js";
import { dockerFolders } from "../support/docker/folders.js";
import { createImageMaker, type ImageMaker } from "../support/docker/images.js";
import { createHome, type Home, npmRun, npmStart, type Program, until } from "../support/run/started.js";

const composeFile = "local/docker-compose.yml";
const network = "ecommerce-network";
const kafkaImage = "apache/kafka:4.1.1";
const oldImage = "kafka-relay-test/kafka-with-zookeeper:2.8.1";
// For a machine that does other things too.
const demoLimitMs = 420_000;
const demoStartsLimitMs = 150_000;
const suiteLimitMs = 10 * 60_000;

let engine: Engine;
let images: ImageMaker;
beforeAll(async () => {
  const { run, kept, jars } = dockerFolders();
  engine = await startEngine(run, kept, console.log);
  images = createImageMaker(engine, run, jars, console.log);
  await images.kafka(kafkaImage, "4.1.1");
  // What an interrupted run has left.
  engine.succeeds(["compose", "-f", composeFile, "down", "--volumes"]);
}, 40 * 60_000);
afterAll(async () => {
  await engine?.stop();
}, 120_000);

const container = (): string => engine.docker(["compose", "-f", composeFile, "ps", "--quiet", "kafka"]);
/** Compose interpolates the port in every command. */
const composeOf = (home: Home, ...args: readonly string[]): string =>
  engine.docker(["compose", "-f", composeFile, ...args], { env: { RELAY_BROKER_PORT: String(home.ports.broker) } });

async function dockerHome(variables: NodeJS.ProcessEnv = {}): Promise<Home> {
  return createHome({ RELAY_BROKER: "docker", ...engine.environment, ...variables });
}

/** A connection of its own: while a command of Docker ran, the API may have closed an idle one. */
function call(home: Home, path: string, body?: string): Promise<{ readonly status: number; readonly json: unknown }> {
  const headers = body === undefined ? {} : { "content-type": "application/vnd.kafka.json.v2+json" };
  return new Promise((resolve, reject) => {
    const sent = request(`${home.api}${path}`, { method: body === undefined ? "GET" : "POST", agent: false, headers }, async (response) => {
      resolve({ status: response.statusCode ?? 0, json: await json(response) });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

async function valuesOf(home: Home, topic: string): Promise<readonly unknown[]> {
  const { records = [] } = (await call(home, `/topics/${topic}/records?from=beginning`)).json as {
    readonly records?: readonly { readonly value: unknown }[];
  };
  return records.map(({ value }) => value);
}

const produce = async (home: Home, topic: string, value: unknown): Promise<number> =>
  (await call(home, `/topics/${topic}`, JSON.stringify({ records: [{ value }] }))).status;

describe("npm start with Docker", () => {
  let home: Home;
  let program: Program;
  beforeEach(() => {
    onTestFailed(() => console.error(`npm start printed last:\n${program?.output().slice(-4_000)}`));
  });
  beforeAll(async () => {
    home = await dockerHome({ KAFKA_CREATE_TOPICS: "orders:4:1:compact,payments:1:1" });
    program = await npmStart(home);
  }, 240_000);
  afterAll(async () => {
    await program?.killTree().catch(() => undefined);
    composeOf(home, "down", "--volumes");
    await home.remove();
  }, 120_000);

  test("it starts the broker of the compose file, and says so", () => {
    expect(program.output()).toMatch(/Apache Kafka \(Docker, local\/docker-compose\.yml\)/);
    expect(engine.docker(["inspect", "--format", "{{.State.Health.Status}}", container()])).toMatch(/healthy|starting/);
  });

  test("the topics of KAFKA_CREATE_TOPICS are there as asked", async () => {
    expect((await call(home, "/topics/orders/partitions")).json).toHaveLength(4);
    expect((await call(home, "/topics/payments")).status).toBe(200);
  });

  test("the tools inside the container list, create and describe topics, produce and consume", async () => {
    const kafka = (tool: string, args: readonly string[], input?: string) =>
      engine.docker(["exec", "--interactive", container(), `/opt/kafka/bin/${tool}.sh`, ...args, "--bootstrap-server", "kafka:19092"], {
        ...(input === undefined ? {} : { input }),
      });

    kafka("kafka-topics", ["--create", "--topic", "invoices", "--partitions", "3"]);
    kafka("kafka-console-producer", ["--topic", "invoices"], "first\nsecond\n");

    expect(kafka("kafka-topics", ["--list"]).split("\n")).toEqual(expect.arrayContaining(["invoices", "orders", "payments"]));
    expect(kafka("kafka-topics", ["--describe", "--topic", "invoices"])).toMatch(/PartitionCount: 3/);
    const read = kafka("kafka-console-consumer", [
      "--topic",
      "invoices",
      "--from-beginning",
      "--max-messages",
      "2",
      "--timeout-ms",
      "120000",
    ]);
    expect(
      read
        .split("\n")
        .filter((line) => /^(first|second)$/.test(line))
        .sort(),
    ).toEqual(["first", "second"]);
    expect((await call(home, "/topics/invoices")).status).toBe(200);
  });

  test("another container on ecommerce-network produces and consumes through kafka:19092, together with the API", async () => {
    const inNetwork = (tool: string, args: readonly string[], input?: string) =>
      engine.docker(
        [
          "run",
          "--rm",
          "--interactive",
          "--network",
          network,
          kafkaImage,
          `/opt/kafka/bin/${tool}.sh`,
          ...args,
          "--bootstrap-server",
          "kafka:19092",
        ],
        { ...(input === undefined ? {} : { input }) },
      );

    inNetwork("kafka-console-producer", ["--topic", "payments"], '{"from":"a container"}\n');
    expect(await produce(home, "payments", { from: "the API" })).toBe(200);

    const read = inNetwork("kafka-console-consumer", [
      "--topic",
      "payments",
      "--from-beginning",
      "--max-messages",
      "2",
      "--timeout-ms",
      "120000",
    ]);
    expect(read).toContain('{"from":"a container"}');
    expect(read).toContain('{"from":"the API"}');
    expect(await valuesOf(home, "payments")).toEqual([{ from: "a container" }, { from: "the API" }]);
  });

  test("kill -9 of everything but the container: the next start uses the broker that runs, with its records", {
    timeout: 240_000,
  }, async () => {
    const before = container();
    await program.killTree();

    program = await npmStart(home);

    expect(container()).toBe(before);
    expect(await valuesOf(home, "payments")).toHaveLength(2);
  });

  test("Ctrl-C stops the container and keeps its records for the next start", { timeout: 240_000 }, async () => {
    program.interrupt();
    expect(await program.ended()).toBe(0);
    expect(engine.docker(["compose", "-f", composeFile, "ps", "--status", "running", "--quiet"])).toBe("");

    program = await npmStart(home);

    expect(await valuesOf(home, "payments")).toHaveLength(2);
  });

  test("docker compose down -v leaves no container, no volume and no network", { timeout: 120_000 }, async () => {
    program.interrupt();
    await program.ended();

    composeOf(home, "down", "-v");

    expect(engine.docker(["volume", "ls", "--quiet", "--filter", "name=kafka-relay"])).toBe("");
    expect(engine.docker(["network", "ls", "--quiet", "--filter", `name=${network}`])).toBe("");
  });
});

describe("the demo with Docker", () => {
  let home: Home;
  let program: Program;
  beforeEach(async () => {
    home = await dockerHome();
    program = await npmStart(home);
  }, 240_000);
  afterEach(async () => {
    await program?.killTree().catch(() => undefined);
    composeOf(home, "down", "--volumes");
    await home.remove();
  }, 120_000);

  const faults: readonly (readonly [string, () => void])[] = [
    ["runs undisturbed", () => {}],
    ["has its broker killed and started again", () => void [engine.docker(["kill", container()]), composeOf(home, "start", "kafka")]],
    ["has its broker stopped and started again", () => void [composeOf(home, "stop", "kafka"), composeOf(home, "start", "kafka")]],
    ["has its broker paused for a while", () => void [engine.docker(["pause", container()]), engine.docker(["unpause", container()])]],
  ];

  test.each(faults)("every record arrives where it should when it %s", { timeout: demoLimitMs }, async (_what, fault) => {
    const demo = npmRun("demo", home, ["--pause-ms", "40"]);
    await program.printed(/quakes-to-sql {2}\d+ records/, demoStartsLimitMs);

    fault();

    const code = await demo.ended(demoLimitMs - 60_000).catch((error: Error) => error.message.slice(0, 200));
    expect({ code, output: `${demo.output().slice(-4_000)}\n${program.output().slice(-6_000)}` }).toMatchObject({
      code: 0,
      output: expect.stringContaining("Every record arrived where it should."),
    });
  });
});

describe("what can go wrong", () => {
  test("a port that another program has is named, with the ways out", { timeout: 120_000 }, async () => {
    const { createServer } = await import("node:net");
    const home = await dockerHome();
    const holder = createServer().listen(home.ports.broker, "127.0.0.1");
    const program = npmRun("start", home);

    expect(await program.ended()).toBe(1);

    expect(program.output()).toMatch(new RegExp(`Port ${home.ports.broker} is in use.*\\n.*stop that program`, "s"));
    holder.close();
    await home.remove();
  });

  test("without an engine, RELAY_BROKER=docker says what is missing and which ways are left", { timeout: 120_000 }, async () => {
    const home = await createHome({ RELAY_BROKER: "docker", DOCKER_HOST: "unix:///tmp/no-such-engine.sock" });
    const program = npmRun("start", home);

    expect(await program.ended()).toBe(1);

    expect(program.output()).toMatch(/Docker/);
    expect(program.output()).toMatch(/RELAY_BROKER=maven/);
    await home.remove();
  });

  test("an engine that dies takes the broker with it; when it is back, the next start has every record", { timeout: 300_000 }, async () => {
    if (!engine.isOurs) return console.log("not run: the engine that answers is not the tests' own");
    const home = await dockerHome({ KAFKA_CREATE_TOPICS: "orders:1:1" });
    let program = await npmStart(home);
    expect(await produce(home, "orders", "kept")).toBe(200);
    await engine.kill();
    program.interrupt();
    await program.ended();

    await engine.restart();
    program = await npmStart(home);
    expect(await valuesOf(home, "orders")).toEqual(["kept"]);

    await program.killTree();
    composeOf(home, "down", "--volumes");
    await home.remove();
  });
});

describe("an older tutorial's cluster: Kafka 2.8.1 with ZooKeeper, at fixed addresses on a network that exists already", () => {
  const subnet = "172.28.7";
  const brokers = `${subnet}.11:9092`;
  let home: Home;
  let program: Program;
  beforeAll(async () => {
    await images.zookeeperKafka(oldImage);
    engine.docker(["network", "create", "--subnet", `${subnet}.0/24`, "tutorial"]);
    const start = (name: string, address: string, variables: Readonly<Record<string, string>>) =>
      engine.docker([
        ...["run", "--detach", "--name", name, "--network", "tutorial", "--ip", address],
        ...Object.entries(variables).flatMap(([key, value]) => ["--env", `${key}=${value}`]),
        oldImage,
      ]);
    start("tutorial-zookeeper", `${subnet}.10`, { ROLE: "zookeeper" });
    start("tutorial-kafka", `${subnet}.11`, {
      KAFKA_BROKER_ID: "1",
      KAFKA_ZOOKEEPER_CONNECT: `${subnet}.10:2181`,
      KAFKA_LISTENERS: "PLAINTEXT://:9092",
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://${subnet}.11:9092`,
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: "1",
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: "1",
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: "1",
    });
    await until(
      "the broker answers",
      () => engine.succeeds(["exec", "tutorial-kafka", "/opt/kafka/bin/kafka-topics.sh", "--list", "--bootstrap-server", brokers]),
      120_000,
    );
    home = await dockerHome({ KAFKA_BROKERS: brokers, KAFKA_CREATE_TOPICS: "orders:2:1" });
    program = await npmStart(home);
  }, 20 * 60_000);
  afterAll(async () => {
    await program?.killTree().catch(() => undefined);
    for (const name of ["tutorial-kafka", "tutorial-zookeeper"]) engine.succeeds(["rm", "--force", "--volumes", name]);
    engine.succeeds(["network", "rm", "tutorial"]);
    await home?.remove();
  }, 120_000);

  test("the API's operations do what their manual says there: producing, reading, topics, groups, events, metadata", {
    timeout: suiteLimitMs,
  }, async () => {
    const files = ["produce-v2", "produce-v3", "records", "topics", "groups", "configs", "events", "v2-metadata"];
    const args = ["vitest", "run", "--project", "api", ...files.map((name) => `test/api/${name}.test.ts`)];

    const { stdout } = await promisify(execFile)("npx", args, {
      env: { ...process.env, KAFKA_BROKERS: brokers },
      timeout: suiteLimitMs,
      maxBuffer: 16 * 1_048_576,
    }).catch(({ stdout: printed, message }) => {
      throw new Error(`${message}\n${printed}`.slice(-8_000));
    });

    expect(stripVTControlCharacters(stdout)).toMatch(/Test Files +8 passed \(8\)/);
  });

  test("the API produces and reads there", async () => {
    expect(await produce(home, "orders", { id: 1 })).toBe(200);
    expect(await valuesOf(home, "orders")).toEqual([{ id: 1 }]);
  });

  test("the triggers and routes run against it: the demo's sums are right", { timeout: demoLimitMs }, async () => {
    const demo = npmRun("demo", home);
    expect(await demo.ended(demoLimitMs - 30_000)).toBe(0);
    expect(demo.output()).toContain("Every record arrived where it should.");
  });
});
