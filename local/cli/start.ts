/** `kafka-relay start`: a broker, the service's topics and serverless-offline, for a project that has the package. In a clone, `npm start` does more. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { RelayError } from "../../lib/errors.js";
import { isTopicName } from "../../lib/kafka/topic-name.js";
import { ensureTopics } from "../broker/create-topics.js";
import { provideBroker } from "../broker/provide.js";
import { type LocalSettings, readBrokerSettings } from "../broker/settings.js";
import type { DeployedFunction } from "../build/service-map.js";
import { laptopStage } from "../plugin/stage-values.js";
import { readServiceFile } from "../serve/routes/service-file.js";
import { toLine } from "../start/lines.js";
import { preflight } from "../start/preflight.js";
import { endLeftovers, type ProcessGroup, startGroup } from "../start/process-group.js";
import { topicsToCreate } from "../start/topics.js";
import { type Cli, type CliContext, withExamples } from "./cli.js";
import { findRoutes, routesFolder } from "./routes/route-files.js";
import { findSources } from "./sources/source-files.js";

const readyLimitMs = 90_000;
const pollMs = 200;
const healthLimitMs = 5_000;

export function registerStart(cli: Cli): void {
  withExamples(
    cli.program
      .command("start")
      .description("Start a broker, this service's topics, and serverless-offline with the API, the routes and their triggers.")
      .action(cli.action(start)),
    ["kafka-relay start", "KAFKA_BROKERS=127.0.0.1:9092 kafka-relay start"],
  );
}

async function start({ world, say }: CliContext): Promise<void> {
  const folder = process.cwd();
  const framework = frameworkOf(folder);
  const given = { RELAY_DATA_FOLDER: join(folder, ".data"), ...world.env };
  const settings = readBrokerSettings(given);
  const runFolder = join(settings.dataFolder, "run");
  await endLeftovers(runFolder);
  const faults = await preflight(settings);
  if (faults.length > 0) throw new RelayError("bad-configuration", faults.join("\n"));
  const broker = await provideBroker(settings, given, say);
  say(`${broker.what} is listening on ${broker.brokers.join(", ")}`);
  let offline: ProcessGroup | undefined;
  try {
    const env = environmentOf(given, settings, broker.brokers);
    const created = await ensureTopics(env, await topicsOf(folder, env, settings));
    if (created.length > 0) say(`Created the topics ${created.join(", ")}`);
    offline = startGroup({
      name: "offline",
      args: [framework, "offline", "start", "--stage", laptopStage],
      env,
      cwd: folder,
      runFolder,
      onLine: (line) => {
        const readable = toLine(line, new Date());
        if (readable !== undefined) say(readable);
      },
    });
    const isInterrupted = aborted(world.interrupted);
    if ((await Promise.race([isInterrupted, ready(settings, offline)])) === "up") {
      say(`\nThe service answers on http://localhost:${settings.httpPort}. Ctrl-C stops everything and keeps the data.\n`);
      const ending = await Promise.race([isInterrupted, offline.ended]);
      if (typeof ending === "object") throw endedEarly(ending.lastLines);
    }
  } finally {
    await offline?.stop();
    await broker.stop();
  }
}

function frameworkOf(folder: string): string {
  try {
    return createRequire(join(folder, "package.json")).resolve("serverless/bin/serverless.js");
  } catch {
    throw new RelayError(
      "bad-configuration",
      `The package serverless is not installed in ${folder}. Run npm install there, or install it with: npm install --save-dev serverless@npm:osls serverless-offline`,
    );
  }
}

function environmentOf(env: NodeJS.ProcessEnv, settings: LocalSettings, brokers: readonly string[]): NodeJS.ProcessEnv {
  return {
    RELAY_ACCESS: "everything",
    RELAY_METRICS: "off",
    RELAY_REQUEST_LOG: "on",
    RELAY_ALLOW_PRIVATE_ADDRESSES: "true",
    SLS_NOTIFICATIONS_MODE: "off",
    SLS_TELEMETRY_DISABLED: "1",
    AWS_REGION: "eu-central-1",
    ...env,
    KAFKA_BROKERS: brokers.join(","),
    RELAY_HTTP_PORT: String(settings.httpPort),
    RELAY_LAMBDA_PORT: String(settings.lambdaPort),
    RELAY_FUNCTION_ENDPOINT: `http://127.0.0.1:${settings.lambdaPort}`,
  };
}

/** The topics that serverless.yml lets functions read, by events of their own or by the plugin. */
function triggersIn(folder: string, env: NodeJS.ProcessEnv): readonly Pick<DeployedFunction, "triggers">[] {
  const file = readServiceFile(folder, env, laptopStage);
  if (file === undefined)
    throw new RelayError(
      "bad-configuration",
      `There is no serverless.yml in ${folder}. Run the command in the folder of a service, or create one: npx kafka-relay init my-relay`,
    );
  // Every function, whatever its folder. The framework itself reports variables that have no value.
  const { functions } = file.functionsIn("");
  return [...functions.values()].map(({ events = [] }) => ({
    triggers: events.flatMap(({ msk, kafka }) =>
      [msk, kafka].filter((one) => one !== undefined),
    ) as unknown as DeployedFunction["triggers"],
  }));
}

/** What the triggers read, what the routes and the sources write to, and what KAFKA_CREATE_TOPICS names. */
async function topicsOf(
  folder: string,
  env: NodeJS.ProcessEnv,
  { createTopics }: LocalSettings,
): Promise<ReturnType<typeof topicsToCreate>> {
  const read = topicsToCreate(triggersIn(folder, env), createTopics);
  const routes = existsSync(join(folder, routesFolder)) ? await findRoutes(folder) : [];
  const written = routes.flatMap(({ handler }) => (handler?.route.target.kind === "topic" ? [handler.route.target.name] : []));
  const brought = (await findSources(folder)).flatMap(({ handler }) => (handler === undefined ? [] : [handler.source.route.target.name]));
  const missing = [...new Set([...written, ...brought])].filter((name) => isTopicName(name) && !read.some((spec) => spec.name === name));
  return [...read, ...missing.map((name) => ({ name, partitionsCount: read[0]?.partitionsCount ?? 1 }))];
}

async function ready({ httpPort }: LocalSettings, offline: ProcessGroup): Promise<"up"> {
  let last: readonly string[] | undefined;
  void offline.ended.then(({ lastLines }) => {
    last = lastLines;
  });
  for (const endMs = Date.now() + readyLimitMs; Date.now() < endMs; await wait(pollMs)) {
    if (last !== undefined) throw endedEarly(last);
    if (
      (await fetch(`http://127.0.0.1:${httpPort}/health`, { signal: AbortSignal.timeout(healthLimitMs) }).catch(() => undefined)) !==
      undefined
    )
      return "up";
  }
  throw new RelayError("deadline-exceeded", `serverless-offline did not answer on port ${httpPort} within ${readyLimitMs / 1000} s.`);
}

const endedEarly = (lastLines: readonly string[]): RelayError =>
  new RelayError("internal", `serverless-offline ended. Its last lines:\n  ${lastLines.slice(-15).join("\n  ")}`);

const aborted = (signal: AbortSignal): Promise<"interrupted"> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve("interrupted");
    signal.addEventListener("abort", () => resolve("interrupted"), { once: true });
  });
