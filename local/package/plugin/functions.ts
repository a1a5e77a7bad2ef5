/** The functions that the plugin adds to a service: the API's from the package, and the routes' from the project's files. Pure. */
import { routesFolder } from "../../cli/routes/route-files.js";
import type { ApiFunction, ServiceOutline } from "./api-functions.js";
import type { PluginSettings } from "./settings.js";

export interface AddedFunction {
  readonly key: string;
  /** As the framework's `functions` has it. */
  readonly declaration: Readonly<Record<string, unknown>>;
  /** The API's file in the package; absent for a route, which is a file of the project. */
  readonly apiFile?: string;
}

export interface ServiceFacts {
  readonly service: string;
  readonly stage: string;
  /** The folder of the package, relative to the service's, with forward slashes. */
  readonly packageFolder: string;
  /** Names of the files in functions/routes, without extension. */
  readonly routeFiles: readonly string[];
  /** The keys that the project's own serverless.yml has. */
  readonly ownKeys: readonly string[];
}

/** Throws an Error with one line per fault. */
export function addedFunctions(
  { api, clusterArn, routes }: PluginSettings,
  outline: ServiceOutline,
  facts: ServiceFacts,
): readonly AddedFunction[] {
  const parts = api === true ? Object.keys(outline.api) : api === false ? [] : api;
  const added = [
    ...parts.map((key) => apiFunction(key, outline.api[key] as ApiFunction, facts)),
    ...Object.entries(routes).map(([name, trigger]) =>
      routeFunction(name, clusterArn === undefined ? trigger : { arn: clusterArn, ...trigger }, facts),
    ),
  ];
  const faults = [...routeFaults(Object.keys(routes), facts), ...keyFaults(added, facts)];
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return added;
}

function apiFunction(key: string, { file, declaration }: ApiFunction, { service, stage, packageFolder }: ServiceFacts): AddedFunction {
  const environment = Object.entries((declaration.environment ?? {}) as Readonly<Record<string, string>>).map(
    ([name, value]) => [name, value.replace(/\$\{self:service\}/, service).replace(/\$\{sls:stage\}/, stage)] as const,
  );
  return {
    key,
    apiFile: file,
    declaration: {
      ...declaration,
      handler: `${packageFolder}/dist/cjs/functions/${file}.handler`,
      ...(environment.length === 0 ? {} : { environment: Object.fromEntries(environment) }),
    },
  };
}

/** What a trigger does not say has the value that keeps every record: the whole topic, and no limit after which a record would be dropped. */
function routeFunction(name: string, trigger: Readonly<Record<string, unknown>>, { service, stage }: ServiceFacts): AddedFunction {
  const { timeout = 60, memorySize, environment, ...event } = trigger;
  const msk = {
    batchSize: 500,
    maximumBatchingWindow: 1,
    startingPosition: "TRIM_HORIZON",
    consumerGroupId: `${service}-${stage}-${name}`,
    ...event,
  };
  return {
    key: toKey(name),
    declaration: {
      handler: `${routesFolder}/${name}.handler`,
      description: `Relays records of ${String(event.topic)}: the route ${name}.`,
      timeout,
      ...(memorySize === undefined ? {} : { memorySize }),
      ...(environment === undefined ? {} : { environment }),
      events: [{ msk }],
    },
  };
}

/** "big-orders" is bigOrders. */
const toKey = (name: string): string => name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

function routeFaults(names: readonly string[], { routeFiles }: ServiceFacts): readonly string[] {
  const missing = names
    .filter((name) => !routeFiles.includes(name))
    .map((name) => `custom.kafkaRelay.routes.${name}: the file ${routesFolder}/${name}.ts does not exist.`);
  const untriggered = routeFiles
    .filter((name) => !names.includes(name))
    .map(
      (name) =>
        `${routesFolder}/${name}: the route has no trigger. Add it to serverless.yml: custom.kafkaRelay.routes.${name}: { topic: <name> }`,
    );
  return [...missing, ...untriggered];
}

function keyFaults(added: readonly AddedFunction[], { ownKeys }: ServiceFacts): readonly string[] {
  return added
    .filter(({ key }) => ownKeys.includes(key))
    .map(({ key }) => `functions.${key}: kafka-relay adds a function of this name. Rename yours.`);
}
