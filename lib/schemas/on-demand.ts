/** The way to schemas for who may never need them: the code is loaded, and the registry opened, with the first value that has one. */
import type { Config } from "../config.js";
import type { Serializer } from "./serializer.js";

const opened = new WeakMap<Config, Promise<Serializer>>();

/** Is a schema registry configured? */
export function hasRegistry(config: Config): boolean {
  return config.SCHEMA_REGISTRY_URL !== undefined;
}

/** The serializer of this configuration, which must name a registry. Bundles keep what is imported here in a file of its own. */
export function serializerOf(config: Config): Promise<Serializer> {
  const known = opened.get(config);
  if (known !== undefined) return known;
  const opening = import("./serializer.js").then(({ openSerializer }) => openSerializer(config));
  opened.set(config, opening);
  opening.catch(() => opened.delete(config));
  return opening;
}
