/** What `npm run doctor` shows of the environment: enough for a bug report, and no secrets. */
import { expect, test } from "vitest";
import { variablesThatAreSet } from "../../../local/doctor/report.js";

test("harmless settings are shown, and of all others only that they are set", () => {
  const text = variablesThatAreSet({
    PATH: "/bin",
    RELAY_HTTP_PORT: "3100",
    RELAY_ACCESS_GRANTS: '[{"who":["secret-team"]}]',
    KAFKA_BROKERS: "b-1.internal.example.com:9098",
    KAFKA_SASL_PASSWORD: "hunter2",
    KAFKA_SASL_MECHANISM: "scram-sha-512",
    SCHEMA_REGISTRY_BASIC_AUTH: "me:hunter2",
    QUAKES_DATABASE_URL: "postgres://me:hunter2@db/x",
  });

  expect(text).toBe(
    "KAFKA_BROKERS (set), KAFKA_SASL_MECHANISM=scram-sha-512, KAFKA_SASL_PASSWORD (set), QUAKES_DATABASE_URL (set), RELAY_ACCESS_GRANTS (set), RELAY_HTTP_PORT=3100, SCHEMA_REGISTRY_BASIC_AUTH (set)",
  );
});

test("an environment without settings says so", () => {
  expect(variablesThatAreSet({ PATH: "/bin" })).toBe("none of this project's are set");
});
