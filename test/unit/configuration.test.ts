/** The environment: every fault named at once and never by value, and every variable in the docs. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { environment, parseConfig } from "../../lib/config.js";

const docs = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");

test("every variable stands in the docs, and the docs name no other", () => {
  const table = docs.split("\n## ")[0] ?? "";
  const documented = [...table.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, names = ""]) =>
    [...names.matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name),
  );

  expect(documented.toSorted()).toEqual(Object.keys(environment.entries).toSorted());
});

test("all faults are told in one message, by name, and never by what the variable holds", () => {
  const env = { KAFKA_SSL: "yes please", KAFKA_SASL_MECHANISM: "hunter2", KAFKA_CONNECT_TIMEOUT_MS: "soon" };

  const told = () => parseConfig(env);

  expect(told).toThrow(/3 fault\(s\)[\s\S]*KAFKA_SSL:[\s\S]*KAFKA_SASL_MECHANISM:[\s\S]*KAFKA_CONNECT_TIMEOUT_MS:/);
  expect(told).not.toThrow(/hunter2|yes please|soon/);
});

test("a configuration cannot be changed once it is read", () => {
  expect(Object.isFrozen(parseConfig({}))).toBe(true);
});
