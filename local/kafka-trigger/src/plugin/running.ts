/** Everything that runs between start and stop: clusters, workers, triggers, the watch on the sources, the status endpoint. */
import { createKafka, type Kafka } from "../../../../lib/kafka/kafka.js";
import type { BatchSummary } from "../../../../lib/relay/status/batch-summary.js";
import { createRouteJournal, type RouteActivity, type RouteJournal } from "../../../../lib/relay/status/route-journal.js";
import { createDestination, giveUpTo } from "../destinations/destination.js";
import { packEvent } from "../handlers/packed.js";
import { createHandlerPool, type HandlerPool } from "../handlers/pool.js";
import type { Mapping } from "../mapping.js";
import { startTrigger, type Trigger } from "../trigger.js";
import type { TriggerWorld } from "../trigger-world.js";
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
  const shared = createShared(serverless, speaker);
  speaker.table(mappingTable(declared));
  const triggers = declared.map((one) => ({ functionKey: one.functionKey, trigger: startMapping(one, shared) }));
  const renew = () => {
    for (const pool of shared.pools.values()) pool.renew();
  };
  const unwatch = settings.isReloading ? reloadOnEdit(shared.serviceFolder, renew, speaker) : () => {};
  const status = statusOf(triggers, shared.journals, settings.statusPort, speaker);

  let stopping: Promise<void> | undefined;
  async function stopAll(): Promise<void> {
    unwatch();
    await Promise.all(triggers.map(({ trigger }) => trigger.stop(settings.drainMs)));
    await Promise.all([...shared.pools.values()].map((pool) => pool.close()));
    await Promise.all([...shared.clusters.values()].map((kafka) => kafka.close()));
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

/** What mappings share: a cluster and a function are opened once, however many mappings name them. */
interface Shared {
  readonly serverless: Serverless;
  readonly serviceFolder: string;
  readonly region: string;
  readonly speaker: Speaker;
  readonly clusters: Map<string, Kafka>;
  /** By the function's key. */
  readonly pools: Map<string, HandlerPool>;
  /** By the function's key: what it says of its batches, if it is a route. */
  readonly journals: Map<string, RouteJournal>;
}

function createShared(serverless: Serverless, speaker: Speaker): Shared {
  const region = serverless.service.provider.region ?? regionDefault;
  return {
    serverless,
    serviceFolder: serviceFolderOf(serverless),
    region,
    speaker,
    clusters: new Map(),
    pools: new Map(),
    journals: new Map(),
  };
}

function startMapping({ functionKey, mapping, brokers, security }: DeclaredMapping, shared: Shared): Trigger {
  const { serverless, speaker } = shared;
  const definition = toFunctionDefinition(serverless, functionKey, shell);
  const journal = opened(shared.journals, functionKey, createRouteJournal);
  const pool = opened(shared.pools, functionKey, () =>
    createHandlerPool(
      definition,
      (text) => speaker.trace(text),
      undefined,
      (report) => journal.note(report as BatchSummary),
    ),
  );
  const kafka = opened(shared.clusters, JSON.stringify([brokers, security]), () => createKafka(toKafkaOptions(brokers, security)));
  return startTrigger(mapping, {
    kafka,
    invoke: (runs) => pool.invoke(packEvent(mapping, runs)),
    say: (line) => speaker.detail(functionKey, line),
    warn: (line) => speaker.warn(functionKey, line),
    onInvocation: (report) => speaker.invocation(functionKey, report),
    ...giveUpOf(functionKey, mapping, kafka, definition.functionArn, shared),
  });
}

function opened<Value>(known: Map<string, Value>, key: string, open: () => Value): Value {
  const value = known.get(key) ?? open();
  known.set(key, value);
  return value;
}

/** Nothing where the mapping has no destination: the trigger then drops what is given up, with a warning. */
function giveUpOf(
  functionKey: string,
  mapping: Mapping,
  kafka: Kafka,
  functionArn: string,
  { serviceFolder, region, speaker }: Shared,
): Pick<TriggerWorld, "giveUp"> {
  const { destination } = mapping.failure;
  if (destination === undefined) return {};
  const deliver = createDestination(destination, { kafka, mapping, functionArn, serviceFolder, shell, region });
  const name = destination.kind === "topic" ? `topic ${destination.topic}` : destination.arn;
  const say = (line: string) => speaker.say(functionKey, line);
  const warn = (line: string) => speaker.warn(functionKey, line);
  return { giveUp: (given) => giveUpTo(deliver, name, given, say, warn) };
}

function reloadOnEdit(serviceFolder: string, renew: () => void, speaker: Speaker): () => void {
  const onEdit = (file: string) => {
    speaker.say("reload", `${file} has changed: the next batch uses it`);
    renew();
  };
  return watchSources(serviceFolder, onEdit, (line) => speaker.warn("reload", line));
}

async function statusOf(
  triggers: readonly { readonly functionKey: string; readonly trigger: Trigger }[],
  journals: ReadonlyMap<string, RouteJournal>,
  port: number | undefined,
  speaker: Speaker,
): Promise<StatusServer | undefined> {
  if (port === undefined) return undefined;
  return serveStatus(
    port,
    () =>
      triggers.map(({ functionKey, trigger }) => ({
        function: functionKey,
        ...trigger.status(),
        activity: activityOf(journals.get(functionKey)),
      })),
    (line) => speaker.detail("status", line),
    (line) => speaker.warn("status", line),
  );
}

/** A function that has said nothing may be any function. */
function activityOf(journal: RouteJournal | undefined): RouteActivity | null {
  const activity = journal?.activity();
  return activity === undefined || activity.batches === 0 ? null : activity;
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
