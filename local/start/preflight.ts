/** What must hold before `npm start` fetches or starts anything: everything that is missing is reported at once. */
import { existsSync, readFileSync, statfsSync } from "node:fs";
import { freemem } from "node:os";
import { dirname } from "node:path";
import { runningCluster } from "../broker/cluster.js";
import { dockerMissing } from "../broker/docker.js";
import { brokerFolder, brokerPortFault, hasBrokerJars } from "../broker/provide.js";
import type { LocalSettings } from "../broker/settings.js";
import { findTools } from "../broker/tools.js";
import { holderOf, holderWords } from "../processes/ports.js";

/** As package.json's `engines` says. */
const nodeMin = [20, 19] as const;
/** The broker's jars, its data and PGlite's files. */
const diskMbMin = 1_000;
/** The broker's heap of 512 MB, PGlite, and serverless-offline with its workers. */
const memoryMbMin = 1_200;
const megabyte = 1_000_000;

/** What this machine has; tests say otherwise. */
interface Machine {
  readonly nodeVersion: string;
  readonly diskFreeMb: number;
  readonly memoryFreeMb: number;
}

export function thisMachine({ dataFolder }: Pick<LocalSettings, "dataFolder">): Machine {
  let folder = dataFolder;
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = statfsSync(folder);
  return { nodeVersion: process.versions.node, diskFreeMb: (bavail * bsize) / megabyte, memoryFreeMb: availableMemory() / megabyte };
}

/** One sentence or paragraph for each fault; empty if `npm start` can go on. */
export async function preflight(settings: LocalSettings, machine = thisMachine(settings)): Promise<readonly string[]> {
  const [broker, brokerPort, ports] = await Promise.all([brokerFaults(settings), brokerPortFault(settings), portFaults(settings)]);
  return [...machineFaults(machine, settings), ...broker, ...(brokerPort === undefined ? [] : [brokerPort]), ...ports];
}

export function machineFaults(
  { nodeVersion, diskFreeMb, memoryFreeMb }: Machine,
  { dataFolder, brokers }: Pick<LocalSettings, "dataFolder" | "brokers">,
): readonly string[] {
  const [major = 0, minor = 0] = nodeVersion.split(".").map(Number);
  const isOld = major < nodeMin[0] || (major === nodeMin[0] && minor < nodeMin[1]);
  const isOwnBroker = brokers === undefined;
  return [
    ...(isOld ? [`Node.js is version ${nodeVersion}, but ${nodeMin.join(".")} or newer is required.`] : []),
    ...(diskFreeMb < diskMbMin
      ? [
          `${Math.floor(diskFreeMb)} MB are free for ${dataFolder}, but ${diskMbMin} MB are needed. Free some space, or name another folder: RELAY_DATA_FOLDER=/path npm start`,
        ]
      : []),
    ...(isOwnBroker && memoryFreeMb < memoryMbMin
      ? [
          `${Math.floor(memoryFreeMb)} MB of memory are available, but a local broker, PostgreSQL and the API need about ${memoryMbMin} MB. Close other programs, or use a broker elsewhere: KAFKA_BROKERS=host:9092 npm start`,
        ]
      : []),
  ];
}

/** A broker that is given or that runs already needs nothing. */
async function brokerFaults(settings: LocalSettings): Promise<readonly string[]> {
  if (settings.brokers !== undefined || runningCluster(brokerFolder(settings)) !== undefined) return [];
  const [noDocker, tools] = await Promise.all([
    settings.way === "maven" ? undefined : dockerMissing(),
    settings.way === "docker" ? undefined : findTools(hasBrokerJars(settings)),
  ]);
  const noJava = tools !== undefined && "missing" in tools ? tools.missing : undefined;
  if (settings.way === "docker")
    return noDocker === undefined
      ? []
      : [`RELAY_BROKER is docker, but ${noDocker}. Start Docker, or use Java and Maven: RELAY_BROKER=maven npm start`];
  if (settings.way === "maven")
    return noJava === undefined
      ? []
      : [`RELAY_BROKER is maven, but ${noJava}. Install Java 17 and Maven, or use Docker: RELAY_BROKER=docker npm start`];
  if (noDocker === undefined || noJava === undefined) return [];
  return [
    [
      "No broker is available, and none can be started. Do one of the following:",
      "  1. Name a running broker:       KAFKA_BROKERS=host:9092 npm start",
      `  2. Start a Docker engine:       ${noDocker}`,
      `  3. Install Java 17 and Maven:   ${noJava}`,
    ].join("\n"),
  ];
}

async function portFaults({ httpPort, lambdaPort, sqlPort }: LocalSettings): Promise<readonly string[]> {
  const wanted = [
    { port: httpPort, what: "The HTTP API", variable: "RELAY_HTTP_PORT" },
    { port: lambdaPort, what: "The Lambda API", variable: "RELAY_LAMBDA_PORT" },
    { port: sqlPort, what: "PostgreSQL", variable: "RELAY_SQL_PORT" },
  ];
  const holders = await Promise.all(wanted.map(({ port }) => holderOf(port)));
  return wanted.flatMap(({ port, what, variable }, index) => {
    const holder = holders[index];
    return holder === undefined
      ? []
      : [
          `Port ${port} is in use ${holderWords(holder)}. ${what} needs it. Either\n  - stop that program, or\n  - use another port: ${variable}=${port + 10_000} npm start`,
        ];
  });
}

/** What programs could still get: on Linux, memory that only caches files counts too. */
function availableMemory(): number {
  try {
    const [, kilobytes] = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync("/proc/meminfo", "utf8")) ?? [];
    if (kilobytes !== undefined) return Number(kilobytes) * 1024;
  } catch {
    // Not Linux.
  }
  return freemem();
}
