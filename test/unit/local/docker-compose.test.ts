/** local/docker-compose.yml: held by what it says, and by `docker compose config` where a docker client with compose is there. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { defaultVersion } from "../../../local/broker/versions.js";

const file = new URL("../../../local/docker-compose.yml", import.meta.url);

interface Compose {
  readonly services: {
    readonly kafka: {
      readonly image: string;
      readonly ports: readonly string[];
      readonly networks: readonly string[];
      readonly environment: Readonly<Record<string, string>>;
    };
  };
  readonly networks: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const compose = parse(readFileSync(file, "utf8")) as Compose;
const { kafka } = compose.services;

test("the image is pinned to the version that runs without Docker too", () => {
  expect(kafka.image).toBe(`apache/kafka:${defaultVersion}`);
});

test("the broker is published on the loopback alone", () => {
  expect(kafka.ports).toEqual(["127.0.0.1:$" + "{RELAY_BROKER_PORT:-9092}:9092"]);
});

test("it makes the network ecommerce-network, with no fixed address and not as somebody else's", () => {
  expect(compose.networks).toEqual({ "ecommerce-network": { name: "ecommerce-network" } });
  expect(kafka.networks).toEqual(["ecommerce-network"]);
});

test("this machine and other containers each get an address that works for them", () => {
  expect(kafka.environment.KAFKA_ADVERTISED_LISTENERS).toBe("MACHINE://localhost:$" + "{RELAY_BROKER_PORT:-9092},CONTAINERS://kafka:19092");
  const listeners = (kafka.environment.KAFKA_LISTENERS ?? "").split(",").map((listener) => listener.split("://")[0]);
  const protocols = (kafka.environment.KAFKA_LISTENER_SECURITY_PROTOCOL_MAP ?? "").split(",").map((entry) => entry.split(":")[0]);
  expect([...listeners].sort()).toEqual([...protocols].sort());
});

test("topics are not made by accident", () => {
  expect(kafka.environment.KAFKA_AUTO_CREATE_TOPICS_ENABLE).toBe("false");
});

test.skipIf(!hasCompose())("docker compose takes it (needs a docker client with compose)", () => {
  const text = execFileSync("docker", ["compose", "-f", file.pathname, "config"], { encoding: "utf8" });

  expect(text).toContain("ecommerce-network");
});

function hasCompose(): boolean {
  try {
    execFileSync("docker", ["compose", "version"], { stdio: "ignore", timeout: 3_000 });
    return true;
  } catch {
    return false;
  }
}
