/** The variables of the routes' functions in serverless.yml, for one process that runs all of them. */
import type { ServerlessFunction } from "../../kafka-trigger/src/plugin/serverless.js";

interface RouteVariables {
  /** Adds those that this process has no value for: routes read secrets from the environment by name. Returns what two routes set differently. */
  readonly add: (key: string, definition: ServerlessFunction) => readonly string[];
}

/** What the operator of this process sets counts more than serverless.yml. */
export function createRouteVariables(env: NodeJS.ProcessEnv): RouteVariables {
  const added = new Map<string, string>();
  return {
    add: (key, definition) =>
      Object.entries(variablesOf(definition)).flatMap(([name, value]) => {
        if (value === "") return [];
        const known = added.get(name);
        if (known !== undefined && known !== value)
          return [`serverless.yml: function ${key}: another route has a different ${name}. Routes in one process share their variables.`];
        if ((env[name] ?? "") !== "") return [];
        env[name] = value;
        added.set(name, value);
        return [];
      }),
  };
}

/** What only CloudFormation knows (a Ref, say) has no value here. */
function variablesOf({ environment = {} }: ServerlessFunction): Readonly<Record<string, string>> {
  const known = Object.entries(environment).filter(([, value]) => ["string", "number", "boolean"].includes(typeof value));
  return Object.fromEntries(known.map(([name, value]) => [name, String(value)]));
}
