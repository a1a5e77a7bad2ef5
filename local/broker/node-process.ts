/** The Java programs of a cluster: writes their files, formats their data, starts them and waits for them. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type JavaProgram, livingProcess, runJava, startJava } from "./java-process.js";
import { waitForBrokers } from "./probe.js";
import { type ClusterLayout, loggingProperties, type NodePlace, serverProperties, zookeeperProperties } from "./properties.js";

const zookeeperHeapMb = 128;
const zookeeperStartTimeoutMs = 30_000;
const logTailBytesMax = 4_000;

export interface NodeProcess {
  readonly place: NodePlace;
  readonly program: JavaProgram;
  readonly layout: ClusterLayout;
}

interface ClusterProcesses {
  readonly nodes: readonly NodeProcess[];
  readonly zookeeper?: JavaProgram;
}

export function processesOf(
  dataFolder: string,
  { layout, java, lib, heapMb }: { readonly layout: ClusterLayout; readonly java: string; readonly lib: string; readonly heapMb: number },
): ClusterProcesses {
  const { logging, coordination } = layout.version;
  const nodes = layout.nodes.map((place) => {
    const folder = join(dataFolder, `node-${place.id}`);
    const program = { java, lib, heapMb, logging, folder, mainClass: "kafka.Kafka", arguments: [join(folder, "server.properties")] };
    return { place, layout, program };
  });
  if (coordination === "kraft") return { nodes };
  const folder = join(dataFolder, "zookeeper");
  const mainClass = "org.apache.zookeeper.server.quorum.QuorumPeerMain";
  const zookeeper = { java, lib, heapMb: zookeeperHeapMb, logging, folder, mainClass, arguments: [join(folder, "zookeeper.properties")] };
  return { nodes, zookeeper };
}

interface BringUpOptions {
  readonly clusterId: string;
  readonly scramUsers: readonly string[];
  readonly startTimeoutMs: number;
}

/** Starts all nodes and waits until each answers and knows all the others. */
export async function bringUp({ nodes, zookeeper }: ClusterProcesses, options: BringUpOptions): Promise<void> {
  if (zookeeper !== undefined) await startZookeeper(zookeeper, nodes[0]?.place.controllerPort ?? 0);
  await Promise.all(nodes.map((node) => prepare(node, options)));
  for (const { program } of nodes) startJava(program);
  await Promise.all(
    nodes.map(({ place, program }) => waitForBrokers(place.port, nodes.length, options.startTimeoutMs, () => failureOf(program.folder))),
  );
}

/** Writes the files and formats the data folder, once. */
async function prepare({ place, layout, program }: NodeProcess, { clusterId, scramUsers }: BringUpOptions): Promise<void> {
  const { folder } = program;
  const data = join(folder, "data");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "server.properties"), serverProperties(layout, place, data));
  writeFileSync(join(folder, "logging.properties"), loggingProperties(program.logging, join(folder, "server.log")));
  if (layout.version.coordination !== "kraft" || existsSync(join(data, "meta.properties"))) return;
  const users = scramUsers.flatMap((user) => ["--add-scram", user]);
  const format = ["format", "-t", clusterId, "-c", join(folder, "server.properties"), ...users];
  await runJava({ ...program, mainClass: "kafka.tools.StorageTool", arguments: format });
}

async function startZookeeper(program: JavaProgram, port: number): Promise<void> {
  if (livingProcess(program.folder) !== undefined) return;
  mkdirSync(program.folder, { recursive: true });
  writeFileSync(join(program.folder, "zookeeper.properties"), zookeeperProperties(port, join(program.folder, "data")));
  writeFileSync(join(program.folder, "logging.properties"), loggingProperties(program.logging, join(program.folder, "server.log")));
  startJava(program);
  const until = Date.now() + zookeeperStartTimeoutMs;
  while (!(await accepts(port))) {
    const failure = failureOf(program.folder);
    if (failure !== undefined || Date.now() > until)
      throw new Error(failure ?? `ZooKeeper was not up within ${zookeeperStartTimeoutMs / 1000} s.`);
    await wait(100);
  }
}

/** Why a process ended: the last lines of its logs. */
function failureOf(folder: string): string | undefined {
  if (livingProcess(folder) !== undefined) return undefined;
  const words = ["console.log", "server.log"].map((name) => tailOf(join(folder, name))).filter((text) => text !== "");
  const faults = words.flatMap((text) => text.split("\n").filter((line) => /ERROR|FATAL|Exception|Error:/.test(line))).slice(-5);
  return `The broker ended while it was starting. ${faults.length > 0 ? `Its last errors:\n  ${faults.join("\n  ")}\n` : ""}The full logs are in ${folder}`;
}

function tailOf(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8").slice(-logTailBytesMax) : "";
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    const done = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once("connect", () => done(true));
    socket.once("error", () => done(false));
  });
}
