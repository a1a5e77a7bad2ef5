/** Changes of settings: one by one, or on brokers before 2.3 as a whole set; and then visible to the next read. */
import { type Deadline, sooner } from "../../deadline.js";
import { RelayError } from "../../errors.js";
import { ask } from "../ask.js";
import type { AsksBrokers, Destination } from "../connection.js";
import { alterConfigsApi, incrementalAlterConfigsApi } from "../protocol/configs.js";
import { notAnswered, toChangeError } from "../protocol/kafka-error.js";
import { untilVisible } from "./change.js";
import {
  type ConfigEntry,
  type ConfigResource,
  type ConfigSource,
  codesOf,
  describeConfigs,
  groupByDestination,
  resourceKeyOf,
  toWire,
  wordsFor,
} from "./configs.js";

export interface ConfigChange {
  readonly name: string;
  readonly operation: "SET" | "DELETE" | "APPEND" | "SUBTRACT";
  readonly value: string | null;
}

interface ResourceChange {
  readonly resource: ConfigResource;
  readonly changes: readonly ConfigChange[];
}

const operationNumbers = { SET: 0, DELETE: 1, APPEND: 2, SUBTRACT: 3 } as const;
/** Brokers write some values in their own way (`1e3`, `TRUE`), and then it will never look as it was sent. */
const visibleWithinMs = 500;
/** One result per resource, in order: undefined if all its changes are made, or why none is. Settings that are not named stay as they are. */
export async function alterConfigs(
  kafka: AsksBrokers,
  changes: readonly ResourceChange[],
  deadline: Deadline,
  options: { readonly validateOnly?: boolean } = {},
): Promise<readonly (RelayError | undefined)[]> {
  const validateOnly = options.validateOnly ?? false;
  const byResource = new Map<string, RelayError | undefined>();
  const groups = groupByDestination(changes.map(({ resource }) => resource));
  const calls = groups.map(async ({ to, members }) => {
    const mine = changes.filter(({ resource }) => members.includes(resource));
    const answer = await sendChanges(kafka, mine, to, validateOnly, deadline);
    for (const one of answer.resources) {
      const change = mine.find(({ resource }) => resourceKeyOf(toWire(resource)) === resourceKeyOf(one));
      if (change === undefined) continue;
      byResource.set(
        resourceKeyOf(one),
        one.errorCode === 0 ? undefined : toChangeError(one.errorCode, wordsFor(change.resource), one.errorMessage),
      );
    }
  });
  await Promise.all(calls);
  const results = changes.map(({ resource }) => {
    const key = resourceKeyOf(toWire(resource));
    return byResource.has(key) ? byResource.get(key) : notAnswered(wordsFor(resource), "maybe");
  });
  if (!validateOnly) {
    const made = changes.filter((_, index) => results[index] === undefined);
    await untilVisible(sooner(deadline, visibleWithinMs), (patience) => areVisible(kafka, made, patience));
  }
  return results;
}

async function sendChanges(
  kafka: AsksBrokers,
  changes: readonly ResourceChange[],
  to: Destination,
  validateOnly: boolean,
  deadline: Deadline,
) {
  const isIncremental = (await kafka.connection.versionOf(incrementalAlterConfigsApi, to, deadline)) !== undefined;
  if (!isIncremental) return replaceWholeSets(kafka, changes, to, validateOnly, deadline);
  const resources = changes.map(({ resource, changes: named }) => ({
    ...toWire(resource),
    configs: named.map(({ name, operation, value }) => ({ name, operation: operationNumbers[operation], value })),
  }));
  return ask(kafka, incrementalAlterConfigsApi, { resources, validateOnly }, to, deadline, { codes: codesOf, isRepeatable: true });
}

/** Brokers before 2.3 replace the whole set: what is set now is read, merged and written back. Two writers at once may undo each other. */
async function replaceWholeSets(
  kafka: AsksBrokers,
  changes: readonly ResourceChange[],
  to: Destination,
  validateOnly: boolean,
  deadline: Deadline,
) {
  const current = await describeConfigs(
    kafka,
    changes.map(({ resource }) => resource),
    deadline,
    { synonyms: false },
  );
  const resources = changes.map(({ resource, changes: named }, index) => {
    const entries = current[index];
    if (entries === undefined || entries instanceof RelayError) throw entries ?? notAnswered(wordsFor(resource));
    return { ...toWire(resource), configs: mergeChanges(entries, named) };
  });
  return ask(kafka, alterConfigsApi, { resources, validateOnly }, to, deadline, { codes: codesOf, isRepeatable: true });
}

const ownSources: ReadonlySet<ConfigSource> = new Set(["DYNAMIC_TOPIC_CONFIG", "DYNAMIC_BROKER_CONFIG", "DYNAMIC_DEFAULT_BROKER_CONFIG"]);

/** The whole set that a resource has after its changes: what is set on itself, each change applied. */
export function mergeChanges(
  current: readonly ConfigEntry[],
  changes: readonly ConfigChange[],
): readonly { readonly name: string; readonly value: string | null }[] {
  const merged = new Map(current.filter(({ source }) => ownSources.has(source)).map(({ name, value }) => [name, value]));
  const now = (name: string): string[] => {
    const value = merged.get(name) ?? current.find((entry) => entry.name === name)?.value ?? "";
    return value === "" ? [] : value.split(",");
  };
  for (const { name, operation, value } of changes) {
    const parts = (value ?? "").split(",");
    if (operation === "DELETE") merged.delete(name);
    else if (operation === "SET") merged.set(name, value);
    else if (operation === "APPEND") merged.set(name, [...new Set([...now(name), ...parts])].join(","));
    else
      merged.set(
        name,
        now(name)
          .filter((part) => !parts.includes(part))
          .join(","),
      );
  }
  return [...merged].map(([name, value]) => ({ name, value }));
}

/** Looks only for values that were set or deleted: how the broker writes an appended list is not known. */
async function areVisible(kafka: AsksBrokers, changes: readonly ResourceChange[], deadline: Deadline): Promise<boolean> {
  if (changes.length === 0) return true;
  const byResource = await describeConfigs(
    kafka,
    changes.map(({ resource }) => resource),
    deadline,
    { synonyms: false },
  );
  return changes.every(({ resource, changes: named }, index) => {
    const entries = byResource[index];
    if (entries === undefined || entries instanceof RelayError) return true;
    return named.every((change) => isAsChanged(entries, change, resource.kind));
  });
}

const ownSource = {
  topic: "DYNAMIC_TOPIC_CONFIG",
  broker: "DYNAMIC_BROKER_CONFIG",
  cluster: "DYNAMIC_DEFAULT_BROKER_CONFIG",
} as const satisfies Record<ConfigResource["kind"], ConfigSource>;

function isAsChanged(entries: readonly ConfigEntry[], { name, operation, value }: ConfigChange, kind: ConfigResource["kind"]): boolean {
  const entry = entries.find((one) => one.name === name);
  const own = ownSource[kind];
  if (operation === "DELETE") return entry?.source !== own;
  if (operation !== "SET") return true;
  // A topic and a broker list every setting they know. The brokers' defaults list only those that were set.
  if (entry === undefined) return kind !== "cluster";
  if (entry.isSensitive) return true;
  const plain = (text: string | null) => (text ?? "").replaceAll(/\s/g, "");
  return entry.source === own && plain(entry.value) === plain(value);
}
