/** The functions that `custom.kafkaRelay` adds to a service: the API's, the console's page, the routes' and the sources'. Pure. */
import { routesFolder } from "../cli/routes/route-files.js";
import { sourcesFolder } from "../cli/sources/source-files.js";
import { type ApiFunction, apiFunctions, canaryFunction, consoleFunction, routeKeysOf } from "./api-functions.js";
import { type PluginSettings, sourceEventNames } from "./settings.js";

type Declaration = Readonly<Record<string, unknown>>;

export interface AddedFunction {
  readonly key: string;
  /** As the framework's `functions` has it. */
  readonly declaration: Declaration;
  /** The file in functions/ of a function that is kafka-relay's own; absent for a route or a source, which is a file of the project. */
  readonly apiFile?: string;
}

export interface ServiceFacts {
  readonly service: string;
  readonly stage: string;
  /** What the triggers name as their cluster. */
  readonly clusterArn: string;
  /** The beginning of the routes' consumer groups. */
  readonly groupPrefix: string;
  /** The issuer of the API's tokens, where the console signs people in. */
  readonly jwtIssuer: string;
  /** From the service's folder, without an extension: where the API's functions are. */
  readonly apiFolder: string;
}

export function addedFunctions(
  { api, console: page, canary, routes, sources }: PluginSettings,
  facts: ServiceFacts,
): readonly AddedFunction[] {
  const all = Object.keys(apiFunctions) as readonly (keyof typeof apiFunctions)[];
  const parts = api === true ? all : all.filter((key) => Array.isArray(api) && api.includes(key));
  return [
    ...parts.map((key) => apiFunction(key, apiFunctions[key], facts)),
    ...(page === false ? [] : [pageFunction(page, facts)]),
    // A variable that is not resolved yet may still say that it is off.
    ...(canary === true || canary === "on" || canary === "true" ? [toCanary(facts)] : []),
    ...Object.entries(routes).map(([name, trigger]) => routeFunction(name, trigger, facts)),
    ...Object.entries(sources).map(([name, origin]) => sourceFunction(name, origin)),
  ];
}

function apiFunction(key: string, part: ApiFunction, { service, stage, apiFolder }: ServiceFacts): AddedFunction {
  const { file, invokesRoutes = false, ...declaration } = part;
  return {
    key,
    apiFile: file,
    declaration: {
      handler: `${apiFolder}/${file}.handler`,
      ...declaration,
      ...(invokesRoutes ? { environment: { RELAY_FUNCTION_PREFIX: `${service}-${stage}-` } } : {}),
      events: routeKeysOf(part).map((call) => ({ httpApi: call === "$default" ? "*" : call })),
    },
  };
}

function pageFunction(given: Exclude<PluginSettings["console"], false>, facts: ServiceFacts): AddedFunction {
  const { enabled = true, clientId = "", connect = "" } = given === true ? {} : given;
  const added = apiFunction("console", consoleFunction, facts);
  const environment = {
    RELAY_CONSOLE: isOff(enabled) ? "off" : "on",
    RELAY_CONSOLE_ISSUER: facts.jwtIssuer,
    RELAY_CONSOLE_CLIENT_ID: clientId,
    RELAY_CONSOLE_CONNECT: connect,
  };
  return { ...added, declaration: { ...added.declaration, environment } };
}

/** Its topic names the service and the stage, because several may share a cluster. */
function toCanary(facts: ServiceFacts): AddedFunction {
  const added = apiFunction("canary", canaryFunction, facts);
  const environment = { RELAY_CANARY_TOPIC: `${facts.service}-${facts.stage}-canary` };
  return { ...added, declaration: { ...added.declaration, environment, events: [{ schedule: "rate(1 minute)" }] } };
}

/** Members that belong to the function; the others are the trigger's. */
const functionMembers = ["description", "timeout", "memorySize", "environment", "reservedConcurrency", "destinations", "onError"] as const;

function split(given: Declaration): { readonly own: Declaration; readonly event: Declaration } {
  const isOwn = (name: string): boolean => (functionMembers as readonly string[]).includes(name);
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  return {
    own: Object.fromEntries(entries.filter(([name]) => isOwn(name))),
    event: Object.fromEntries(entries.filter(([name]) => !isOwn(name))),
  };
}

/** What a trigger does not say has the value that keeps every record: the whole topic, and no limit after which a record would be dropped. */
function routeFunction(name: string, trigger: Declaration, { clusterArn, groupPrefix }: ServiceFacts): AddedFunction {
  const { own, event } = split(trigger);
  const msk = {
    arn: clusterArn,
    batchSize: 500,
    maximumBatchingWindow: 1,
    startingPosition: "TRIM_HORIZON",
    consumerGroupId: `${groupPrefix}${name}`,
    ...event,
    ...(event.enabled === undefined ? {} : { enabled: toSwitch(event.enabled) }),
  };
  return {
    key: toKey(name),
    declaration: {
      handler: `${routesFolder}/${name}.handler`,
      description: `Relays records of ${String(event.topic)}: the route ${name}.`,
      timeout: 60,
      ...own,
      events: [{ msk }],
    },
  };
}

/** A source that is off (RELAY_SOURCE) is not called. A webhook's call needs no authorizer, because it proves itself by a signature. */
function sourceFunction(name: string, given: Declaration): AddedFunction {
  const { own, event } = split(given);
  const { enabled } = event;
  const { environment, ...others } = own;
  const events = sourceEventNames.flatMap((kind) => {
    if (event[kind] === undefined) return [];
    if (kind === "webhook") return methodsOf(event.webhook).map((method) => ({ httpApi: `${method} /sources/${name}` }));
    return [event[kind]].flat().map((one) => ({ [kind]: enabled === undefined ? one : switched(kind, one, toSwitch(enabled)) }));
  });
  const isSwitched = enabled === undefined ? {} : { RELAY_SOURCE: isOff(enabled) ? "off" : "on" };
  return {
    key: toKey(name),
    declaration: {
      handler: `${sourcesFolder}/${name}.handler`,
      description: `Brings records to Kafka: the source ${name}.`,
      ...others,
      ...(environment === undefined && enabled === undefined
        ? {}
        : { environment: { ...isSwitched, ...(environment as Declaration | undefined) } }),
      events,
    },
  };
}

const methodsOf = (webhook: unknown): readonly string[] => (Array.isArray(webhook) ? webhook : ["POST"]);

/** The framework's short form is a rate, or an ARN. */
function switched(kind: string, event: unknown, enabled: unknown): unknown {
  if (typeof event !== "string") return { ...(event as Declaration), enabled };
  return kind === "schedule" ? { rate: event, enabled } : { arn: event, enabled };
}

const isOff = (enabled: unknown): boolean => enabled === false || enabled === "off" || enabled === "false";
/** A variable that is not resolved yet stays as it is. */
const toSwitch = (enabled: unknown): unknown => (String(enabled).includes("${") ? enabled : !isOff(enabled));

/** "big-orders" is bigOrders. */
const toKey = (name: string): string => name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
