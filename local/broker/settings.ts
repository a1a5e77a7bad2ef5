/** The environment variables of the local programs: ports, folders, and the broker to use. Documented in docs/local.md. */
import { resolve } from "node:path";

export interface LocalSettings {
  /** The folder with the data of the broker and of PGlite, and the pid files of running programs. */
  readonly dataFolder: string;
  /** External brokers. If set, no local broker is started. */
  readonly brokers: string | undefined;
  /** Forces one way to start the broker: Docker, or Java with Maven. */
  readonly way: "docker" | "maven" | undefined;
  readonly brokerPort: number;
  readonly httpPort: number;
  readonly lambdaPort: number;
  /** Of the local trigger's status. */
  readonly statusPort: number;
  readonly sqlPort: number;
  /** The port of the demo's receiver, which the webhook route calls. */
  readonly webhookPort: number;
  /** The port of the schema registry that `npm start -- --registry` starts. */
  readonly registryPort: number;
  /** The port of the emulated AWS that `npm start` starts for queues and streams. */
  readonly awsPort: number;
  readonly createTopics: string;
}

/** Throws one message with every fault. */
export function readBrokerSettings(env: NodeJS.ProcessEnv): LocalSettings {
  const faults: string[] = [];
  const port = (name: string, fallback: number): number => {
    const text = env[name] ?? "";
    if (text === "") return fallback;
    if (/^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535) return Number(text);
    faults.push(`${name} must be a port from 1 to 65535, not ${JSON.stringify(text)}`);
    return fallback;
  };
  const way = env.RELAY_BROKER ?? "";
  if (way !== "" && way !== "docker" && way !== "maven") faults.push(`RELAY_BROKER must be docker or maven, not ${JSON.stringify(way)}`);
  const settings = {
    dataFolder: resolve(env.RELAY_DATA_FOLDER ?? ".data"),
    brokers: (env.KAFKA_BROKERS ?? "") === "" ? undefined : env.KAFKA_BROKERS,
    way: way === "docker" || way === "maven" ? way : undefined,
    brokerPort: port("RELAY_BROKER_PORT", 9092),
    httpPort: port("RELAY_HTTP_PORT", 3000),
    lambdaPort: port("RELAY_LAMBDA_PORT", 3002),
    statusPort: port("RELAY_STATUS_PORT", 3003),
    sqlPort: port("RELAY_SQL_PORT", 5433),
    webhookPort: port("RELAY_WEBHOOK_PORT", 3005),
    registryPort: port("RELAY_REGISTRY_PORT", 8081),
    awsPort: port("RELAY_AWS_PORT", 4566),
    createTopics: env.KAFKA_CREATE_TOPICS ?? "",
  } as const;
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return settings;
}
