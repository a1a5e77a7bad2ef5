/**
 * The API's functions as they are deployed: memory, limits, and the calls that each answers. The calls are those of its operations: `npm run openapi` writes them from the
 * code, and a test compares them. Functions of a service can be left out; a call belongs to one function.
 */
import calls from "./calls.generated.json" with { type: "json" };

export interface ApiFunction {
  /** The file's name in functions/, such as "dead-letters". */
  readonly file: string;
  readonly description: string;
  /** Environments at once: each has a connection to each broker. Together they are a part of the account's limit. */
  readonly reservedConcurrency: number;
  readonly memorySize?: number;
  /** It invokes routes, and so has to know how their functions are named. */
  readonly invokesRoutes?: boolean;
}

/** By the function's key. */
export const apiFunctions = {
  produce: {
    file: "produce",
    reservedConcurrency: 50,
    description: "Takes records and CloudEvents over HTTP and writes them to topics.",
    memorySize: 1024,
  },
  records: {
    file: "records",
    reservedConcurrency: 20,
    description: "Reads records by offset, time or cursor, and commits nothing.",
  },
  topics: {
    file: "topics",
    reservedConcurrency: 10,
    description: "Reads topics, their settings, partitions and offsets, and changes them.",
  },
  groups: { file: "groups", reservedConcurrency: 10, description: "Consumer groups, their lag and their offsets." },
  acls: { file: "acls", reservedConcurrency: 5, description: "Who may do what on the cluster." },
  cluster: {
    file: "cluster",
    reservedConcurrency: 5,
    description: "The cluster, its brokers and their settings, and where partitions live.",
  },
  deadLetters: {
    file: "dead-letters",
    reservedConcurrency: 5,
    description: "Lists, shows, redrives and discards dead letters.",
    invokesRoutes: true,
  },
  routeStatus: {
    file: "route-status",
    reservedConcurrency: 5,
    description: "Shows the routes and how they fare, what one would make of a record, and the sources.",
    invokesRoutes: true,
  },
  service: {
    file: "service",
    reservedConcurrency: 10,
    description: "Health, the API's description, and every path or method without an operation.",
  },
} as const satisfies Readonly<Record<string, ApiFunction>>;

/** The page of the console. A service may have it without the API, or the API without it. */
export const consoleFunction = {
  file: "console",
  reservedConcurrency: 5,
  description: "The page of the console.",
} as const satisfies ApiFunction;

/** The function that writes a record every minute and reads it again. A service has it without the API, too. */
export const canaryFunction = {
  file: "canary",
  reservedConcurrency: 2,
  description: "Writes a record every minute and reads it again, and looks at the mappings of routes.",
} as const satisfies ApiFunction;

/** The route keys that a function answers, by its file; `$default` is every call that no other function answers. */
export const routeKeysOf = ({ file }: ApiFunction): readonly string[] => (calls as Readonly<Record<string, readonly string[]>>)[file] ?? [];
