/** Dead letters that go back to the routes and sources of this server: each goes through the handler that runs here. */
import { RelayError } from "../../lib/errors.js";
import type { Operations } from "../../lib/http/operation.js";
import { redriveOperations } from "../../lib/http/operations/dead-letter-operations.js";
import { invokeInProcess } from "../../lib/relay/dead-letters/invoke-route.js";
import type { RelayHandler } from "../../lib/relay/relay.js";
import { noSuchRoute } from "../../lib/relay/status/route-provider.js";
import type { RunningRoutes } from "./routes/run.js";
import type { OpenedSources } from "./sources.js";

export function redrivingOperations(running: RunningRoutes | undefined, sources: OpenedSources): Operations {
  // A source answers a redriven letter as a route does.
  const handlerOf = (name: string) => running?.handlerOf(name)?.handler ?? (sources.handlerOf(name) as RelayHandler | undefined);
  return redriveOperations({
    invoker: () => invokeInProcess(async (name) => handlerOf(name)),
    sourcesOf: (name) => {
      const topics = running?.handlerOf(name)?.topics ?? (sources.handlerOf(name) === undefined ? undefined : [name]);
      if (topics !== undefined) return topics;
      if (running !== undefined)
        throw noSuchRoute(
          name,
          running.known().map((route) => route.name),
        );
      throw new RelayError(
        "bad-configuration",
        "This server runs no routes, so dead letters cannot go back to one. Start it with --routes, redrive to the topic, or use the command line.",
      );
    },
  });
}
