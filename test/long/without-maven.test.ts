/** A machine that has Java but neither Maven nor Docker, and no jars yet: the broker's jars come from a repository, by their checksums. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { askBroker } from "../../local/broker/probe.js";
import { defaultVersion } from "../../local/broker/versions.js";
import { projectFolder } from "../../local/build/service-map.js";
import { freePorts } from "../../local/processes/ports.js";
import { type LocalRepository, startRepository } from "../support/run/maven-repository.js";
import { endsWithRun, runFolder } from "../support/run/run-folder.js";
import { until } from "../support/run/started.js";

/** Those of the run's broker, which Maven has resolved. */
const jars = join(projectFolder, `.data/jars/kafka-${defaultVersion}/lib`);
const programs = ["node", "java", "ps", "git", "bash", "sh"];

let home: string;
let repository: LocalRepository | undefined;
beforeEach(() => {
  home = mkdtempSync(join(runFolder(), "without-maven-"));
  mkdirSync(join(home, "bin"));
  for (const name of programs) {
    const found = (process.env.PATH ?? "").split(":").find((folder) => existsSync(join(folder, name)));
    if (found !== undefined) symlinkSync(join(found, name), join(home, "bin", name));
  }
});
afterEach(async () => {
  await repository?.close();
  rmSync(home, { recursive: true, force: true });
});

/** `npm run broker` with such a PATH. */
async function runBroker(more: NodeJS.ProcessEnv = {}) {
  const [port = 0] = await freePorts(2);
  const { KAFKA_BROKERS: _, RELAY_MAVEN_REPOSITORY: __, JAVA_HOME: ___, ...inherited } = process.env;
  const child = spawn(process.execPath, ["--import", "tsx", "local/broker/main.ts"], {
    cwd: projectFolder,
    env: {
      ...inherited,
      HOME: home,
      PATH: join(home, "bin"),
      RELAY_DATA_FOLDER: join(home, "data"),
      RELAY_BROKER_PORT: String(port),
      ...more,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (child.pid !== undefined) endsWithRun("node", child.pid);
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { child, port, closed, output: Promise.all([text(child.stdout), text(child.stderr)]).then((both) => both.join("")) };
}

const isUp = (port: number): Promise<boolean> =>
  askBroker("127.0.0.1", port, 2_000).then(
    () => true,
    () => false,
  );
const bodyOf = (path: string): Buffer | undefined => {
  const file = join(jars, basename(path));
  return existsSync(file) ? readFileSync(file) : undefined;
};

test("the broker starts with jars from RELAY_MAVEN_REPOSITORY, and the next start downloads nothing", async () => {
  repository = await startRepository(bodyOf);
  const variables = { RELAY_MAVEN_REPOSITORY: repository.url };
  for (const downloads of [readdirSync(jars).length, 0]) {
    const before = repository.asked.length;
    const { child, port, closed, output } = await runBroker(variables);

    await until("the broker is up, or has failed", async () => child.exitCode !== null || isUp(port), 150_000);
    child.kill("SIGINT");
    await closed;

    expect(await output).toMatch(new RegExp(`Apache Kafka ${defaultVersion} \\(Java, process \\d+\\) is listening`));
    expect(repository.asked.length - before).toBe(downloads);
  }
});

test("a changed jar is refused by name, and the broker does not start", async () => {
  repository = await startRepository((path) =>
    basename(path) === `kafka-clients-${defaultVersion}.jar` ? Buffer.from("something else") : bodyOf(path),
  );
  const { closed, output } = await runBroker({ RELAY_MAVEN_REPOSITORY: repository.url });

  expect(await closed).toBe(1);

  expect(await output).toMatch(/org\/apache\/kafka\/kafka-clients\/[\d.]+\/kafka-clients-[\d.]+\.jar has the SHA-256 .* is expected/);
  expect(existsSync(join(home, `data/jars/kafka-${defaultVersion}/lib`))).toBe(false);
});

test("without a repository, the message names what to set", async () => {
  const { closed, output } = await runBroker();

  expect(await closed).toBe(1);

  expect(await output).toMatch(/Maven was not found.*RELAY_MAVEN_REPOSITORY/s);
});
