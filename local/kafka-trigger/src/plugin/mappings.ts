/** From the `msk` and `kafka` events of a service to mappings. */
import { createHash } from "node:crypto";
import type { Mapping, StartingPosition } from "../mapping.js";
import type { Serverless } from "./serverless.js";

export interface DeclaredMapping {
  readonly functionKey: string;
  readonly mapping: Mapping;
  /** Where its cluster is reached from here. */
  readonly brokers: readonly string[];
}

const batchSizeDefault = 100;
const windowDefaultMs = 500;
/** Eleven attempts within half a minute. */
export const backoffDefault = { firstMs: 200, maxMs: 5_000 } as const;

export function readMappings(serverless: Serverless, shell: NodeJS.ProcessEnv): readonly DeclaredMapping[] {
  const { service } = serverless;
  return service.getAllFunctions().flatMap((functionKey) =>
    (service.getFunction(functionKey).events ?? []).flatMap((event, index) => {
      const kind = "msk" in event ? "msk" : "kafka" in event ? "kafka" : undefined;
      const declared = kind === undefined ? undefined : (event[kind] as Readonly<Record<string, unknown>>);
      if (kind === undefined || declared === undefined || declared.enabled === false) return [];
      const brokers = brokersOf(serverless, declared, shell);
      return [{ functionKey, brokers, mapping: toMapping(serverless, functionKey, kind, declared, index, brokers) }];
    }),
  );
}

function toMapping(
  { service }: Serverless,
  functionKey: string,
  kind: Mapping["kind"],
  declared: Readonly<Record<string, unknown>>,
  index: number,
  brokers: readonly string[],
): Mapping {
  const topic = String(declared.topic);
  const seed = `${service.service}/${service.provider.stage ?? "dev"}/${functionKey}/${index}/${topic}`;
  return {
    name: `${functionKey} (${kind}, topic ${topic})`,
    kind,
    ...(kind === "msk" && typeof declared.arn === "string" ? { eventSourceArn: declared.arn } : {}),
    bootstrapServers: brokers.join(","),
    topic,
    consumerGroupId: typeof declared.consumerGroupId === "string" ? declared.consumerGroupId : toUuid(seed),
    batchSize: typeof declared.batchSize === "number" ? declared.batchSize : batchSizeDefault,
    windowMs: typeof declared.maximumBatchingWindow === "number" ? declared.maximumBatchingWindow * 1000 : windowDefaultMs,
    startingPosition: toStartingPosition(declared),
    failure: {
      retriesMax: typeof declared.maximumRetryAttempts === "number" ? declared.maximumRetryAttempts : -1,
      recordAgeMaxMs:
        typeof declared.maximumRecordAgeInSeconds === "number" && declared.maximumRecordAgeInSeconds >= 0
          ? declared.maximumRecordAgeInSeconds * 1000
          : -1,
      isBisecting: declared.bisectBatchOnFunctionError === true,
      takesPartialResponses:
        Array.isArray(declared.functionResponseTypes) && declared.functionResponseTypes.includes("ReportBatchItemFailures"),
    },
    backoff: backoffDefault,
  };
}

function toStartingPosition({ startingPosition, startingPositionTimestamp }: Readonly<Record<string, unknown>>): StartingPosition {
  if (startingPosition === "LATEST") return { kind: "LATEST" };
  if (startingPosition === "AT_TIMESTAMP") return { kind: "AT_TIMESTAMP", timestampMs: Number(startingPositionTimestamp) * 1000 };
  return { kind: "TRIM_HORIZON" };
}

function brokersOf({ service }: Serverless, declared: Readonly<Record<string, unknown>>, shell: NodeJS.ProcessEnv): readonly string[] {
  const configured = service.custom?.kafkaTrigger?.brokers ?? shell.KAFKA_BROKERS ?? declared.bootstrapServers ?? "127.0.0.1:9092";
  return (Array.isArray(configured) ? configured.map(String) : String(configured).split(",")).map((broker) => broker.trim());
}

/** The same for the same declaration, so that a restart goes on where it stopped. */
function toUuid(seed: string): string {
  const hex = createHash("sha256").update(seed).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), `5${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join("-");
}
