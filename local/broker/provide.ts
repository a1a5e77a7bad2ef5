/** Provides the broker of this machine, in this order: KAFKA_BROKERS, a Docker engine that answers, Java and Maven. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { parseConfig } from "../../lib/config.js";
import { createDeadline } from "../../lib/deadline.js";
import { createKafka, toKafkaOptions } from "../../lib/kafka/kafka.js";
import { giveUpOwnership, ownerOf, takeOwnership } from "../processes/owner.js";
import { holderOf, holderWords } from "../processes/ports.js";
import { PortInUse, runningCluster, startBroker } from "./cluster.js";
import { composeReset, composeStop, composeUp, dockerMissing, isComposeRunning } from "./docker.js";
import { hasJars, type Progress } from "./jars.js";
import { askBroker, waitForBrokers } from "./probe.js";
import type { LocalSettings } from "./settings.js";
import { findTools } from "./tools.js";
import { defaultVersion, versions } from "./versions.js";

const givenTimeoutMs = 10_000;
const dockerStartTimeoutMs = 90_000;
const heapMb = 512;

export interface ProvidedBroker {
  readonly brokers: readonly string[];
  /** "Apache Kafka 4.1.1 (Java, data in .data/broker)" */
  readonly what: string;
  /** False if the broker is managed elsewhere; `stop` then leaves it running. */
  readonly isOurs: boolean;
  /** Keeps its data. */
  readonly stop: () => Promise<void>;
}

export const brokerFolder = ({ dataFolder }: LocalSettings): string => join(dataFolder, "broker");
export const hasBrokerJars = (settings: LocalSettings): boolean => hasJars(versions[defaultVersion], jarsFolder(settings));
const jarsFolder = ({ dataFolder }: LocalSettings): string => join(dataFolder, "jars");

/** Rejects with one message that says what is wrong and what to do, and leaves nothing running. */
export async function provideBroker(settings: LocalSettings, env: NodeJS.ProcessEnv, progress: Progress): Promise<ProvidedBroker> {
  if (settings.brokers !== undefined) return givenBroker(settings.brokers, env);
  const way = await chooseWay(settings);
  return way === "docker" ? dockerBroker(settings, progress) : mavenBroker(settings, progress);
}

/** Chooses Docker or Maven. A broker of ours that is already running decides. */
async function chooseWay(settings: LocalSettings): Promise<"docker" | "maven"> {
  if (settings.way !== undefined) return settings.way;
  if (runningCluster(brokerFolder(settings)) !== undefined) return "maven";
  const noDocker = await dockerMissing();
  if (noDocker === undefined) return "docker";
  const tools = await findTools(hasBrokerJars(settings));
  if (!("missing" in tools)) return "maven";
  throw new Error(
    [
      "No broker is available, and none can be started. Do one of the following:",
      "  1. Name a running broker:       KAFKA_BROKERS=host:9092 npm start",
      `  2. Start a Docker engine:       ${noDocker}`,
      `  3. Install Java 17 and Maven:   ${tools.missing}`,
    ].join("\n"),
  );
}

async function givenBroker(brokers: string, env: NodeJS.ProcessEnv): Promise<ProvidedBroker> {
  const kafka = createKafka(toKafkaOptions(parseConfig(env)));
  try {
    const { clusterId } = await kafka.metadata.describe([], createDeadline(givenTimeoutMs));
    return {
      brokers: brokers.split(","),
      what: `the Kafka cluster ${clusterId} that KAFKA_BROKERS names`,
      isOurs: false,
      stop: async () => {},
    };
  } catch (error) {
    throw new Error(
      `KAFKA_BROKERS is ${brokers}, but no broker answers there: ${(error as Error).message}\nStart that broker, correct KAFKA_BROKERS, or unset it to start a local broker.`,
    );
  } finally {
    await kafka.close();
  }
}

/** What keeps a local broker from its port; undefined if nothing does, or if it is there already. */
export async function brokerPortFault(settings: LocalSettings): Promise<string | undefined> {
  const { brokers, brokerPort, way } = settings;
  if (brokers !== undefined || runningCluster(brokerFolder(settings)) !== undefined) return undefined;
  const holder = await holderOf(brokerPort);
  if (holder === undefined || (way !== "maven" && (await isComposeRunning(brokerPort)))) return undefined;
  return inUseMessage(brokerPort, `Port ${brokerPort} is in use ${holderWords(holder)}.`);
}

async function dockerBroker(settings: LocalSettings, progress: Progress): Promise<ProvidedBroker> {
  const { brokerPort } = settings;
  const fault = await brokerPortFault(settings);
  if (fault !== undefined) throw new Error(fault);
  const owner = ownerOf(brokerFolder(settings));
  if (owner === undefined) takeOwnership(brokerFolder(settings));
  await composeUp(brokerPort, progress);
  await waitForBrokers(brokerPort, 1, dockerStartTimeoutMs, () => undefined);
  return {
    brokers: [`localhost:${brokerPort}`],
    what: "Apache Kafka (Docker, local/docker-compose.yml)",
    isOurs: owner === undefined,
    stop: async () => {
      if (owner !== undefined) return;
      await composeStop(brokerPort);
      giveUpOwnership(brokerFolder(settings));
    },
  };
}

async function mavenBroker(settings: LocalSettings, progress: Progress): Promise<ProvidedBroker> {
  const dataFolder = brokerFolder(settings);
  const running = runningCluster(dataFolder);
  const owner = running === undefined ? undefined : ownerOf(dataFolder);
  if (owner === undefined) takeOwnership(dataFolder);
  try {
    const ports = [settings.brokerPort, settings.brokerPort + 1];
    const cluster = await startBroker({ nodes: 1, dataFolder, jarsFolder: jarsFolder(settings), ports, heapMb, progress });
    return {
      brokers: cluster.brokers,
      what: `Apache Kafka ${cluster.version} (Java, process ${cluster.nodes[0]?.pid})`,
      isOurs: owner === undefined,
      stop: async () => {
        if (owner !== undefined) return;
        await cluster.stop();
        giveUpOwnership(dataFolder);
      },
    };
  } catch (error) {
    giveUpOwnership(dataFolder);
    throw error instanceof PortInUse ? new Error(await inUseMessage(error.port, error.message)) : error;
  }
}

/** The advice depends on whether the program on that port is a Kafka broker. */
async function inUseMessage(port: number, what: string): Promise<string> {
  const ways = [`stop that program`, `use another port: RELAY_BROKER_PORT=${port >= 29_000 ? 19_092 : port + 10_000} npm start`];
  try {
    await askBroker("127.0.0.1", port, 2_000);
    ways.push(`use it, because it is a Kafka broker: KAFKA_BROKERS=127.0.0.1:${port} npm start`);
  } catch {
    // It is not a Kafka broker.
  }
  return `${what} The broker needs it. Either\n${ways.map((way) => `  - ${way}`).join("\n")}`;
}

/** Stops the broker of this folder, regardless of who started it. Returns false if none was running. */
export async function stopBroker(settings: LocalSettings): Promise<boolean> {
  const cluster = runningCluster(brokerFolder(settings));
  if (cluster !== undefined) {
    await cluster.stop();
    return true;
  }
  if ((await dockerMissing()) !== undefined || !(await isComposeRunning(settings.brokerPort))) return false;
  await composeStop(settings.brokerPort);
  return true;
}

/** Stops the broker and deletes its data: topics, records, offsets. Keeps the jars. */
export async function resetBroker(settings: LocalSettings): Promise<void> {
  await stopBroker(settings);
  rmSync(brokerFolder(settings), { recursive: true, force: true });
  if (settings.way !== "maven" && (await dockerMissing()) === undefined) await composeReset(settings.brokerPort);
}
