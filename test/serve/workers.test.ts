/** Several workers on one port: a worker that is killed is replaced, and nobody else notices. */
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { afterAll, expect, test } from "vitest";
import { createTestTopic, testKafka, until } from "../support/broker/kafka.js";
import { type ServeProcess, spawnServe, startServe } from "../support/serve/process.js";

const kafka = testKafka();
const started: ServeProcess[] = [];
afterAll(async () => {
  await Promise.all(started.map((one) => one.end()));
  await kafka.close();
});
const start = async (env: NodeJS.ProcessEnv = {}) => {
  const one = await startServe(["--access", "everything", "--workers", "2"], env);
  started.push(one);
  return one;
};

const workersOf = (pid: number): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    .trim()
    .split(" ")
    .filter((text) => text !== "")
    .map(Number);

/** One call on a connection of its own, which is kept. */
function callOn(agent: Agent, port: number, path: string): Promise<{ status: number; localPort: number }> {
  return new Promise((resolve, reject) => {
    const call = request({ host: "127.0.0.1", port, path, agent, timeout: 20_000 }, (response) => {
      response.resume();
      const localPort = response.socket.localPort ?? 0;
      response.once("end", () => resolve({ status: response.statusCode ?? 0, localPort }));
      response.once("error", reject);
    });
    call.once("timeout", () => call.destroy(new Error("no answer")));
    call.once("error", reject);
    call.end();
  });
}

test("a worker that is killed is replaced, and connections to the other one go on", async () => {
  const server = await start();
  const [victim = 0, other = 0] = workersOf(server.pid);
  const agents = Array.from({ length: 8 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
  const before = await Promise.all(agents.map((agent) => callOn(agent, server.port, "/topics")));

  process.kill(victim, "SIGKILL");
  await until(() => server.output().includes("A worker died and is replaced"));
  await until(() => workersOf(server.pid).length === 2);
  // A connection to the killed worker is closed; its next call may fail once. The others keep their connection.
  const after = await Promise.all(agents.map((agent) => callOn(agent, server.port, "/topics").catch(() => undefined)));

  expect(before.every(({ status }) => status === 200)).toBe(true);
  const kept = after.filter((answer, index) => answer?.localPort === before[index]?.localPort);
  expect(kept.length).toBeGreaterThanOrEqual(1);
  expect(after.every((answer) => answer === undefined || answer.status === 200)).toBe(true);
  expect(workersOf(server.pid)).toContain(other);
  expect(workersOf(server.pid)).not.toContain(victim);
  await until(async () => (await callOn(new Agent(), server.port, "/topics").catch(() => undefined))?.status === 200);
  for (const agent of agents) agent.destroy();
});

test("while workers are killed, every new connection gets an answer or is closed: none waits without end", async () => {
  const server = await start();
  let isKilling = true;
  const killing = (async () => {
    for (let kills = 0; kills < 4; kills++) {
      for (const pid of workersOf(server.pid).slice(0, 1)) process.kill(pid, "SIGKILL");
      await until(() => workersOf(server.pid).length === 2);
    }
    isKilling = false;
  })();
  const ends: string[] = [];
  while (isKilling) {
    const calls = Array.from({ length: 20 }, () =>
      callOn(new Agent(), server.port, "/openapi.json").then(
        ({ status }) => String(status),
        ({ message }: Error) => (message === "no answer" ? message : "closed"),
      ),
    );
    ends.push(...(await Promise.all(calls)));
  }
  await killing;

  expect(ends).toContain("200");
  expect(ends.filter((end) => end !== "200" && end !== "closed")).toEqual([]);
}, 120_000);

test("/metrics is the sum over the workers, whichever of them is asked", async () => {
  const topic = await createTestTopic(kafka);
  const server = await start();
  for (let call = 0; call < 10; call++) expect((await callOn(new Agent(), server.port, `/topics/${topic}`)).status).toBe(200);

  const counted = async () => {
    const text = await (await fetch(`${server.url}/metrics`, { headers: { connection: "close" } })).text();
    return /KafkaRelay_Calls\{Method="GET",Operation="GET \/topics\/\{topic\}",Status="200"\} (\d+)/.exec(text)?.[1];
  };

  expect([await counted(), await counted(), await counted()]).toEqual(["10", "10", "10"]);
});

test("on SIGTERM all workers end in good order, with exit code 0 and none left", async () => {
  const server = await start();
  const workers = workersOf(server.pid);

  const code = await server.end();

  expect(code).toBe(0);
  expect(workers).toHaveLength(2);
  for (const pid of workers) expect(() => process.kill(pid, 0)).toThrow();
});

test("workers that die again and again end the server with 1, within a bound", async () => {
  const server = await start();
  const killed = setInterval(() => {
    if (server.child.exitCode === null) for (const pid of workersOf(server.pid).slice(0, 1)) process.kill(pid, "SIGKILL");
  }, 20);
  try {
    expect(await server.ended).toBe(1);
  } finally {
    clearInterval(killed);
  }
  expect(server.output()).toMatch(/Workers died \d+ times within 60 s/);
});

test("workers that cannot start end the server with 1, and say why once each at most", async () => {
  const first = await start();

  const second = await spawnServe(["--access", "everything", "--workers", "2", "--port", String(first.port)]);

  expect(await second.ended).toBe(1);
  expect(second.output()).toContain(`Port ${first.port} is in use.`);
});

test("a worker that is still starting when the server is asked to end ends with the others, in good order", async () => {
  const server = await start({ RELAY_SERVE_DRAIN_MS: "20000" });
  const [killed = 0] = workersOf(server.pid);
  process.kill(killed, "SIGKILL");
  await until(() => workersOf(server.pid).filter((pid) => pid !== killed).length === 2);

  const startedMs = Date.now();
  expect(await server.end()).toBe(0);
  expect(Date.now() - startedMs).toBeLessThan(15_000);
});
