/** What `GET /routes` shows on this server: the routes of all its processes as one, or how to start routes. */
import { RelayError } from "../../../lib/errors.js";
import { mergeActivities } from "../../../lib/relay/status/route-journal.js";
import { type KnownRoute, noSuchRoute, type RouteProvider, type RouteSource } from "../../../lib/relay/status/route-provider.js";
import type { RunningRoutes } from "./run.js";

/** `ofAll`: what each of this server's processes knows. */
export function routesOf(running: RunningRoutes, ofAll: () => Promise<readonly (readonly KnownRoute[])[]>): RouteProvider {
  const list = async (): Promise<readonly KnownRoute[]> => {
    const all = (await ofAll()).flat();
    return running.known().map(({ name }) => merge(all.filter((route) => route.name === name)));
  };
  return {
    list,
    find: async (name) => {
      const routes = await list();
      const found = routes.find((route) => route.name === name);
      if (found === undefined)
        throw noSuchRoute(
          name,
          routes.map((route) => route.name),
        );
      return found;
    },
    tryRecord: running.tryRecord,
  };
}

function merge(parts: readonly KnownRoute[]): KnownRoute {
  const [first, ...others] = parts;
  if (first === undefined) throw new RelayError("deadline-exceeded", "The processes that run the routes did not answer in time.");
  const sources = first.sources.map((source, index) => others.reduce((sum, part) => withPartitionsOf(sum, part.sources[index]), source));
  const activities = parts.map(({ activity }) => activity).filter((activity) => activity !== null);
  return { ...first, sources, activity: mergeActivities(activities) ?? null };
}

/** Each process reads some of the partitions. A process that is not polling yet says more than one that is. */
function withPartitionsOf(source: RouteSource, other: RouteSource | undefined): RouteSource {
  if (other === undefined) return source;
  const partitions = [...(source.partitions ?? []), ...(other.partitions ?? [])].sort((one, two) => one.partition - two.partition);
  return { ...source, partitions, state: source.state === "polling" ? other.state : source.state };
}

/** Every question gets the same answer. */
export const noRoutes: RouteProvider = {
  list: () => Promise.reject(notOffered()),
  find: () => Promise.reject(notOffered()),
  tryRecord: () => Promise.reject(notOffered()),
};

function notOffered(): RelayError {
  return new RelayError("not-offered", "This server runs no routes. Start it with --routes, or ask the server that runs them.");
}
