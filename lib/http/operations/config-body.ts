/** Settings as bodies of the v3 contract write them. */
import * as v from "valibot";
import { RelayError } from "../../errors.js";
import { type ConfigChange, type ConfigEntry, type ConfigResource, describeConfigs } from "../../kafka/configs.js";
import type { OperationContext } from "../operation.js";

/** Kafka's settings are text; a number or a boolean in a body is its text. */
export const configText = v.pipe(
  v.union([v.string(), v.number(), v.bigint(), v.boolean()]),
  v.transform((value) => String(value)),
);

const configChange = v.pipe(
  v.strictObject({
    name: v.string(),
    value: v.nullish(configText),
    operation: v.nullish(v.picklist(["SET", "DELETE", "APPEND", "SUBTRACT"], "is SET, DELETE, APPEND or SUBTRACT")),
  }),
  v.transform(({ name, value, operation }): ConfigChange => ({ name, operation: operation ?? "SET", value: value ?? null })),
);

const changesMax = 1_000;
export const configChanges = v.pipe(v.array(configChange), v.minLength(1), v.maxLength(changesMax));
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
  const known = new Set((await configsOf(context, resource, names)).map(({ name }) => name));
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined) throw noSuchConfig(unknown);
}

const noSuchConfig = (name: string): RelayError =>
  new RelayError("not-found", `There is no setting ${JSON.stringify(name.slice(0, 200))} here.`);
