/** What npm start and its kin take from the environment. */
import { expect, test } from "vitest";
import { readBrokerSettings } from "../../../local/broker/settings.js";
import { parseJavaMajor } from "../../../local/broker/tools.js";
import { topicsToCreate } from "../../../local/start/topics.js";

test("without any variable the well-known ports are taken, and a broker of our own", () => {
  expect(readBrokerSettings({})).toMatchObject({ brokerPort: 9092, httpPort: 3000, lambdaPort: 3002, brokers: undefined, way: undefined });
});

test("every fault is reported at once", () => {
  expect(() => readBrokerSettings({ RELAY_HTTP_PORT: "70000", RELAY_BROKER: "podman" })).toThrow(
    /RELAY_BROKER must be docker or maven, not "podman"[\s\S]*RELAY_HTTP_PORT must be a port from 1 to 65535, not "70000"/,
  );
});

test.each([
  ['openjdk version "17.0.15" 2025-04-15', 17],
  ['java version "1.8.0_392"', 8],
  ['openjdk version "25" 2025-09-16', 25],
  ["bash: java: command not found", undefined],
])("%s is Java %s", (text, major) => {
  expect(parseJavaMajor(text)).toBe(major);
});

test("the topics that triggers read are made, those of KAFKA_CREATE_TOPICS as it says", () => {
  const functions = [
    { key: "a", file: "functions/routes/a", routeKeys: [], triggers: [{ topic: "orders" }] },
    { key: "b", file: "functions/routes/b", routeKeys: [], triggers: [{ topic: "quakes" }, { topic: "quakes" }] },
  ];

  expect(topicsToCreate(functions, "orders:1:1:compact")).toEqual([
    { name: "quakes", partitionsCount: 3 },
    { name: "orders", partitionsCount: 1, replicationFactor: 1, configs: [{ name: "cleanup.policy", value: "compact" }] },
  ]);
});
