/** The parts of the framework that the plugin uses, and what it leaves to the place that kafka-relay itself is in: a clone, or node_modules of a project. */
import type { LoadFunction } from "../build/deployment/needs.js";
import type { Service } from "../build/deployment/service.js";

export type FunctionMap = Record<string, Record<string, unknown>>;

export interface Framework {
  readonly service: Service & {
    readonly service: string;
    readonly custom?: Readonly<Record<string, unknown>>;
    functions: FunctionMap;
    readonly provider: Service["provider"] & { readonly stage?: string };
    reloadServiceFileParam: () => void;
  };
  readonly serviceDir: string;
  /** serverless.yml with its variables resolved; the framework reads the service from it again before it runs a command. */
  readonly configurationInput: {
    functions?: FunctionMap | FunctionMap[];
    readonly service: string;
    readonly custom?: Readonly<Record<string, unknown>>;
    readonly provider: { environment?: Record<string, string> };
    readonly params?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };
  readonly processedInput: {
    readonly commands: readonly string[];
    readonly options: { readonly stage?: string; readonly region?: string; readonly param?: string | readonly string[] };
  };
  readonly configSchemaHandler: { readonly defineCustomProperties: (schema: object) => void };
  readonly classes: { readonly Error: new (message: string) => Error };
  readonly getProvider: (name: "aws") => AwsProvider;
}

export interface AwsProvider {
  readonly naming: { readonly getStackName: () => string };
  readonly getAwsSdkV3Config: () => Promise<object>;
}

export interface Plugin {
  readonly hooks: Readonly<Record<string, () => unknown>>;
}
export type PluginClass = new (serverless: Framework, options: unknown, tools: unknown) => Plugin;

/** A function as it is deployed. */
interface BuiltFunction {
  readonly artifact: string;
  /** Inside the zip. */
  readonly handler: string;
}

interface FunctionToBuild {
  readonly key: string;
  readonly handler: string;
  readonly apiFile?: string;
}

export interface Home {
  /** From the service's folder: where the handlers of the API's functions are. */
  readonly apiFolder: string;
  /** Whether every function of the service is kafka-relay's to build and to give a role; otherwise, those that it adds. */
  readonly hasWholeService: boolean;
  readonly triggerPlugin: () => PluginClass;
  readonly load: LoadFunction;
  /** Writes one zip per function. Throws an Error that says what to do. */
  readonly build: (functions: readonly FunctionToBuild[]) => Promise<ReadonlyMap<string, BuiltFunction>>;
}
