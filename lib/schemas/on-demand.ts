/** The way to schemas for who may never need them: the code is loaded, and the registry opened, with the first value that has one. */
import type { Config } from "../config.js";
import type { Deserializer } from "./deserializer.js";
import type { EncoderOf } from "./encoder.js";
import type { Schemas } from "./schemas.js";
import type { Serializer } from "./serializer.js";

const opened = new WeakMap<Config, Promise<Schemas>>();

/** Is a schema registry with Confluent's API configured? */
export function hasRegistry(config: Config): boolean {
  return config.SCHEMA_REGISTRY_URL !== undefined;
}

/** Is any registry configured whose schemas records may name? */
export function canDecode(config: Config): boolean {
  return hasRegistry(config) || config.GLUE_REGISTRY !== undefined;
}

/** The schemas of this configuration, which must name a registry. Bundles keep what is imported here in a file of its own. */
function schemasOf(config: Config): Promise<Schemas> {
  const known = opened.get(config);
  if (known !== undefined) return known;
  const opening = import("./schemas.js").then(({ openSchemas }) => openSchemas(config));
  opened.set(config, opening);
  opening.catch(() => opened.delete(config));
  return opening;
}

export async function serializerOf(config: Config): Promise<Serializer> {
  return (await schemasOf(config)).serializer;
}

export async function deserializerOf(config: Config): Promise<Deserializer> {
  return (await schemasOf(config)).deserializer;
}

export async function encoderOf(config: Config): Promise<EncoderOf> {
  return (await schemasOf(config)).encoderOf;
}

/** Ends the connections to registries of this configuration, if any were opened. */
export async function closeSchemas(config: Config): Promise<void> {
  const opening = opened.get(config);
  opened.delete(config);
  (await opening?.catch(() => undefined))?.close();
}
