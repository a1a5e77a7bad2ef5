/** serverless.yml of a project without the framework: its functions and those of its routes and sources, with the variables that have a value here. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { RelayError } from "../../../lib/errors.js";
import { cloudFormationTags } from "../../build/cloudformation-tags.js";
import { parameterValues } from "../../build/deployment/parameter-defaults.js";
import type { Serverless, ServerlessFunction } from "../../kafka-trigger/src/plugin/serverless.js";
import { addedFunctions } from "../../plugin/functions.js";
import { readPluginSettings } from "../../plugin/settings.js";
import { toServiceFacts } from "../../plugin/stage-values.js";
import { resolveVariables } from "./service-variables.js";

interface Document {
  readonly service?: unknown;
  readonly provider?: { readonly stage?: unknown; readonly region?: unknown; readonly timeout?: unknown };
  readonly functions?: Readonly<Record<string, unknown>>;
  readonly custom?: { readonly kafkaRelay?: Readonly<Record<string, unknown>> };
  readonly params?: Readonly<Record<string, unknown>>;
  readonly resources?: unknown;
}

interface ServiceFile {
  readonly stage: string;
  /** The functions whose file is below this path (empty: all), by key, in the form that the local trigger reads. */
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
  return { stage: own, functionsIn: (below) => functionsIn(below, { document, stage: own, env, resolve }) };
}

interface Reading {
  readonly document: Document;
  readonly stage: string;
  readonly env: NodeJS.ProcessEnv;
  readonly resolve: (value: unknown) => unknown;
}
type Attempt = <T>(what: string, value: unknown) => T | undefined;

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

function functionsIn(below: string, reading: Reading): ServiceFunctions {
  const { document, stage, resolve } = reading;
  const functions = new Map<string, ServerlessFunction>();
  const faults: string[] = [];
  const attempt: Attempt = <T>(what: string, value: unknown) => {
    try {
      return resolve(value) as T;
    } catch (thrown) {
      faults.push(`serverless.yml: ${what}: ${(thrown as Error).message}`);
      return undefined;
    }
  };
  const name = String(attempt("service", document.service) ?? "service");
  const isBelow = (definition: unknown): boolean =>
    below === "" || String((definition as ServerlessFunction).handler).startsWith(`${below}/`);
  for (const [key, definition] of addedByPlugin(name, reading, attempt, faults)) if (isBelow(definition)) functions.set(key, definition);
  for (const [key, given] of Object.entries(document.functions ?? {})) {
    if (!isBelow(given)) continue;
    const definition = attempt<ServerlessFunction>(`function ${key}`, given);
    if (definition !== undefined) functions.set(key, definition);
  }
  const { timeout, region } = document.provider ?? {};
  const provider = attempt<Serverless["service"]["provider"]>("provider", { timeout, region }) ?? {};
  const service: Serverless["service"] = {
    service: name,
    provider: { ...provider, stage },
    resources: attempt("resources", document.resources),
    getAllFunctions: () => [...functions.keys()],
    getFunction: (key) => functions.get(key) ?? {},
  };
  return { serverless: { service } as Serverless, functions, faults };
}

/** The routes and sources that `custom.kafkaRelay` declares, as the plugin adds them. */
function addedByPlugin(
  service: string,
  { document, stage, env }: Reading,
  attempt: Attempt,
  faults: string[],
): readonly (readonly [string, ServerlessFunction])[] {
  const { routes, sources, clusterArn, deployment } = document.custom?.kafkaRelay ?? {};
  if (routes === undefined && sources === undefined) return [];
  const each = (member: string, all: unknown): object =>
    Object.fromEntries(
      Object.entries((all ?? {}) as object).flatMap(([name, given]) => {
        const value = attempt(`custom.kafkaRelay.${member}.${name}`, given);
        return value === undefined ? [] : [[name, value]];
      }),
    );
  // Only a deployment needs what these cannot resolve here.
  const optional = (value: unknown): Readonly<Record<string, unknown>> => {
    const entries = Object.entries((value ?? {}) as object);
    return Object.fromEntries(entries.flatMap(([name, one]) => [[name, resolved(one, { stage, env, document })]]));
  };
  try {
    const settings = readPluginSettings({ routes: each("routes", routes), sources: each("sources", sources) }, []);
    const { [stage]: ofStage, default: ofAll } = document.params ?? {};
    const section = typeof deployment === "object" ? optional(deployment) : {};
    const values = parameterValues([section, optional({ clusterArn }), optional(ofStage), optional(ofAll)], env);
    const facts = toServiceFacts(service, stage, values, "functions", false);
    return addedFunctions(settings, facts).map(({ key, declaration }) => [key, declaration as ServerlessFunction] as const);
  } catch (thrown) {
    faults.push(...(thrown as Error).message.split("\n").map((fault) => `serverless.yml: ${fault}`));
    return [];
  }
}
