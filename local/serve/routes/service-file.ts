/** serverless.yml of a project without the framework: its functions, with the variables that have a value here. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { RelayError } from "../../../lib/errors.js";
import { cloudFormationTags } from "../../build/cloudformation-tags.js";
import type { Serverless, ServerlessFunction } from "../../kafka-trigger/src/plugin/serverless.js";
import { resolveVariables } from "./service-variables.js";

interface Document {
  readonly service?: unknown;
  readonly provider?: { readonly stage?: unknown; readonly region?: unknown; readonly timeout?: unknown };
  readonly functions?: Readonly<Record<string, unknown>>;
  readonly resources?: unknown;
}

interface ServiceFile {
  readonly stage: string;
  /** The functions whose file is below this path, by key, in the form that the local trigger reads. */
  readonly functionsIn: (folder: string) => ServiceFunctions;
}

interface ServiceFunctions {
  readonly serverless: Serverless;
  readonly functions: ReadonlyMap<string, ServerlessFunction>;
  /** One sentence for each function with a variable that has no value. */
  readonly faults: readonly string[];
}

/** `stage`: absent: the one of `provider.stage`, as in the framework. Undefined: the folder has no serverless.yml. */
export function readServiceFile(folder: string, env: NodeJS.ProcessEnv, stage?: string): ServiceFile | undefined {
  const path = join(folder, "serverless.yml");
  if (!existsSync(path)) return undefined;
  const document = parseDocument(readFileSync(path, "utf8"));
  const sources = (name: string) => ({ stage: name, env, document });
  const own = stage ?? (resolved(document.provider?.stage, sources("dev")) as string | undefined) ?? "dev";
  const resolve = (value: unknown): unknown => resolveVariables(value, sources(own));
  return { stage: own, functionsIn: (below) => functionsIn(below, document, own, resolve) };
}

function parseDocument(text: string): Document {
  try {
    return (parse(text, { customTags: cloudFormationTags }) ?? {}) as Document;
  } catch (thrown) {
    throw new RelayError("bad-configuration", `serverless.yml is not valid YAML: ${(thrown as Error).message.split("\n")[0]}`);
  }
}

/** Undefined where a variable has no value. */
function resolved(value: unknown, sources: Parameters<typeof resolveVariables>[1]): unknown {
  try {
    return resolveVariables(value, sources);
  } catch {
    return undefined;
  }
}

function functionsIn(below: string, document: Document, stage: string, resolve: (value: unknown) => unknown): ServiceFunctions {
  const functions = new Map<string, ServerlessFunction>();
  const faults: string[] = [];
  const attempt = <T>(what: string, value: unknown): T | undefined => {
    try {
      return resolve(value) as T;
    } catch (thrown) {
      faults.push(`serverless.yml: ${what}: ${(thrown as Error).message}`);
      return undefined;
    }
  };
  for (const [key, given] of Object.entries(document.functions ?? {})) {
    if (!String((given as ServerlessFunction).handler).startsWith(`${below}/`)) continue;
    const definition = attempt<ServerlessFunction>(`function ${key}`, given);
    if (definition !== undefined) functions.set(key, definition);
  }
  const { timeout, region } = document.provider ?? {};
  const provider = attempt<Serverless["service"]["provider"]>("provider", { timeout, region }) ?? {};
  const service: Serverless["service"] = {
    service: String(attempt("service", document.service) ?? "service"),
    provider: { ...provider, stage },
    resources: attempt("resources", document.resources),
    getAllFunctions: () => [...functions.keys()],
    getFunction: (key) => functions.get(key) ?? {},
  };
  return { serverless: { service } as Serverless, functions, faults };
}
