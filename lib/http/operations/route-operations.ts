/** The routes and sources over HTTP: what each is, how a route fares, and what it would make of a record. */
import * as v from "valibot";
import type { ProviderContext, RouteProvider } from "../../relay/status/route-provider.js";
import type { SourceProvider } from "../../sources/status/source-provider.js";
import { type OperationContext, type Operations, operation } from "../operation.js";
import { toTriedAnswer, toTriedRecord, triedAnswer, tryBody } from "../rest/route-try.js";
import { routeList, shownRoute, toShownRoute } from "../rest/routes.js";
import { sourceList, toShownSource } from "../rest/sources.js";

const atRoute = v.object({ route: v.string() });

export function routeOperations(provider: RouteProvider, sources: SourceProvider): Operations {
  return {
    "GET /routes": operation({
      may: "route:describe",
      summary: "List the routes: what each does, its state, counts, recent failures, positions and lag.",
      answers: { 200: routeList },
      run: async (_, context) => {
        const routes = await provider.list(toProviderContext(context));
        return { status: 200, body: { routes: routes.filter(({ name }) => isAllowed(context, name)).map(toShownRoute) } };
      },
    }),

    "GET /sources": operation({
      may: "route:describe",
      summary: "List the sources: where each reads, which topic it writes, and its rules.",
      answers: { 200: sourceList },
      run: async (_, context) => {
        const known = await sources.list({ config: context.config, deadline: context.deadline });
        return { status: 200, body: { sources: known.filter(({ name }) => isAllowed(context, name)).map(toShownSource) } };
      },
    }),

    "GET /routes/{route}": operation({
      may: "route:describe",
      on: "route",
      summary: "Get one route: what it does, its state, counts, recent failures, positions and lag.",
      path: atRoute,
      answers: { 200: shownRoute },
      run: async ({ path }, context) => {
        return { status: 200, body: toShownRoute(await provider.find(path.route, toProviderContext(context))) };
      },
    }),

    "POST /routes/{route}/try": operation({
      may: "route:try",
      on: "route",
      summary: "Show what a route would make of a record: the filter's answer and the messages. Nothing is sent.",
      path: atRoute,
      body: tryBody,
      answers: { 200: triedAnswer },
      run: async ({ path, body }, context) => {
        const given = toProviderContext(context);
        const { name, sources, description } = await provider.find(path.route, given);
        const record = toTriedRecord(body, sources[0]?.topic ?? "example", Date.now());
        const tried = await provider.tryRecord(name, record, given);
        return { status: 200, body: toTriedAnswer(name, tried, description?.target) };
      },
    }),
  };
}

const toProviderContext = (context: OperationContext): ProviderContext => ({
  config: context.config,
  kafka: () => context.kafka,
  deadline: context.deadline,
});

/** A caller sees the routes and sources that its grants name. */
function isAllowed({ authorize }: OperationContext, route: string): boolean {
  try {
    authorize("route:describe", route);
    return true;
  } catch {
    return false;
  }
}
