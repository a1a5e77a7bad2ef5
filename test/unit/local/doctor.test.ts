/** What `npm run doctor` shows of the environment: enough for a bug report, and no secrets. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { readBrokerSettings } from "../../../local/broker/settings.js";
import { examine, variablesThatAreSet } from "../../../local/doctor/report.js";
import { freePorts } from "../../../local/processes/ports.js";
import { programIn } from "../../../local/processes/program-name.js";

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

test("nothing that is secret is in the report: not in addresses, not in variables, and not in the command line of a program that has a port", {
  timeout: 60_000,
}, async () => {
  const [port = 0] = await freePorts(1);
  const server = `require("net").createServer().listen(${port}, "127.0.0.1", () => console.log("up"))`;
  const holder = spawn(process.execPath, ["-e", server, "server.js", "--password=hunter2", "postgres://me:hunter2@db/x"]);
  onTestFinished(() => void holder.kill("SIGKILL"));
  await once(holder.stdout, "data");
  const env = {
    RELAY_HTTP_PORT: String(port),
    KAFKA_BROKERS: "hunter2.internal:9092",
    KAFKA_SASL_USERNAME: "hunter2",
    KAFKA_SASL_PASSWORD: "hunter2",
    KAFKA_TLS_CA: "hunter2",
    SCHEMA_REGISTRY_URL: "https://me:hunter2@registry.example.com",
    RELAY_MAVEN_REPOSITORY: "https://me:hunter2@maven.example.com",
    RELAY_JWT_PUBLIC_KEY: "hunter2",
    QUAKES_DATABASE_URL: "postgres://me:hunter2@db/x",
  };

  const { rows, faults } = await examine(readBrokerSettings(env), env);

  const report = [...rows.map((row) => row.join(": ")), ...faults].join("\n");
  expect(report).not.toContain("hunter2");
  expect(report).toContain(`in use by process ${holder.pid} (node)`);
  expect(report).toContain("RELAY_MAVEN_REPOSITORY (set)");
});

test.each([
  ["/usr/bin/node --import tsx local/start.ts --auth jwt", "node local/start.ts"],
  ["/usr/bin/node /home/me/project/node_modules/serverless/bin/serverless.js offline start", "node serverless.js"],
  ["java -cp /jars/* -Dpassword=x -Xmx512m kafka.Kafka server.properties", "java kafka.Kafka"],
  ["java -jar /opt/app.jar --password=x", "java app.jar"],
  ["python3 -m http.server 3000", "python3"],
  ["nginx: master process /usr/sbin/nginx", "nginx"],
  ["postgres://me:secret@db/x", "x"],
  ["docker-proxy -proto tcp -host-ip 127.0.0.1", "docker-proxy"],
])("of the command %s, the report has %s", (command, shown) => {
  expect(programIn(command)).toBe(shown);
});
