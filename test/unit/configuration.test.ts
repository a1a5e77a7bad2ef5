/** The environment: every fault named at once and never by value, and every variable in the docs. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { environment, parseConfig } from "../../lib/config.js";

const docs = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");

test("the docs describe every variable and no other", () => {
  const table = docs.split("\n## ")[0] ?? "";
  const documented = [...table.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, names = ""]) =>
    [...names.matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name),
  );

  expect(documented.toSorted()).toEqual(Object.keys(environment.entries).toSorted());
});

test("one message reports all faults by the names of the variables, and never shows their values", () => {
  const env = { KAFKA_SSL: "yes please", KAFKA_SASL_MECHANISM: "hunter2", KAFKA_CONNECT_TIMEOUT_MS: "soon" };

  const check = () => parseConfig(env);

  expect(check).toThrow(/is not valid:[\s\S]*KAFKA_SSL:[\s\S]*KAFKA_SASL_MECHANISM:[\s\S]*KAFKA_CONNECT_TIMEOUT_MS:/);
  expect(check).not.toThrow(/hunter2|yes please|soon/);
});

test("a configuration cannot be changed once it is read", () => {
  expect(Object.isFrozen(parseConfig({}))).toBe(true);
});
