/** Settings in v3 request bodies, and checks that the settings they name exist. */
import * as v from "valibot";
import { RelayError } from "../../errors.js";
import type { ConfigChange } from "../../kafka/admin/config-changes.js";
import { type ConfigEntry, type ConfigResource, describeConfigs } from "../../kafka/admin/configs.js";
import type { OperationContext } from "../operation.js";
import { shortText } from "./v3-resources.js";

/** Kafka's settings are text; a number or a boolean in a body is its text. */
export const configText = v.pipe(
  v.union([v.string(), v.number(), v.bigint(), v.boolean()]),
  v.transform((value) => String(value)),
  shortText,
);

const configChange = v.pipe(
  v.strictObject({
    name: shortText,
    value: v.nullish(configText),
    operation: v.nullish(
      v.pipe(v.string(), v.toUpperCase(), v.picklist(["SET", "DELETE", "APPEND", "SUBTRACT"], "must be SET, DELETE, APPEND or SUBTRACT")),
    ),
  }),
  v.transform(({ name, value, operation }): ConfigChange => ({ name, operation: operation ?? "SET", value: value ?? null })),
);

const changesMax = 1_000;
/** An empty list is accepted, and changes nothing. */
export const configChanges = v.pipe(v.array(configChange), v.maxLength(changesMax));
export const alterConfigsBody = v.strictObject({ data: configChanges, validate_only: v.nullish(v.boolean()) });
export const setConfigBody = v.strictObject({ value: v.nullish(configText) });

/** One setting of a resource; throws `not-found` if the resource has no setting of that name. */
export async function findConfig(context: OperationContext, resource: ConfigResource, name: string): Promise<ConfigEntry> {
  const [entry] = await configsOf(context, resource, [name]);
  if (entry === undefined) throw noSuchConfig(name);
  return entry;
}

/** All settings of a resource, or those named; throws the reason if the broker does not return them. */
export async function configsOf(
  context: OperationContext,
  resource: ConfigResource,
  names?: readonly string[],
): Promise<readonly ConfigEntry[]> {
  const [entries] = await describeConfigs(context.kafka, [resource], context.deadline, names === undefined ? {} : { names });
  if (entries === undefined || entries instanceof RelayError) throw entries;
  return entries;
}

/** Throws `not-found` if a change names a setting that the resource does not have. Brokers would accept such a change and store it without any effect. */
export async function assertConfigsExist(context: OperationContext, resource: ConfigResource, names: readonly string[]): Promise<void> {
  const open = resource.kind === "topic" ? names : names.filter((name) => !isUnlisted(name));
  if (open.length === 0) return;
  const lists = await Promise.all((await holdersOf(context, resource)).map((holder) => configsOf(context, holder, open)));
  const known = new Set(lists.flat().map(({ name }) => name));
  const unknown = open.find((name) => !known.has(name));
  if (unknown !== undefined) throw noSuchConfig(unknown);
}

/** The cluster lists only the defaults that have been set. Any broker lists all that could be set. */
async function holdersOf(context: OperationContext, resource: ConfigResource): Promise<readonly ConfigResource[]> {
  if (resource.kind !== "cluster") return [resource];
  const { brokers } = await context.kafka.metadata.describe([], context.deadline);
  return [resource, ...brokers.slice(0, 1).map(({ nodeId: id }) => ({ kind: "broker", id }) as const)];
}

const throttles: ReadonlySet<string> = new Set([
  "leader.replication.throttled.rate",
  "follower.replication.throttled.rate",
  "replica.alter.log.dirs.io.max.bytes.per.second",
]);
/** Brokers accept these settings but list them only once they are set: limits on reassignments, and settings of one listener. */
const isUnlisted = (name: string): boolean => throttles.has(name) || name.startsWith("listener.name.");

const noSuchConfig = (name: string): RelayError =>
  new RelayError("not-found", `Setting ${JSON.stringify(name.slice(0, 200))} does not exist.`);
