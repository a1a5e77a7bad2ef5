/** The HTTP calls that a stage offers: which function answers each, and whether an authorizer stands before it. Pure. */
import type { DeploymentSettings } from "../parameters.js";
import type { ServiceFunction } from "../service.js";
import { isSource, isSourceOn } from "../sources.js";

export interface DoorCall {
  readonly functionKey: string;
  /** "ANY" for the catch-all. */
  readonly method: string;
  /** "/topics/{topic}"; "/{proxy+}" for the catch-all. */
  readonly path: string;
  /** Without an authorizer: the call proves itself by a signature, or returns files that hold no data. */
  readonly isOpen: boolean;
}

const isConsole = ({ handler }: ServiceFunction): boolean => handler.startsWith("functions/console.");

/** What is off is not called. */
export function isOffered(definition: ServiceFunction): boolean {
  if (isSource(definition)) return isSourceOn(definition);
  return !isConsole(definition) || definition.environment?.RELAY_CONSOLE === "on";
}

/** Sources prove themselves by a signature, and a browser opens the console's files without a token. */
export const isOpen = (definition: ServiceFunction, { authorizer }: Pick<DeploymentSettings, "authorizer">): boolean =>
  isSource(definition) || (isConsole(definition) && authorizer === "jwt");

/** As serverless.yml declares them, before anything is changed. */
export function callsOf(
  functions: readonly { readonly key: string; readonly definition: ServiceFunction }[],
  settings: Pick<DeploymentSettings, "authorizer">,
): readonly DoorCall[] {
  return functions.flatMap(({ key, definition }) =>
    isOffered(definition)
      ? (definition.events ?? []).flatMap(({ httpApi }) =>
          httpApi === undefined ? [] : [{ functionKey: key, ...toCall(httpApi), isOpen: isOpen(definition, settings) }],
        )
      : [],
  );
}

const everyCall = { method: "ANY", path: "/{proxy+}" };

function toCall(event: unknown): Pick<DoorCall, "method" | "path"> {
  const [method = "", path] =
    typeof event === "string" ? event.split(" ") : [(event as { method?: string }).method, (event as { path?: string }).path];
  if (path === undefined || path === "*" || method === "*") return everyCall;
  return { method: method.toUpperCase(), path };
}

/** The function of calls that no other function answers. */
export const catchAllOf = (calls: readonly DoorCall[]): string | undefined =>
  calls.find(({ path }) => path === everyCall.path)?.functionKey;

/** Without the catch-all. */
export const namedCalls = (calls: readonly DoorCall[]): readonly DoorCall[] => calls.filter(({ path }) => path !== everyCall.path);
