/** The serverless-offline plugin: Kafka events of the service are polled while it runs. Listed before serverless-offline, it starts and stops with it. */
import { createKafka, type Kafka } from "../../../../lib/kafka/kafka.js";
import { createHandlerPool, type HandlerPool } from "../handlers/pool.js";
import { startTrigger, type Trigger } from "../trigger.js";
import { shell } from "./environment.js";
import { toFunctionDefinition } from "./functions.js";
import { type DeclaredMapping, readMappings } from "./mappings.js";
import { watchSources } from "./reload.js";
import type { PluginTools, Serverless } from "./serverless.js";

const drainMs = 10_000;
const connectTimeoutMs = 5_000;
const requestTimeoutMs = 30_000;

export class KafkaTriggerPlugin {
  readonly hooks: Readonly<Record<string, () => unknown>>;
  readonly #serverless: Serverless;
  readonly #log: PluginTools["log"];
  #running: Running | undefined;

  constructor(serverless: Serverless, _options: unknown, { log }: PluginTools) {
    this.#serverless = serverless;
    this.#log = log;
    this.hooks = {
      "offline:start:init": () => this.#start(),
      "offline:start": () => this.#start(),
      "before:offline:start:end": () => this.#stop(),
      "offline:functionsUpdated:cleanup": () => this.#running?.renew(),
    };
  }

  /** Returns at once: serverless-offline does the waiting. */
  #start(): void {
    if (this.#running !== undefined) return;
    const declared = readMappings(this.#serverless, shell);
    if (declared.length === 0) return;
    this.#running = run(this.#serverless, declared, this.#log);
    this.#stopWithOffline();
  }

  /** Bare `serverless offline` ends the process within its own hook: its `end` is made to wait for ours. */
  #stopWithOffline(): void {
    const offline = this.#serverless.pluginManager.plugins.find((plugin) => plugin.constructor.name === "ServerlessOffline") as
      | { end?: (...args: unknown[]) => unknown }
      | undefined;
    const { end } = offline ?? {};
    if (offline === undefined || typeof end !== "function") return;
    offline.end = async (...args) => {
      await this.#stop();
      return end.apply(offline, args);
    };
  }

  async #stop(): Promise<void> {
    await this.#running?.stop();
  }
}

interface Running {
  readonly renew: () => void;
  readonly stop: () => Promise<void>;
}

function run(serverless: Serverless, declared: readonly DeclaredMapping[], log: PluginTools["log"]): Running {
  const clusters = new Map<string, Kafka>();
  const pools = new Map<string, HandlerPool>();
  const triggers: Trigger[] = [];
  const say = (name: string) => (line: string) => log.notice(`kafka-trigger  ${name}: ${line}`);
  const warn = (name: string) => (line: string) => log.warning(`kafka-trigger  ${name}: ${line}`);
  for (const { functionKey, mapping, brokers } of declared) {
    const pool =
      pools.get(functionKey) ?? createHandlerPool(toFunctionDefinition(serverless, functionKey, shell), (text) => log.error(text));
    pools.set(functionKey, pool);
    const cluster = brokers.join(",");
    const kafka = clusters.get(cluster) ?? createKafka(toKafkaOptions(brokers));
    clusters.set(cluster, kafka);
    triggers.push(
      startTrigger(mapping, {
        kafka,
        invoke: pool.invoke,
        say: say(mapping.name),
        warn: warn(mapping.name),
        onInvocation: ({ records, partitions, tookMs, verdict, reason }) => {
          const words = `${records} record(s) of ${partitions} partition(s), ${tookMs} ms, ${verdict}`;
          if (verdict === "failed") warn(mapping.name)(`${words}: ${reason}`);
          else say(mapping.name)(words);
        },
      }),
    );
  }
  const folder = serverless.serviceDir ?? serverless.config.servicePath;
  const renew = () => {
    for (const pool of pools.values()) pool.renew();
  };
  const unwatch = watchSources(
    folder,
    (file) => {
      log.notice(`kafka-trigger  ${file} has changed: the next batch meets it`);
      renew();
    },
    warn("reload"),
  );
  let stopping: Promise<void> | undefined;
  return {
    renew,
    stop: () => {
      stopping ??= (async () => {
        unwatch();
        await Promise.all(triggers.map((trigger) => trigger.stop(drainMs)));
        await Promise.all([...pools.values()].map((pool) => pool.close()));
        await Promise.all([...clusters.values()].map((kafka) => kafka.close()));
      })();
      return stopping;
    },
  };
}

function toKafkaOptions(brokers: readonly string[]) {
  return {
    brokers,
    clientId: "kafka-trigger",
    connectTimeoutMs,
    requestTimeoutMs,
    idempotence: true,
    compression: "none",
    autoCreateTopics: false,
  } as const;
}
