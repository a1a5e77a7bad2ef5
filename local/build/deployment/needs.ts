/** What each function needs of the world outside: read from its operations or its route, never written down a second time. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Permission } from "../../../lib/access.js";
import type { Operations } from "../../../lib/http/operation.js";
import { deadLetterTopicOf } from "../../../lib/relay/dead-letters/dead-letter.js";
import type { Route } from "../../../lib/relay/route.js";
import type { Source } from "../../../lib/sources/define-source.js";

export interface RouteNeeds {
  readonly name: string;
  readonly order: Route["order"];
  readonly targetKind: string;
  /** As the target names itself, without a secret. */
  readonly targetName: string;
  readonly targetOptions: Readonly<Record<string, unknown>>;
  readonly sourceTopics: readonly string[];
  readonly groups: readonly (string | undefined)[];
  readonly deadLetterTopics: readonly string[];
  /** `env:NAME` and ARNs that its options name. */
  readonly secretReferences: readonly string[];
}

export interface FunctionNeeds {
  /** Its key in serverless.yml. */
  readonly key: string;
  /** What its operations need of callers, and so of the cluster; empty for a route. */
  readonly may: readonly Permission[];
  readonly route: RouteNeeds | undefined;
  /** For a source, whose `route` says what it does in Kafka. */
  readonly source?: SourceNeeds;
  /** For the canary, which writes to a topic of its own and asks about mappings. */
  readonly isCanary?: boolean;
}

interface SourceNeeds {
  readonly kind: string;
  /** As the source names what it reads, without a secret. */
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly asksByGet?: boolean | undefined;
}

export interface DeclaredFunction {
  readonly key: string;
  /** From the project's folder, without extension. */
  readonly file: string;
  readonly triggers: readonly { readonly topic: string; readonly consumerGroupId?: string | undefined }[];
}

/** Loads a function by its file's name without extension, as Lambda does. */
export type LoadFunction = (file: string) => Promise<unknown>;

/** Loads the sources of the project in a folder. */
export const loadSources =
  (folder: string): LoadFunction =>
  (file) =>
    import(pathToFileURL(join(folder, `${file}.ts`)).href);

/** Throws a sentence that names a file that exports neither operations nor a route. */
export async function needsOf(load: LoadFunction, { key, file, triggers }: DeclaredFunction): Promise<FunctionNeeds> {
  const exported = (await load(file)) as {
    readonly operations?: Operations;
    readonly handler?: { readonly route?: Route; readonly source?: Source; readonly isCanary?: boolean };
  };
  const { operations, handler } = exported;
  if (operations !== undefined) {
    const may = Object.values(operations).map((operation) => operation.may);
    return { key, may: [...new Set(may)].sort(), route: undefined };
  }
  if (handler?.route !== undefined) return { key, may: [], route: routeNeeds(handler.route, triggers) };
  if (handler?.source !== undefined) return sourceNeeds(key, handler.source);
  if (handler?.isCanary === true) return { key, may: [], route: undefined, isCanary: true };
  throw new Error(`${file}.ts exports neither operations nor a handler made by relay() or source(), so its permissions are unknown.`);
}

function routeNeeds({ name, order, target, deadLetterTopic }: Route, triggers: DeclaredFunction["triggers"]): RouteNeeds {
  return {
    name,
    order,
    targetKind: target.kind,
    targetName: target.name,
    targetOptions: target.options,
    sourceTopics: triggers.map(({ topic }) => topic),
    groups: triggers.map(({ consumerGroupId }) => consumerGroupId),
    deadLetterTopics: [...new Set(triggers.map(({ topic }) => deadLetterTopicOf(topic, deadLetterTopic)))],
    secretReferences: [...new Set(referencesIn(target.options))],
  };
}

/** A source writes as a route does, and reads no topic. */
function sourceNeeds(key: string, { route, from, deadLetterTopic }: Source): FunctionNeeds {
  const { kind, name, options, asksByGet } = from;
  const { secretReferences, ...written } = routeNeeds(route, []);
  return {
    key,
    may: [],
    route: {
      ...written,
      deadLetterTopics: [deadLetterTopic],
      secretReferences: [...new Set([...secretReferences, ...referencesIn(options)])],
    },
    source: { kind, name, options, asksByGet },
  };
}

const depthMax = 8;

function referencesIn(value: unknown, depth = 0): readonly string[] {
  if (typeof value === "string") return /^(env:\w+|arn:aws[a-z-]*:secretsmanager:.+)$/.test(value) ? [value] : [];
  if (typeof value !== "object" || value === null || depth >= depthMax) return [];
  return Object.values(value).flatMap((inner) => referencesIn(inner, depth + 1));
}
