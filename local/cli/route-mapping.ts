/** Holds a route's function entry in serverless.yml to what the relay promises. Pure. */
import { mappingFaults as deployedFaults, type MappingEvent } from "../build/deployment/mappings.js";
import { sameMappings } from "../kafka-trigger/src/declaration/check.js";

/** A function of serverless.yml as far as it is about a route. */
export interface RouteFunction {
  readonly key: string;
  /** Without extension: "functions/routes/strong-quakes". */
  readonly file: string;
  readonly triggers: readonly (MappingEvent & { readonly topic: string })[];
}

/** What is wrong with how a route is deployed, one sentence each. `file` with its extension. */
export function mappingFaults(file: string, functions: readonly RouteFunction[]): readonly string[] {
  const own = functions.filter((one) => one.file === file.replace(/\.\w+$/, ""));
  const [entry] = own;
  if (entry === undefined) return ["It has no function in serverless.yml, so nothing triggers it."];
  if (own.length > 1)
    return [`It has ${own.length} functions in serverless.yml (${own.map(({ key }) => key).join(", ")}): each would deliver every record.`];
  if (entry.triggers.length === 0) return [`Its function ${entry.key} in serverless.yml has neither an msk nor a kafka event.`];
  const sources = entry.triggers.map((trigger) => ({
    functionKey: entry.key,
    kind: "bootstrapServers" in trigger ? ("kafka" as const) : ("msk" as const),
    isResource: false,
    declaration: trigger,
  }));
  return [...entry.triggers.flatMap((trigger) => deployedFaults(entry.key, trigger)), ...sameMappings(sources).map((fault) => `${fault}.`)];
}
