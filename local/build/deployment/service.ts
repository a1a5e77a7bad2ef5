/** The framework's service: the parts of it that a deployment reads and writes. */
import type { MappingEvent } from "./mappings.js";
import type { DeclaredFunction } from "./needs.js";
import type { Resource } from "./roles.js";
import { isSource, isSourceOn, type SourceEvent } from "./sources.js";

interface MskEvent extends MappingEvent {
  readonly topic: string;
  readonly consumerGroupId?: string;
  saslScram512?: string;
  maximumRetryAttempts?: unknown;
}

export interface ServiceFunction {
  readonly handler: string;
  readonly name: string;
  readonly environment?: Record<string, string>;
  events?: ({ httpApi?: unknown; msk?: MskEvent; kafka?: MskEvent } & Omit<SourceEvent, "httpApi">)[];
  destinations?: { readonly onFailure?: unknown };
  onError?: unknown;
  role?: string;
  reservedConcurrency?: number;
  /** Seconds. */
  readonly timeout?: unknown;
}

export interface CompiledTemplate {
  readonly Resources: Record<string, Resource>;
  Outputs?: Record<string, unknown>;
}

/** The parts of the framework's service that are read and written. */
export interface Service {
  readonly custom: { readonly deployment?: unknown };
  /** As serverless.yml has them: `Resources`, and `extensions` of what the framework makes. */
  readonly resources?: object;
  readonly provider: {
    readonly timeout?: unknown;
    environment?: Record<string, string>;
    vpc?: unknown;
    region?: string | undefined;
    stackTags?: Readonly<Record<string, string>>;
    tags?: Readonly<Record<string, string>>;
    kmsKeyArn?: string;
    versionFunctions?: boolean;
    tracing?: { readonly lambda: boolean };
    httpApi?: Record<string, unknown>;
    readonly compiledCloudFormationTemplate?: CompiledTemplate;
  };
  /** By their keys. */
  readonly functions?: Record<string, unknown>;
  readonly getAllFunctions: () => string[];
  readonly getFunction: (key: string) => ServiceFunction;
}

/** The name that the framework gives to a function's CloudFormation resource. */
export const functionIdOf = (key: string): string => `${key.charAt(0).toUpperCase()}${key.slice(1)}LambdaFunction`;
export const isRouteFunction = ({ handler }: ServiceFunction): boolean => handler.startsWith("functions/routes/");
export const mappingsOf = ({ events = [] }: ServiceFunction): readonly MskEvent[] =>
  events.flatMap(({ msk, kafka }) => [msk, kafka].filter((event) => event !== undefined));
/** A function without a mapping is called; one with mappings runs as long as one of them is on. A source says so itself. */
export function isOn(definition: ServiceFunction): boolean {
  if (isSource(definition)) return isSourceOn(definition);
  return mappingsOf(definition).length === 0 || mappingsOf(definition).some(({ enabled }) => enabled !== false && enabled !== "false");
}

export function declaredOf(key: string, definition: ServiceFunction): DeclaredFunction {
  return { key, file: definition.handler.replace(/\.[^./]+$/, ""), triggers: mappingsOf(definition) };
}

export function variablesOf(service: Service, key: string): Readonly<Record<string, string>> {
  return { ...service.provider.environment, ...service.getFunction(key).environment };
}

/** As serverless.yml gives it to every function. */
export const stageOf = ({ provider }: Service): string => provider.environment?.RELAY_STAGE ?? "";
