/**
 * The routes as another function can know them: each route's function is asked what it is, and the trigger of this machine, where there is one, what it does. On AWS
 * the mappings are not asked, so the state is unknown there.
 */
import { RelayError, toRelayError } from "../../errors.js";
import { placeOfFunctions } from "../invocation.js";
import type { RouteDescription } from "./route-description.js";
import type { RouteActivity } from "./route-journal.js";
import { type KnownRoute, noSuchRoute, type ProviderContext, type RouteProvider, type RouteSource } from "./route-provider.js";
import { askForDescription, askToTry } from "./route-question.js";

/** A mapping as the trigger's status shows it. */
interface MappingStatus {
  readonly function: string;
  readonly topic: string;
  readonly consumerGroupId: string;
  readonly batchSize: number;
  readonly windowMs: number;
  readonly startingPosition: string;
  readonly state: string;
  readonly partitions: NonNullable<RouteSource["partitions"]>;
  readonly activity: RouteActivity | null;
}

const statusTimeoutMs = 2_000;
/** Functions that are asked at the same time: each may have to start. */
const askedMax = 8;

export const functionRoutes: RouteProvider = {
  list: async (context) => {
    const topics = topicsByRoute(context);
    const mappings = await statusOf(context);
    const names = [...topics.keys()];
    const known: KnownRoute[] = [];
    for (let at = 0; at < names.length; at += askedMax)
      known.push(...(await Promise.all(names.slice(at, at + askedMax).map((name) => describe(name, topics, mappings, context)))));
    return known;
  },
  find: async (name, context) => {
    const topics = topicsByRoute(context);
    if (!topics.has(name)) throw noSuchRoute(name, [...topics.keys()]);
    return describe(name, topics, await statusOf(context), context);
  },
  tryRecord: async (name, record, context) => {
    const topics = topicsByRoute(context);
    if (!topics.has(name)) throw noSuchRoute(name, [...topics.keys()]);
    return askToTry(placeOfFunctions(context.config), name, record, context.deadline);
  },
};

function topicsByRoute({ config }: ProviderContext): ReadonlyMap<string, readonly string[]> {
  if (config.RELAY_ROUTES !== undefined && config.RELAY_FUNCTION_PREFIX !== undefined) return config.RELAY_ROUTES;
  throw new RelayError(
    "not-offered",
    "The routes are unknown here, because RELAY_ROUTES and RELAY_FUNCTION_PREFIX are not set. A deployment of this project sets them if it has routes, as `npm start` does; `kafka-relay serve --routes` runs the routes itself.",
  );
}

/** Undefined: there is no trigger to ask, or it does not answer. */
async function statusOf({ config }: ProviderContext): Promise<readonly MappingStatus[] | undefined> {
  const { RELAY_TRIGGER_STATUS_URL: url } = config;
  if (url === undefined) return undefined;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(statusTimeoutMs) });
    const { mappings } = (await response.json()) as { readonly mappings?: readonly MappingStatus[] };
    return mappings;
  } catch {
    return undefined;
  }
}

async function describe(
  name: string,
  topics: ReadonlyMap<string, readonly string[]>,
  mappings: readonly MappingStatus[] | undefined,
  context: ProviderContext,
): Promise<KnownRoute> {
  const own = mappings?.filter((mapping) => mapping.function === toFunctionKey(name));
  const sources = (topics.get(name) ?? []).map((topic) => toSource(topic, own));
  const activity = own?.find((mapping) => mapping.activity !== null)?.activity ?? null;
  try {
    return {
      name,
      description: await askForDescription<RouteDescription>(placeOfFunctions(context.config), "route", name, context.deadline),
      fault: null,
      sources,
      activity,
    };
  } catch (thrown) {
    const { code, message } = toRelayError(thrown);
    return { name, description: null, fault: { code, message }, sources, activity };
  }
}

/** As serverless.yml names the function of a route's file. */
const toFunctionKey = (route: string): string => route.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** The trigger shows enabled mappings only. */
function toSource(topic: string, mappings: readonly MappingStatus[] | undefined): RouteSource {
  const mapping = mappings?.find((one) => one.topic === topic);
  if (mapping === undefined) {
    const isEnabled = mappings === undefined;
    return { topic, group: null, isEnabled, batchSize: null, windowMs: null, startingPosition: null, state: null, partitions: null };
  }
  const { consumerGroupId: group, batchSize, windowMs, startingPosition, state, partitions } = mapping;
  return { topic, group, isEnabled: true, batchSize, windowMs, startingPosition, state, partitions };
}
