/** What serverless.yml of the project in the current folder says of its routes: their functions and the topics that they read, with the variables that have a value here. */
import type { DeployedFunction } from "../../build/service-map.js";
import { readServiceFile } from "../../serve/routes/service-file.js";
import { routesFolder } from "./route-files.js";

interface DeclaredRoutes {
  readonly functions: readonly DeployedFunction[];
  /** Functions with a variable that has no value are left out; one sentence each. */
  readonly faults: readonly string[];
}

/** Undefined: the folder has no serverless.yml. */
export function declaredRoutes(env: NodeJS.ProcessEnv, folder = process.cwd()): DeclaredRoutes | undefined {
  const found = readServiceFile(folder, env)?.functionsIn(routesFolder);
  if (found === undefined) return undefined;
  const functions = [...found.functions].map(([key, { handler = "", events = [] }]) => ({
    key,
    file: handler.replace(/\.[^./]+$/, ""),
    routeKeys: [],
    triggers: events.flatMap(({ msk, kafka }) =>
      [msk, kafka].filter((one) => one !== undefined),
    ) as unknown as DeployedFunction["triggers"],
  }));
  return { functions, faults: found.faults };
}
