/** The routes of this project as files: which there are, and the one of a name. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { didYouMean } from "../../lib/closest-name.js";
import { RelayError } from "../../lib/errors.js";
import type { RelayHandler } from "../../lib/relay/relay.js";
import type { Route } from "../../lib/relay/route.js";

export const routesFolder = join(import.meta.dirname, "../../functions/routes");

export function routeNames(folder = routesFolder): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))
    .map((file) => file.slice(0, -".ts".length))
    .sort();
}

/** The route that `functions/routes/<name>.ts` exports in its handler. Throws `not-found` with the name that was meant, or what the file itself throws. */
export async function loadRoute(name: string, folder = routesFolder): Promise<Route> {
  const names = routeNames(folder);
  if (!names.includes(name)) {
    const known = names.length === 0 ? "There is none yet." : `There are ${names.join(", ")}.`;
    throw new RelayError("not-found", `There is no route ${JSON.stringify(name)} in functions/routes.${didYouMean(name, names)} ${known}`);
  }
  const { handler } = (await import(pathToFileURL(join(folder, `${name}.ts`)).href)) as { readonly handler?: Partial<RelayHandler> };
  if (handler?.route === undefined) {
    throw new RelayError("bad-configuration", `functions/routes/${name}.ts exports no handler made by relay(defineRoute({ ... })).`);
  }
  return handler.route;
}
