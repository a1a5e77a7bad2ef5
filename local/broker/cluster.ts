/** A local Kafka cluster: one node, or three for failover, run from Maven's jars, with its data in a folder. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { freePorts, holderOf, holderWords } from "../processes/ports.js";
import { hasJars, type Progress, resolveJars } from "./jars.js";
import { killJava, livingProcess, signalJava, stopJava } from "./java-process.js";
import { bringUp, type NodeProcess, processesOf } from "./node-process.js";
import { waitForBrokers } from "./probe.js";
import { type ClusterLayout, type ExtraListener, zookeeperSessionMs } from "./properties.js";
import { findTools } from "./tools.js";
import { defaultVersion, type KafkaVersionName, versions } from "./versions.js";

const startTimeoutMs = 180_000;
/** For a broker that was already up, or that another run is starting. */
const runningTimeoutMs = 60_000;

interface ClusterOptions {
  readonly nodes: 1 | 3;
  /** Holds everything of this cluster: settings, logs, records. The next start continues with it. */
  readonly dataFolder: string;
  /** The folder of the jars, shared by all clusters. Default: `.data/jars` of this project. */
  readonly jarsFolder?: string;
  /** Two per node: one for clients, one for the controllers (or ZooKeeper). Default: free ports below 32768. */
  readonly ports?: readonly number[];
  /** Additional server.properties, which override ours. */
  readonly properties?: Readonly<Record<string, string>>;
  readonly extraListeners?: readonly ExtraListener[];
  /** Users created when the data folder is formatted: "SCRAM-SHA-512=[name=alice,password=secret]". */
  readonly scramUsers?: readonly string[];
  readonly heapMb?: number;
  readonly version?: KafkaVersionName;
  readonly progress?: Progress;
}

interface BrokerNode {
  readonly id: number;
  /** `127.0.0.1:port`. */
  readonly address: string;
  /** Throws if the node is not running. */
  readonly pid: number;
  readonly isRunning: boolean;
  /** Sends SIGKILL and waits for the process to end. */
  readonly kill: () => Promise<void>;
  /** A controlled shutdown. */
  readonly stop: () => Promise<void>;
  /** Sends SIGSTOP: the process keeps its sockets but does not respond. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  /** Starts the node with its data (stops it first if it is running) and waits until it is back in the cluster. */
  readonly restart: () => Promise<void>;
}

export interface Cluster {
  /** Bootstrap brokers: `127.0.0.1:port` each. */
  readonly brokers: readonly string[];
  readonly clusterId: string;
  readonly version: string;
  readonly nodes: readonly BrokerNode[];
  readonly stop: () => Promise<void>;
}

/** The contents of `cluster.json`: everything that another process needs to find the cluster. */
interface ClusterFile {
  readonly clusterId: string;
  readonly layout: ClusterLayout;
  readonly java: string;
  readonly lib: string;
  readonly heapMb: number;
}

const clusterFile = (dataFolder: string): string => join(dataFolder, "cluster.json");
const defaultJarsFolder = join(import.meta.dirname, "../../.data/jars");

/** Starts a cluster, or takes over the one running in that folder. Rejects with one message that says what is wrong and what to do. */
export async function startBroker(options: ClusterOptions): Promise<Cluster> {
  const dataFolder = resolve(options.dataFolder);
  const running = runningCluster(dataFolder);
  if (running !== undefined) {
    options.progress?.(`Using the broker that is already running (process ${running.nodes.map(({ pid }) => pid).join(", ")})`);
    await untilAnswers(running, dataFolder);
    return running;
  }
  const version = versions[options.version ?? defaultVersion];
  const jarsFolder = options.jarsFolder ?? defaultJarsFolder;
  const tools = await findTools(hasJars(version, jarsFolder));
  if ("missing" in tools) throw new Error(`Starting a broker requires Java 17 or newer and Maven: ${tools.missing}.`);
  const lib = await resolveJars(version, jarsFolder, tools.jarSource, options.progress ?? (() => {}));
  const ports = options.ports ?? (await freePorts(options.nodes * 2));
  const layout: ClusterLayout = {
    version,
    nodes: Array.from({ length: options.nodes }, (_, index) => ({
      id: index + 1,
      port: ports[index * 2] ?? 0,
      controllerPort: ports[index * 2 + 1] ?? 0,
    })),
    extraListeners: options.extraListeners ?? [],
    properties: options.properties ?? {},
  };
  await assertPortsFree(layout);
  mkdirSync(dataFolder, { recursive: true });
  const previous = readClusterFile(dataFolder);
  const file: ClusterFile = {
    clusterId: previous?.clusterId ?? randomClusterId(),
    layout,
    java: tools.java,
    lib,
    heapMb: options.heapMb ?? 256,
  };
  writeFileSync(clusterFile(dataFolder), `${JSON.stringify(file, null, 2)}\n`);
  options.progress?.(`Starting Apache Kafka ${version.version}, ${options.nodes === 1 ? "one node" : `${options.nodes} nodes`} ...`);
  const cluster = clusterOf(dataFolder, file);
  try {
    await bringUp(processesOf(dataFolder, file), { clusterId: file.clusterId, scramUsers: options.scramUsers ?? [], startTimeoutMs });
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return cluster;
}

async function untilAnswers({ brokers, nodes }: Cluster, dataFolder: string): Promise<void> {
  try {
    await waitForBrokers(portOf(brokers[0]), nodes.length, runningTimeoutMs, () => undefined);
  } catch (error) {
    const pids = nodes.filter(({ isRunning }) => isRunning).map(({ pid }) => pid);
    throw new Error(
      `A broker is running in ${dataFolder} (process ${pids.join(", ")}), but it does not answer: ${(error as Error).message}\nStop it with npm run broker -- stop. Its data is kept for the next start.`,
    );
  }
}

/** The cluster of a data folder if at least one of its nodes is running; otherwise undefined. */
export function runningCluster(dataFolder: string): Cluster | undefined {
  const file = readClusterFile(resolve(dataFolder));
  if (file === undefined) return undefined;
  const cluster = clusterOf(resolve(dataFolder), file);
  return cluster.nodes.some(({ isRunning }) => isRunning) ? cluster : undefined;
}

function clusterOf(dataFolder: string, file: ClusterFile): Cluster {
  const processes = processesOf(dataFolder, file);
  const nodes = processes.nodes.map((node) => brokerNode(node, file));
  return {
    brokers: nodes.map(({ address }) => address),
    clusterId: file.clusterId,
    version: file.layout.version.version,
    nodes,
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
      if (processes.zookeeper !== undefined) await stopJava(processes.zookeeper.folder);
    },
  };
}

function brokerNode(node: NodeProcess, file: ClusterFile): BrokerNode {
  const { folder } = node.program;
  return {
    id: node.place.id,
    address: `127.0.0.1:${node.place.port}`,
    get pid() {
      const living = livingProcess(folder);
      if (living === undefined) throw new Error(`Node ${node.place.id} is not running.`);
      return living.pid;
    },
    get isRunning() {
      return livingProcess(folder) !== undefined;
    },
    kill: () => killJava(folder),
    stop: () => stopJava(folder),
    freeze: () => signalJava(folder, "SIGSTOP"),
    thaw: () => signalJava(folder, "SIGCONT"),
    restart: async () => {
      await stopJava(folder);
      if (file.layout.version.coordination === "zookeeper") await wait(2 * zookeeperSessionMs);
      await bringUp({ nodes: [node] }, { clusterId: file.clusterId, scramUsers: [], startTimeoutMs });
    },
  };
}

async function assertPortsFree({ nodes, extraListeners }: ClusterLayout): Promise<void> {
  const ports = [...nodes.flatMap(({ port, controllerPort }) => [port, controllerPort]), ...extraListeners.flatMap(({ ports }) => ports)];
  for (const port of ports) {
    const holder = await holderOf(port);
    if (holder !== undefined) throw new PortInUse(port, `Port ${port} is in use ${holderWords(holder)}.`);
  }
}

/** Another program listens on the broker's port. */
export class PortInUse extends Error {
  override readonly name = "PortInUse";
  readonly port: number;
  constructor(port: number, message: string) {
    super(message);
    this.port = port;
  }
}

function readClusterFile(dataFolder: string): ClusterFile | undefined {
  const path = clusterFile(dataFolder);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as ClusterFile) : undefined;
}

/** Kafka's ids are 16 random bytes in URL-safe base64. An id that starts with a dash would be parsed as an option. */
function randomClusterId(): string {
  const id = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64url");
  return id.startsWith("-") ? randomClusterId() : id;
}

const portOf = (address = ""): number => Number(address.split(":").pop());
