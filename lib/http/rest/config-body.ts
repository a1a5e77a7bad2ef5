/** Settings as bodies of the v3 contract write them. */
import * as v from "valibot";
import { RelayError } from "../../errors.js";
import { type ConfigChange, type ConfigEntry, type ConfigResource, describeConfigs } from "../../kafka/admin/configs.js";
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
      v.pipe(v.string(), v.toUpperCase(), v.picklist(["SET", "DELETE", "APPEND", "SUBTRACT"], "is SET, DELETE, APPEND or SUBTRACT")),
    ),
  }),
  v.transform(({ name, value, operation }): ConfigChange => ({ name, operation: operation ?? "SET", value: value ?? null })),
);

const changesMax = 1_000;
/** Nothing to change is nothing to refuse. */
export const configChanges = v.pipe(v.array(configChange), v.maxLength(changesMax));
export const alterConfigsBody = v.strictObject({ data: configChanges, validate_only: v.nullish(v.boolean()) });
export const setConfigBody = v.strictObject({ value: v.nullish(configText) });

/** One setting of a resource; throws `not-found` where it has none of that name. */
export async function findConfig(context: OperationContext, resource: ConfigResource, name: string): Promise<ConfigEntry> {
  const [entry] = await configsOf(context, resource, [name]);
  if (entry === undefined) throw noSuchConfig(name);
  return entry;
}

/** The settings of a resource, all or those named; throws why they are not told. */
export async function configsOf(
  context: OperationContext,
  resource: ConfigResource,
  names?: readonly string[],
): Promise<readonly ConfigEntry[]> {
  const [entries] = await describeConfigs(context.kafka, [resource], context.deadline, names === undefined ? {} : { names });
  if (entries === undefined || entries instanceof RelayError) throw entries;
  return entries;
}

/** Throws `not-found` where a change names a setting that the resource does not have: brokers would take it, and keep it for nobody. */
export async function assertConfigsExist(context: OperationContext, resource: ConfigResource, names: readonly string[]): Promise<void> {
  const open = resource.kind === "topic" ? names : names.filter((name) => !isUnlisted(name));
  if (open.length === 0) return;
  const lists = await Promise.all((await holdersOf(context, resource)).map((holder) => configsOf(context, holder, open)));
  const known = new Set(lists.flat().map(({ name }) => name));
  const unknown = open.find((name) => !known.has(name));
  if (unknown !== undefined) throw noSuchConfig(unknown);
}

/** Of the brokers' defaults those alone are listed that have been made; what could be, any broker lists as its own. */
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
/** Brokers take these, and do not list them before they are set: what slows a reassignment down, and what is for one listener. */
const isUnlisted = (name: string): boolean => throttles.has(name) || name.startsWith("listener.name.");

const noSuchConfig = (name: string): RelayError =>
  new RelayError("not-found", `There is no setting ${JSON.stringify(name.slice(0, 200))} here.`);
