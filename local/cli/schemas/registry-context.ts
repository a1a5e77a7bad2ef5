/** The schema registry of a command: the one of the variables, or of `--registry`. */
import { parseConfig } from "../../../lib/config.js";
import { RelayError } from "../../../lib/errors.js";
import { openRegistry } from "../../../lib/schemas/registry/open.js";
import type { SchemaRegistry } from "../../../lib/schemas/registry/registry.js";
import type { CliContext } from "../cli.js";

export interface RegistryOption {
  readonly registry?: string;
}

export const registryFlag = "--registry <url>";
export const registryHelp = "address of the schema registry (default: SCHEMA_REGISTRY_URL)";

/** Runs `use` with the registry, and closes it. Throws `bad-configuration` where none is named. */
export async function withRegistry<T>(
  { world }: CliContext,
  { registry: url }: RegistryOption,
  use: (registry: SchemaRegistry) => Promise<T>,
): Promise<T> {
  const registry = openRegistry(parseConfig({ ...world.env, ...(url === undefined ? {} : { SCHEMA_REGISTRY_URL: url }) }));
  if (registry === undefined) {
    throw new RelayError(
      "bad-configuration",
      "No schema registry is named. Set SCHEMA_REGISTRY_URL, or give --registry. `npm start -- --registry` starts one on this machine.",
    );
  }
  try {
    return await use(registry);
  } finally {
    registry.close();
  }
}
