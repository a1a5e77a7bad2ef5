/** What a bug report needs to know about a machine: versions, tools, ports, what is running, and which variables are set. No secrets. */
import { readFileSync } from "node:fs";
import { arch, availableParallelism, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { runningCluster } from "../broker/cluster.js";
import { outputOf } from "../broker/output-of.js";
import { brokerFolder } from "../broker/provide.js";
import type { LocalSettings } from "../broker/settings.js";
import { projectFolder } from "../build/service-map.js";
import { ownerOf } from "../processes/owner.js";
import { holderOf, holderWords } from "../processes/ports.js";
import { preflight, thisMachine } from "../start/preflight.js";

const toolLimitMs = 20_000;
const gigabyte = 1_000_000_000;

type ReportRow = readonly [subject: string, finding: string];

/** Rows in reading order, and what `npm start` would complain about. */
export async function examine(
  settings: LocalSettings,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly rows: readonly ReportRow[]; readonly faults: readonly string[] }> {
  const owner = ownerOf(join(settings.dataFolder, "run"));
  const [tools, ports, faults] = await Promise.all([toolRows(), portRows(settings), owner === undefined ? preflight(settings) : []]);
  const machine = thisMachine(settings);
  const rows: readonly ReportRow[] = [
    ["kafka-relay", await versionOfProject()],
    ["system", `${type()} ${release()} ${arch()}, ${availableParallelism()} cores, ${(totalmem() / gigabyte).toFixed(1)} GB of memory`],
    [
      "free",
      `${(machine.memoryFreeMb / 1000).toFixed(1)} GB of memory, ${(machine.diskFreeMb / 1000).toFixed(1)} GB of disk for the data folder`,
    ],
    ["Node.js", machine.nodeVersion],
    ...tools,
    ["npm start", owner === undefined ? "is not running" : `is running (process ${owner.pid})`],
    ["broker", brokerOf(settings)],
    ...ports,
    ["variables", variablesThatAreSet(env)],
  ];
  return { rows, faults };
}

async function versionOfProject(): Promise<string> {
  const { version } = JSON.parse(readFileSync(join(projectFolder, "package.json"), "utf8")) as { readonly version: string };
  const commit = await outputOf("git", ["-C", projectFolder, "rev-parse", "--short", "HEAD"], toolLimitMs);
  return commit === undefined ? version : `${version}, commit ${commit.trim()}`;
}

const tools: readonly (readonly [name: string, command: string, args: readonly string[]])[] = [
  ["npm", "npm", ["--version"]],
  ["Java", "java", ["-version"]],
  ["Maven", "mvn", ["-v"]],
  ["Docker client", "docker", ["--version"]],
  ["Docker engine", "docker", ["version", "--format", "{{.Server.Version}}"]],
  ["Docker Compose", "docker", ["compose", "version", "--short"]],
  ["Python", "python3", ["--version"]],
];

function toolRows(): Promise<readonly ReportRow[]> {
  return Promise.all(
    tools.map(async ([name, command, args]): Promise<ReportRow> => {
      const text = await outputOf(command, args, toolLimitMs);
      return [name, text === undefined ? "is missing or does not answer" : (stripVTControlCharacters(text).trim().split("\n")[0] ?? "")];
    }),
  );
}

/** The addresses that KAFKA_BROKERS names stay unnamed: they can be confidential. */
function brokerOf(settings: LocalSettings): string {
  if (settings.brokers !== undefined) return `${settings.brokers.split(",").length} named by KAFKA_BROKERS`;
  const cluster = runningCluster(brokerFolder(settings));
  return cluster === undefined
    ? "no local broker is running"
    : `Apache Kafka ${cluster.version} is running on ${cluster.brokers.join(", ")}`;
}

function portRows({ brokerPort, httpPort, lambdaPort, sqlPort, webhookPort, registryPort }: LocalSettings): Promise<readonly ReportRow[]> {
  const ports: readonly (readonly [name: string, port: number])[] = [
    ["broker", brokerPort],
    ["HTTP API", httpPort],
    ["Lambda API", lambdaPort],
    ["PostgreSQL", sqlPort],
    ["webhook", webhookPort],
    ["registry", registryPort],
  ];
  return Promise.all(
    ports.map(async ([name, port]): Promise<ReportRow> => {
      const holder = await holderOf(port);
      return [`port ${port}`, `${name}: ${holder === undefined ? "free" : `in use ${holderWords(holder)}`}`];
    }),
  );
}

/** Settings that are safe to show; of all others only that they are set. */
const shown =
  /^RELAY_(BROKER|ACCESS|LOG_LEVEL|METRICS|PARTIAL_RESPONSES|REQUEST_LOG|\w+_PORT|\w+_MAX)$|^KAFKA_(IDEMPOTENCE|COMPRESSION|SASL_MECHANISM)$/;

export function variablesThatAreSet(env: NodeJS.ProcessEnv): string {
  const names = Object.keys(env).filter((name) => /^(RELAY|KAFKA|SCHEMA_REGISTRY|GLUE|MSK|QUAKES)_/.test(name) && env[name] !== "");
  if (names.length === 0) return "none of this project's are set";
  return names
    .sort()
    .map((name) => (shown.test(name) ? `${name}=${env[name]}` : `${name} (set)`))
    .join(", ");
}
