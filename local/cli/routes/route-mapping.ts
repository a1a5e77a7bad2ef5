/** Checks that a route's function entry in serverless.yml keeps the relay's guarantees. Pure. */
import { mappingFaults as deployedFaults, type MappingEvent } from "../../build/deployment/mappings.js";
import { sameMappings } from "../../kafka-trigger/src/declaration/check.js";

/** The parts of a function in serverless.yml that concern a route. */
interface RouteFunction {
  readonly key: string;
  /** Without extension, such as "functions/routes/strong-quakes". */
  readonly file: string;
  readonly triggers: readonly (MappingEvent & { readonly topic: string })[];
}

/** The faults in how a route is deployed, one sentence each. `file` includes the extension. */
export function deploymentFaults(file: string, functions: readonly RouteFunction[]): readonly string[] {
  const own = functions.filter((one) => one.file === file.replace(/\.\w+$/, ""));
  const [entry] = own;
  if (entry === undefined) return ["It has no function in serverless.yml, so nothing triggers it. Add one whose handler is this file."];
  if (own.length > 1)
    return [
      `It has ${own.length} functions in serverless.yml (${own.map(({ key }) => key).join(", ")}). Keep one of them: each would deliver every record.`,
    ];
  if (entry.triggers.length === 0)
    return [`Its function ${entry.key} in serverless.yml has no msk or kafka event. Add one for its source topic.`];
  const sources = entry.triggers.map((trigger) => ({
    functionKey: entry.key,
    kind: "bootstrapServers" in trigger ? ("kafka" as const) : ("msk" as const),
    isResource: false,
    declaration: trigger,
  }));
  return [...entry.triggers.flatMap((trigger) => deployedFaults(entry.key, trigger)), ...sameMappings(sources).map((fault) => `${fault}.`)];
}
