/** What `npm start` checks before it fetches or starts anything. */
import { createServer, type Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { readBrokerSettings } from "../../../local/broker/settings.js";
import { freePorts } from "../../../local/processes/ports.js";
import { machineFaults, preflight } from "../../../local/start/preflight.js";

const fine = { nodeVersion: "20.19.0", diskFreeMb: 50_000, memoryFreeMb: 8_000 };
const local = { dataFolder: "/data", brokers: undefined };
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

test.each(["20.19.0", "20.20.2", "22.0.0", "24.4.1"])("Node.js %s is new enough", (nodeVersion) => {
  expect(machineFaults({ ...fine, nodeVersion }, local)).toEqual([]);
});

test.each(["18.20.0", "20.18.3"])("Node.js %s is too old", (nodeVersion) => {
  expect(machineFaults({ ...fine, nodeVersion }, local)).toEqual([`Node.js is version ${nodeVersion}, but 20.19 or newer is required.`]);
});

test("a full disk and little memory are reported together, with a way out for each", () => {
  const faults = machineFaults({ ...fine, diskFreeMb: 120.7, memoryFreeMb: 300 }, local);

  expect(faults).toEqual([
    "120 MB are free for /data, but 1000 MB are needed. Free some space, or name another folder: RELAY_DATA_FOLDER=/path npm start",
    expect.stringMatching(/^300 MB of memory are available, .* KAFKA_BROKERS=host:9092 npm start$/),
  ]);
});

test("a broker that runs elsewhere needs no memory here", () => {
  expect(machineFaults({ ...fine, memoryFreeMb: 300 }, { ...local, brokers: "kafka.example.com:9092" })).toEqual([]);
});

test("every port in use is reported at once, with the program that has it", async () => {
  const [http = 0, lambda = 0, sql = 0] = await freePorts(3);
  for (const port of [http, sql])
    servers.push(
      await new Promise<Server>((resolve) => {
        const server = createServer().listen(port, "127.0.0.1", () => resolve(server));
      }),
    );
  const settings = readBrokerSettings({
    KAFKA_BROKERS: "127.0.0.1:1",
    RELAY_HTTP_PORT: String(http),
    RELAY_LAMBDA_PORT: String(lambda),
    RELAY_SQL_PORT: String(sql),
  });

  expect(await preflight(settings, fine)).toEqual([
    expect.stringMatching(new RegExp(`^Port ${http} is in use by process ${process.pid} .*RELAY_HTTP_PORT=`, "s")),
    expect.stringMatching(new RegExp(`^Port ${sql} is in use by process ${process.pid} .*RELAY_SQL_PORT=`, "s")),
  ]);
});
