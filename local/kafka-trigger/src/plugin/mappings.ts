/** From the `msk` and `kafka` events of a service to mappings that can be polled. */
import { createHash } from "node:crypto";
import { checkDeclarations, sharedGroups } from "../declaration/check.js";
import type { Declaration } from "../declaration/members.js";
import { compileFilter } from "../filter.js";
import type { FailureRules, Mapping, OnFailureDestination, StartingPosition } from "../mapping.js";
import { readSchemaRegistry } from "./schema-registry.js";
import { readSecurity, type Security } from "./security.js";
import type { Serverless } from "./serverless.js";
import type { TriggerSettings } from "./settings.js";

export interface DeclaredMapping {
  readonly functionKey: string;
  readonly mapping: Mapping;
  /** Where its cluster is reached from here. */
  readonly brokers: readonly string[];
  readonly security: Security;
}

interface ReadMappings {
  readonly mappings: readonly DeclaredMapping[];
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
}

const batchSizeDefault = 100;
const windowDefaultMs = 500;
/** With a destination, AWS limits endless retries to this number (https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html). */
const retriesWithDestination = 10;

export function readMappings(serverless: Serverless, settings: TriggerSettings, nowMs: number): ReadMappings {
  const mappings: DeclaredMapping[] = [];
  const { events, faults, warnings } = checkDeclarations(serverless, nowMs);
  const ofMachine: string[] = [];
  for (const { functionKey, kind, declaration, place } of events) {
    if (declaration.enabled === false) continue;
    const brokers = brokersOf(declaration, kind, settings);
    const { security, faults: securityFaults } = readSecurity(declaration, `function ${functionKey}: ${kind}`, settings);
    const { schemas, faults: registryFaults } = readSchemaRegistry(declaration, `function ${functionKey}: ${kind}`, settings);
    ofMachine.push(...securityFaults, ...registryFaults);
    mappings.push({
      functionKey,
      brokers,
      security,
      mapping: {
        ...toMapping(serverless, functionKey, kind, declaration, place, brokers, settings),
        ...(schemas === undefined ? {} : { schemas }),
      },
    });
  }
  // Two clusters on AWS may be one broker on this machine.
  const shared = sharedGroups(
    mappings.map(({ functionKey, mapping: { kind, consumerGroupId }, brokers }) => ({
      ...{ functionKey, kind, consumerGroupId },
      cluster: brokers.join(","),
    })),
  );
  return { mappings, faults: [...faults, ...ofMachine, ...shared], warnings };
}

function toMapping(
  { service }: Serverless,
  functionKey: string,
  kind: Mapping["kind"],
  declaration: Declaration,
  place: string,
  brokers: readonly string[],
  settings: TriggerSettings,
): Mapping {
  const { topic, batchSize = batchSizeDefault, maximumBatchingWindow, filterPatterns } = declaration;
  const seed = `${service.service}/${service.provider.stage ?? "dev"}/${functionKey}/${place}/${topic}`;
  return {
    name: functionKey,
    kind,
    ...(kind === "msk" ? { eventSourceArn: arnOf(declaration, service.provider.region) } : {}),
    bootstrapServers: brokers.join(","),
    topic,
    consumerGroupId: declaration.consumerGroupId ?? settings.groupIdOf(toUuid(seed)),
    batchSize,
    windowMs: maximumBatchingWindow === undefined ? windowDefaultMs : maximumBatchingWindow * 1000,
    startingPosition: toStartingPosition(declaration),
    ...(filterPatterns === undefined ? {} : { filter: compileFilter(filterPatterns) }),
    failure: toFailureRules(declaration),
    backoff: settings.backoff,
  };
}

function arnOf(declaration: Declaration, region = "us-east-1"): string {
  const arn = "arn" in declaration ? declaration.arn : undefined;
  // A Ref or an import has no value before the deployment.
  return typeof arn === "string" ? arn : `arn:aws:kafka:${region}:000000000000:cluster/local/00000000-0000-0000-0000-000000000000-1`;
}

function toStartingPosition({ startingPosition, startingPositionTimestamp }: Declaration): StartingPosition {
  if (startingPosition === "LATEST") return { kind: "LATEST" };
  if (startingPosition === "AT_TIMESTAMP")
    return { kind: "AT_TIMESTAMP", timestampMs: Math.trunc((startingPositionTimestamp ?? 0) * 1000) };
  return { kind: "TRIM_HORIZON" };
}

function toFailureRules(declaration: Declaration): FailureRules {
  const { maximumRetryAttempts = -1, maximumRecordAgeInSeconds = -1, onFailureDestination } = declaration;
  const destination = typeof onFailureDestination === "string" ? toDestination(onFailureDestination) : undefined;
  return {
    retriesMax: onFailureDestination !== undefined && maximumRetryAttempts < 0 ? retriesWithDestination : maximumRetryAttempts,
    recordAgeMaxMs: maximumRecordAgeInSeconds < 0 ? -1 : maximumRecordAgeInSeconds * 1000,
    isBisecting: declaration.bisectBatchOnFunctionError ?? false,
    takesPartialResponses: declaration.functionResponseTypes?.includes("ReportBatchItemFailures") ?? false,
    ...(destination === undefined ? {} : { destination }),
  };
}

function toDestination(text: string): OnFailureDestination {
  return text.startsWith("kafka://") ? { kind: "topic", topic: text.slice("kafka://".length) } : { kind: "arn", arn: text };
}

/** One setting maps clusters to brokers that this machine can reach; it can rarely reach the declared ones. */
function brokersOf(declaration: Declaration, kind: "msk" | "kafka", { brokers }: TriggerSettings): readonly string[] {
  const arn = "arn" in declaration ? declaration.arn : undefined;
  const own = kind === "kafka" && "bootstrapServers" in declaration ? declaration.bootstrapServers : undefined;
  return brokers.of(typeof arn === "string" ? arn : JSON.stringify(arn), own);
}

/** The same declaration gives the same id, so that a restart continues where it stopped. */
function toUuid(seed: string): string {
  const hex = createHash("sha256").update(seed).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), `5${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join("-");
}
