/** Everything that runs between start and stop: clusters, workers, triggers, the watch on the sources, the status endpoint. */
import { createKafka, type Kafka } from "../../../../lib/kafka/kafka.js";
import { createDestination, giveUpTo } from "../destinations/destination.js";
import { packEvent } from "../handlers/packed.js";
import { createHandlerPool, type HandlerPool } from "../handlers/pool.js";
import { countOf } from "../poll/run.js";
import { whyGivenUp } from "../poll/settle.js";
import { startTrigger, type Trigger } from "../trigger.js";
import { shell } from "./environment.js";
import { regionDefault, serviceFolderOf, toFunctionDefinition } from "./functions.js";
import type { DeclaredMapping } from "./mappings.js";
import { watchSources } from "./reload.js";
import type { Security } from "./security.js";
import type { Serverless } from "./serverless.js";
import type { TriggerSettings } from "./settings.js";
import { mappingTable, type Speaker } from "./speaker.js";
import { type StatusServer, serveStatus } from "./status.js";

const connectTimeoutMs = 5_000;
const requestTimeoutMs = 10_000;

export interface Running {
  readonly renew: () => void;
  readonly stop: () => Promise<void>;
}

export function run(serverless: Serverless, declared: readonly DeclaredMapping[], settings: TriggerSettings, speaker: Speaker): Running {
  const serviceFolder = serviceFolderOf(serverless);
  const region = serverless.service.provider.region ?? regionDefault;
  const clusters = new Map<string, Kafka>();
  const pools = new Map<string, HandlerPool>();
  const triggers: { readonly functionKey: string; readonly trigger: Trigger }[] = [];
  speaker.table(mappingTable(declared));

  for (const { functionKey, mapping, brokers, security } of declared) {
    const definition = toFunctionDefinition(serverless, functionKey, shell);
    const pool = pools.get(functionKey) ?? createHandlerPool(definition, (text) => speaker.trace(text));
    pools.set(functionKey, pool);
    const cluster = JSON.stringify([brokers, security]);
    const kafka = clusters.get(cluster) ?? createKafka(toKafkaOptions(brokers, security));
    clusters.set(cluster, kafka);
    const say = (line: string) => speaker.say(functionKey, line);
    const warn = (line: string) => speaker.warn(functionKey, line);
    const { destination } = mapping.failure;
    const deliver =
      destination === undefined
        ? undefined
        : createDestination(destination, { kafka, mapping, functionArn: definition.functionArn, serviceFolder, shell, region });
    const destinationName = destination?.kind === "topic" ? `topic ${destination.topic}` : (destination?.arn ?? "");
    const trigger = startTrigger(mapping, {
      kafka,
      invoke: (runs) => pool.invoke(packEvent(mapping, runs)),
      say: (line) => speaker.detail(functionKey, line),
      warn,
      onInvocation: (report) => speaker.invocation(functionKey, report),
      giveUp: async (given) => {
        if (deliver === undefined) warn(`${countOf(given.runs)} record(s) are dropped, as on AWS: ${whyGivenUp(given)}`);
        else await giveUpTo(deliver, destinationName, given, say, warn);
      },
    });
    triggers.push({ functionKey, trigger });
  }

  const renew = () => {
    for (const pool of pools.values()) pool.renew();
  };
  const unwatch = settings.isReloading
    ? watchSources(
        serviceFolder,
        (file) => {
          speaker.say("reload", `${file} has changed: the next batch meets it`);
          renew();
        },
        (line) => speaker.warn("reload", line),
      )
    : () => {};
  const status: Promise<StatusServer | undefined> =
    settings.statusPort === undefined
      ? Promise.resolve(undefined)
      : serveStatus(
          settings.statusPort,
          () => triggers.map(({ functionKey, trigger }) => ({ function: functionKey, ...trigger.status() })),
          (line) => speaker.detail("status", line),
          (line) => speaker.warn("status", line),
        );

  let stopping: Promise<void> | undefined;
  async function stopAll(): Promise<void> {
    unwatch();
    await Promise.all(triggers.map(({ trigger }) => trigger.stop(settings.drainMs)));
    await Promise.all([...pools.values()].map((pool) => pool.close()));
    await Promise.all([...clusters.values()].map((kafka) => kafka.close()));
    await (await status)?.close();
  }
  return {
    renew,
    stop: () => {
      stopping ??= stopAll();
      return stopping;
    },
  };
}

function toKafkaOptions(brokers: readonly string[], security: Security) {
  return {
    ...security,
    brokers,
    clientId: "kafka-trigger",
    connectTimeoutMs,
    requestTimeoutMs,
    idempotence: true,
    compression: "none",
    autoCreateTopics: false,
  } as const;
}
