/** An event as it stands in serverless.yml -> a declaration, or everything that is wrong with it. */
import * as v from "valibot";
import { compileFilter, filtersDefaultQuota, metadataFields, patternCharactersMax } from "../filter.js";
import { type Declaration, kafkaMembers, mskMembers, neededWords } from "./members.js";

type Parsed =
  | { readonly ok: true; readonly declaration: Declaration; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly faults: readonly string[] };

const timeoutMaxSeconds = 14 * 60;

interface DeclaredPlace {
  readonly functionKey: string;
  readonly kind: "msk" | "kafka";
  readonly timeoutSeconds: number;
  readonly nowMs: number;
}

/** Checks every member, and the combination of them. A fault is "<function>: <kind>.<member> ..."; so is a warning, which says what AWS would do. */
export function parseDeclaration(given: unknown, { functionKey, kind, timeoutSeconds, nowMs }: DeclaredPlace): Parsed {
  const place = `function ${functionKey}: ${kind}`;
  const schema = kind === "msk" ? mskMembers : kafkaMembers;
  const result = v.safeParse(schema, given);
  if (!result.success)
    return { ok: false, faults: result.issues.map((issue) => toFault(issue, place, Object.keys(schema.entries), given)) };
  const declaration: Declaration = result.output;
  const faults = [...togetherFaults(declaration, place, nowMs), ...filterFaults(declaration, place)];
  if (faults.length > 0) return { ok: false, faults };
  return { ok: true, declaration, warnings: warningsOf(declaration, place, timeoutSeconds) };
}

function toFault(issue: v.BaseIssue<unknown>, place: string, known: readonly string[], given: unknown): string {
  const path = v.getDotPath(issue) ?? "";
  const name = path === "" ? place : `${place}.${path}`;
  if (issue.type === "strict_object" && issue.expected === "never") {
    const wrong = path.split(".").at(-1) ?? path;
    const meant = path.includes(".") ? undefined : nearest(wrong, known);
    const others = path.includes(".") ? "" : `; the settings are ${known.join(", ")}`;
    return `${name} does not exist${meant === undefined ? others : `; did you mean ${meant}?`}`;
  }
  if (issue.input === undefined)
    return given === undefined || path === "" ? `${name} has no settings` : `${name} is missing: ${neededWords[path] ?? issue.message}`;
  return `${name} is ${JSON.stringify(issue.input)}; it must be ${path === "" ? "a map of settings" : issue.message}`;
}

function togetherFaults(declaration: Declaration, place: string, nowMs: number): readonly string[] {
  const { startingPosition, startingPositionTimestamp, onFailureDestination, topic, provisionedPollerConfig: pollers } = declaration;
  const faults: string[] = [];
  if (startingPosition === "AT_TIMESTAMP" && startingPositionTimestamp === undefined) {
    faults.push(`${place}.startingPositionTimestamp is missing: AT_TIMESTAMP needs it, in seconds since 1970`);
  }
  if (startingPositionTimestamp !== undefined && startingPositionTimestamp * 1000 > nowMs) {
    faults.push(
      `${place}.startingPositionTimestamp is ${startingPositionTimestamp}, which is in the future; it must be in seconds since 1970, not milliseconds`,
    );
  }
  if (onFailureDestination === `kafka://${topic}`)
    faults.push(`${place}.onFailureDestination is the topic that the mapping reads: each failure would cause the next one`);
  if ((pollers?.minimumPollers ?? 1) > (pollers?.maximumPollers ?? 200)) {
    faults.push(`${place}.provisionedPollerConfig.minimumPollers is above maximumPollers`);
  }
  faults.push(...registryFaults(declaration, place));
  if (declaration.consumptionMode === "Queue") {
    faults.push(`${place}.consumptionMode Queue (share groups, without order) is not supported here; use Stream`);
  }
  return faults;
}

function registryFaults(declaration: Declaration, place: string): readonly string[] {
  const { schemaRegistryConfig: registry } = declaration;
  if (registry === undefined) return [];
  const isGlue = typeof registry.schemaRegistryURI === "string" && registry.schemaRegistryURI.startsWith("arn:");
  return [
    ...(isProvisioned(declaration)
      ? []
      : [`${place}.schemaRegistryConfig needs provisionedPollerConfig: AWS has schema registries in provisioned mode only`]),
    ...(isGlue && registry.accessConfigs !== undefined
      ? [`${place}.schemaRegistryConfig.accessConfigs must be omitted for AWS Glue: the function's role is used`]
      : []),
  ];
}

function isProvisioned({ provisionedPollerConfig, provisionedPollers }: Declaration): boolean {
  return provisionedPollerConfig !== undefined || (provisionedPollers !== undefined && provisionedPollers !== false);
}

function filterFaults({ filterPatterns }: Declaration, place: string): readonly string[] {
  return (filterPatterns ?? []).flatMap((pattern, index) => {
    const name = `${place}.filterPatterns[${index}]`;
    if (typeof pattern !== "object" || pattern === null) return [`${name} is ${JSON.stringify(pattern)}; it must be a map of fields`];
    const characters = JSON.stringify(pattern).length;
    if (characters > patternCharactersMax) return [`${name} has ${characters} characters; AWS takes ${patternCharactersMax}`];
    try {
      compileFilter([pattern], `${place}.filterPatterns`);
      return [];
    } catch (thrown) {
      return [(thrown as Error).message.replace("filterPatterns[0]", `filterPatterns[${index}]`)];
    }
  });
}

/** What AWS would do otherwise, or not at all. */
function warningsOf(declaration: Declaration, place: string, timeoutSeconds: number): readonly string[] {
  const { filterPatterns = [], onFailureDestination, maximumRetryAttempts } = declaration;
  const hasPollers = isProvisioned(declaration);
  const provisionedOnly = (
    ["maximumRetryAttempts", "maximumRecordAgeInSeconds", "bisectBatchOnFunctionError", "functionResponseTypes", "loggingConfig"] as const
  ).filter((name) => declaration[name] !== undefined && declaration[name] !== -1 && declaration[name] !== false);
  const warnings: string[] = [];
  if (!hasPollers && provisionedOnly.length > 0) {
    warnings.push(`${place}.${provisionedOnly.join(", ")}: AWS documents this for provisioned mode only; add provisionedPollerConfig`);
  }
  if (!hasPollers && typeof onFailureDestination === "string" && onFailureDestination.startsWith("kafka://")) {
    warnings.push(`${place}.onFailureDestination: AWS accepts a Kafka topic in provisioned mode only; add provisionedPollerConfig`);
  }
  if (onFailureDestination !== undefined && (maximumRetryAttempts === undefined || maximumRetryAttempts === -1)) {
    warnings.push(`${place}.onFailureDestination: with a destination, AWS stops after 10 retries`);
  }
  if (onFailureDestination !== undefined && typeof onFailureDestination !== "string") {
    warnings.push(
      `${place}.onFailureDestination is known only after the deployment: here, records that are given up are dropped with a warning`,
    );
  }
  if (declaration.schemaRegistryConfig !== undefined && onFailureDestination === undefined) {
    warnings.push(
      `${place}.schemaRegistryConfig: records whose schema is missing, or that do not fit it, are dropped; add onFailureDestination to keep them`,
    );
  }
  if (filterPatterns.length > filtersDefaultQuota) {
    warnings.push(
      `${place}.filterPatterns has ${filterPatterns.length} patterns; AWS accepts ${filtersDefaultQuota} unless the quota is raised`,
    );
  }
  for (const name of new Set(filterPatterns.flatMap((pattern) => Object.keys(pattern as object)))) {
    if (name === "key")
      warnings.push(`${place}.filterPatterns: AWS filters on the value and metadata; a pattern for key works here but may not work on AWS`);
    else if (name !== "value" && name !== "$or" && !metadataFields.some((field) => field === name)) {
      warnings.push(`${place}.filterPatterns: a record has no ${name}; it has value, ${metadataFields.join(", ")}`);
    }
  }
  if (declaration.startingPosition === "LATEST") {
    warnings.push(`${place}.startingPosition LATEST: on AWS, records that arrive while the mapping is created or changed may be missed`);
  }
  if (timeoutSeconds > timeoutMaxSeconds) {
    warnings.push(
      `function ${functionKeyOf(place)}: its timeout is ${timeoutSeconds} s; AWS allows at most ${timeoutMaxSeconds} s with a Kafka trigger`,
    );
  }
  return warnings;
}

const functionKeyOf = (place: string): string => place.replace(/^function /, "").replace(/: \w+$/, "");

/** The known name that differs least, if the difference is small. */
export function nearest(wrong: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map((name) => ({ name, edits: editsBetween(wrong.toLowerCase(), name.toLowerCase()) }))
    .sort((one, other) => one.edits - other.edits);
  return best !== undefined && best.edits <= Math.max(2, best.name.length / 3) ? best.name : undefined;
}

function editsBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let at = 1; at <= one.length; at++) {
    const next = [at];
    for (let to = 1; to <= other.length; to++) {
      const replaced = (row[to - 1] as number) + (one[at - 1] === other[to - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[to] as number) + 1, (next[to - 1] as number) + 1));
    }
    row = next;
  }
  return row[other.length] as number;
}
