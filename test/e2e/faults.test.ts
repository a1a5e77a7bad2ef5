/** Whatever keeps `npm start` from starting is one clear message that says what to do, a non-zero exit, and nothing left running. */
import { createServer } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isPortFree } from "../../local/processes/ports.js";
import { createHome, type Home, npmRun } from "../support/run/started.js";

let home: Home;
beforeEach(async () => {
  home = await createHome();
});
afterEach(() => home.remove());

const failedStart = async (variables: NodeJS.ProcessEnv = {}) => {
  const program = npmRun("start", { env: { ...home.env, ...variables } });
  const code = await program.ended();
  return { code, output: program.output() };
};

async function withListener<T>(port: number, run: () => Promise<T>): Promise<T> {
  // A listener that takes connections and says nothing.
  const server = createServer((socket) => socket.resume());
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  try {
    return await run();
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

const expectNothingLeft = async () => {
  const { http, broker, sql, lambda } = home.ports;
  for (const port of [http, broker, sql, lambda]) expect(await isPortFree(port), `port ${port}`).toBe(true);
};

test("the API's port is in use: who has it, and which variable takes another", async () => {
  const { code, output } = await withListener(home.ports.http, () => failedStart());

  expect(code).not.toBe(0);
  expect(output).toMatch(new RegExp(`Port ${home.ports.http} is in use by process ${process.pid} \\(`));
  expect(output).toContain("RELAY_HTTP_PORT=");
  await expectNothingLeft();
});

test("the broker's port is in use: who has it, and what to do", async () => {
  const { code, output } = await withListener(home.ports.broker, () => failedStart());

  expect(code).not.toBe(0);
  expect(output).toMatch(new RegExp(`Port ${home.ports.broker} is in use by process ${process.pid} \\(`));
  expect(output).toContain("RELAY_BROKER_PORT=");
  await expectNothingLeft();
});

test("a broker that does not answer is named, with the reason", async () => {
  const { code, output } = await failedStart({ KAFKA_BROKERS: "127.0.0.1:1" });

  expect(code).not.toBe(0);
  expect(output).toContain("KAFKA_BROKERS is 127.0.0.1:1, but no broker answers there");
  await expectNothingLeft();
});

test("no Docker and no Java: the three ways to a broker", async () => {
  const { RELAY_BROKER: _, ...env } = home.env;
  const program = npmRun("start", { env: { ...env, JAVA_HOME: "/nowhere", DOCKER_HOST: "unix:///nowhere.sock" } });
  const code = await program.ended();

  expect(code).not.toBe(0);
  for (const way of ["KAFKA_BROKERS=", "Docker engine", "Java 17 and Maven"]) expect(program.output()).toContain(way);
  await expectNothingLeft();
});

test("everything that is missing is reported at once: no way to a broker, and four ports in use", async () => {
  const { RELAY_BROKER: _, ...env } = home.env;
  const { http, lambda, sql, broker } = home.ports;
  const hold = (ports: readonly number[], then: () => Promise<void>): Promise<void> => {
    const [port, ...others] = ports;
    return port === undefined ? then() : withListener(port, () => hold(others, then));
  };

  await hold([http, lambda, sql, broker], async () => {
    const program = npmRun("start", { env: { ...env, JAVA_HOME: "/nowhere", DOCKER_HOST: "unix:///nowhere.sock" } });

    expect(await program.ended()).not.toBe(0);

    expect(program.output()).toContain("No broker is available, and none can be started.");
    for (const port of [http, lambda, sql, broker]) expect(program.output()).toContain(`Port ${port} is in use by process ${process.pid}`);
  });
});

test("KAFKA_CREATE_TOPICS that cannot be read: what is wrong and what would be right", async () => {
  const { code, output } = await failedStart({ KAFKA_CREATE_TOPICS: "orders:many:1" });

  expect(code).not.toBe(0);
  expect(output).toContain('"orders:many:1": partitions must be a whole number from 1 to 10000, not "many"');
  expect(output).toContain("name:partitions:replication[:cleanup.policy]");
});
