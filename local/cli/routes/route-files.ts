/** Finds the route files, `functions/routes/<name>.ts`. Each exports a handler made by `relay()`. */
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { RelayError, toRelayError } from "../../../lib/errors.js";
import type { RelayHandler } from "../../../lib/relay/relay.js";

/** The folder with the routes, relative to the root of the project. */
export const routesFolder = "functions/routes";

export type FoundRoute =
  | { readonly file: string; readonly handler: RelayHandler; readonly fault?: never }
  /** Set when the file cannot be loaded or does not export a route. */
  | { readonly file: string; readonly handler?: never; readonly fault: RelayError };

/** Every route file, sorted by name. `folder` is the project's folder, by default the current directory. */
export async function findRoutes(folder: string = process.cwd()): Promise<readonly FoundRoute[]> {
  const routes = join(folder, routesFolder);
  if (!existsSync(routes)) {
    throw new RelayError(
      "not-found",
      `There is no folder ${routesFolder} in ${folder}. Routes are the files in that folder. Run the command in the project's folder.`,
    );
  }
  const files = readdirSync(routes)
    .filter((name) => /\.(ts|js|mjs)$/.test(name) && !/\.(d|test|spec)\.\w+$/.test(name))
    .sort();
  return Promise.all(files.map((name) => load(join(routes, name), `${routesFolder}/${name}`)));
}

async function load(path: string, file: string): Promise<FoundRoute> {
  try {
    const { handler } = (await import(pathToFileURL(path).href)) as { readonly handler?: unknown };
    if (!isRelayHandler(handler)) {
      return { file, fault: new RelayError("bad-configuration", "It does not export a handler made by relay(defineRoute({ ... })).") };
    }
    const { name } = handler.route;
    if (name !== basename(file).replace(/\.\w+$/, "")) {
      return {
        file,
        fault: new RelayError(
          "bad-configuration",
          `Its route is named ${JSON.stringify(name)}. The file and its route must have the same name.`,
        ),
      };
    }
    return { file, handler };
  } catch (thrown) {
    const error = toRelayError(thrown);
    return {
      file,
      fault:
        error.code === "internal"
          ? new RelayError("bad-configuration", `It cannot be loaded: ${String(error.cause)}`, { cause: error.cause })
          : error,
    };
  }
}

function isRelayHandler(handler: unknown): handler is RelayHandler {
  return typeof handler === "function" && "route" in handler;
}

/** The route with this name. A `not-found` error lists the routes that exist. */
export async function findRoute(name: string, folder?: string): Promise<RelayHandler> {
  const found = await findRoutes(folder);
  const route = found.find(({ file }) => basename(file).replace(/\.\w+$/, "") === name);
  if (route === undefined) {
    const names = found.map(({ file }) => basename(file).replace(/\.\w+$/, ""));
    throw new RelayError("not-found", `Route ${JSON.stringify(name)} does not exist. The routes are ${names.join(", ")}.`);
  }
  if (route.fault !== undefined) throw new RelayError(route.fault.code, `${route.file}: ${route.fault.message}`, { cause: route.fault });
  return route.handler;
}
