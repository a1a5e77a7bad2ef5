/** The routes that a server runs: each route's file, and its triggers as serverless.yml declares them. Everything that is wrong is reported together. */
import { type Config, parseConfig } from "../../../lib/config.js";
import { RelayError, toRelayError } from "../../../lib/errors.js";
import type { Route } from "../../../lib/relay/route.js";
import type { RouteSource } from "../../../lib/relay/status/route-provider.js";
import { type MappingEvent, mappingFaults } from "../../build/deployment/mappings.js";
import { type FoundRoute, findRoutes, routesFolder } from "../../cli/routes/route-files.js";
import { checkDeclarations } from "../../kafka-trigger/src/declaration/check.js";
import type { Mapping } from "../../kafka-trigger/src/mapping.js";
import { readMappings } from "../../kafka-trigger/src/plugin/mappings.js";
import type { ServerlessFunction } from "../../kafka-trigger/src/plugin/serverless.js";
import { backoffDefault } from "../../kafka-trigger/src/plugin/settings.js";
import { createRouteVariables } from "./route-variables.js";
import { readServiceFile } from "./service-file.js";

export interface LoadedRoute {
  readonly route: Route;
  readonly config: Config;
  /** How long one batch may take: the function's timeout. */
  readonly batchTimeMs: number;
  /** Those that run here. */
  readonly mappings: readonly Mapping[];
  readonly disabled: readonly RouteSource[];
}

interface RoutesToLoad {
  readonly folder: string;
  /** Variables of a function that are missing here are added. */
  readonly env: NodeJS.ProcessEnv;
  readonly stage: string | undefined;
  /** "all" that serverless.yml enables, or those with these names, enabled or not. */
  readonly names: "all" | readonly string[];
  readonly brokers: readonly string[];
  /** Variables that the host sets for every route. */
  readonly variables: NodeJS.ProcessEnv;
}

const timeoutDefaultSeconds = 6;

/** Throws one `bad-configuration` with every fault. */
export async function loadRouteModules(given: RoutesToLoad): Promise<readonly LoadedRoute[]> {
  const file = readServiceFile(given.folder, given.env, given.stage);
  if (file === undefined) throw fault([`There is no serverless.yml in ${given.folder}. It declares which topics the routes read.`]);
  const { serverless, functions, faults } = file.functionsIn(routesFolder);
  const found = await findRoutes(given.folder);
  const chosen = [...functions].filter(([, definition]) => given.names === "all" || given.names.includes(nameOf(definition)));
  const all = [...faults, ...unknownNames(given.names, [...functions.values()].map(nameOf))];
  const isNamed = given.names !== "all";
  const withChosen = {
    ...serverless,
    service: {
      ...serverless.service,
      getAllFunctions: () => chosen.map(([key]) => key),
      getFunction: (key: string) => (isNamed ? enabled(serverless.service.getFunction(key)) : serverless.service.getFunction(key)),
    },
  };
  const read = readMappings(withChosen, settingsOf(given.brokers), Date.now());
  const declared = checkDeclarations(withChosen, Date.now()).events;
  all.push(...read.faults);
  all.push(...declared.flatMap(({ functionKey, declaration }) => mappingFaults(functionKey, declaration as MappingEvent)));
  const variables = createRouteVariables(given.env);
  const loaded = chosen.flatMap(([key, definition]): LoadedRoute[] => {
    const own = found.find(({ file: path }) => path.replace(/\.\w+$/, "") === definition.handler?.replace(/\.[^./]+$/, ""));
    const problem = problemOf(own, definition);
    if (own?.handler === undefined || problem !== undefined) {
      all.push(problem ?? "");
      return [];
    }
    all.push(...variables.add(key, definition));
    const timeout = definition.timeout ?? serverless.service.provider.timeout ?? timeoutDefaultSeconds;
    const config = configOf({ ...given.env, ...given.variables }, all);
    if (config === undefined) return [];
    return [
      {
        route: own.handler.route,
        config,
        batchTimeMs: timeout * 1_000,
        mappings: read.mappings.filter(({ functionKey }) => functionKey === key).map(({ mapping }) => toRouteMapping(mapping)),
        disabled: declared
          .filter(({ functionKey, declaration }) => functionKey === key && declaration.enabled === false)
          .map(({ declaration }) => toDisabled(declaration)),
      },
    ];
  });
  if (all.length > 0) throw fault(all);
  return loaded;
}

const fault = (faults: readonly string[]): RelayError =>
  new RelayError("bad-configuration", `The routes cannot be started:\n  ${[...new Set(faults)].join("\n  ")}`);

const nameOf = ({ handler = "" }: ServerlessFunction): string => handler.replace(/^.*\//, "").replace(/\.[^./]+$/, "");

function unknownNames(names: "all" | readonly string[], known: readonly string[]): readonly string[] {
  if (names === "all") return [];
  return names
    .filter((name) => !known.includes(name))
    .map((name) => `serverless.yml has no function for the route ${JSON.stringify(name)}. Its routes are ${known.join(", ")}.`);
}

/** A route that is named on the command line runs, whatever serverless.yml says of its mappings. */
function enabled(definition: ServerlessFunction): ServerlessFunction {
  const events = (definition.events ?? []).map((event) =>
    Object.fromEntries(
      Object.entries(event).map(([kind, members]) => [
        kind,
        kind === "msk" || kind === "kafka" ? { ...(members as object), enabled: true } : members,
      ]),
    ),
  );
  return { ...definition, events };
}

function problemOf(found: FoundRoute | undefined, { handler }: ServerlessFunction): string | undefined {
  if (found === undefined) return `${handler}: there is no such file.`;
  return found.fault === undefined ? undefined : `${found.file}: ${found.fault.message}`;
}

function configOf(env: NodeJS.ProcessEnv, faults: string[]): Config | undefined {
  try {
    return parseConfig(env);
  } catch (thrown) {
    faults.push(toRelayError(thrown).message);
    return undefined;
  }
}

function settingsOf(brokers: readonly string[]): Parameters<typeof readMappings>[1] {
  return {
    brokers: { of: () => brokers },
    groupIdOf: (stableId) => stableId,
    backoff: backoffDefault,
    drainMs: 0,
    statusPort: undefined,
    lines: "quiet",
    isReloading: false,
    secrets: {},
    registryVariables: {},
    tls: undefined,
  };
}

/** A placeholder stands where the framework needs an ARN. */
const isArnOfCluster = (arn: string | undefined): boolean => arn !== undefined && /^arn:[^:]+:kafka:/.test(arn);

/**
 * As `kafka-relay run` reads a route: one partition per batch, and the next batch only after the commit of the one before, so that a kill repeats one batch per
 * partition. Nothing is given up, because a route settles every record itself.
 */
function toRouteMapping(mapping: Mapping): Mapping {
  // A route decodes its records itself, and settles those that it cannot.
  const { eventSourceArn, schemas: _, ...rest } = mapping;
  return {
    ...rest,
    ...(isArnOfCluster(eventSourceArn) && eventSourceArn !== undefined ? { eventSourceArn } : { kind: "kafka" }),
    isOnePartitionABatch: true,
    isCommittedFirst: true,
    takesAnySize: true,
    failure: { retriesMax: -1, recordAgeMaxMs: -1, isBisecting: false, takesPartialResponses: true },
  };
}

function toDisabled(declaration: {
  readonly topic: string;
  readonly consumerGroupId?: string | undefined;
  readonly batchSize?: number | undefined;
  readonly maximumBatchingWindow?: number | undefined;
  readonly startingPosition?: string | undefined;
}): RouteSource {
  const { topic, consumerGroupId, batchSize, maximumBatchingWindow, startingPosition } = declaration;
  return {
    topic,
    group: consumerGroupId ?? null,
    isEnabled: false,
    batchSize: batchSize ?? null,
    windowMs: maximumBatchingWindow === undefined ? null : maximumBatchingWindow * 1_000,
    startingPosition: startingPosition ?? null,
    state: null,
    partitions: null,
  };
}
