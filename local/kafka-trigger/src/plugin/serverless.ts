/** What this plugin uses of the framework (osls 4 and Serverless Framework 4), as types. */

export interface ServerlessFunction {
  readonly name?: string;
  readonly handler?: string;
  readonly timeout?: number;
  readonly memorySize?: number;
  readonly environment?: Readonly<Record<string, unknown>>;
  readonly role?: unknown;
  readonly events?: readonly Readonly<Record<string, unknown>>[];
}

export interface ServerlessService {
  readonly service: string;
  readonly provider: {
    readonly stage?: string;
    readonly region?: string;
    readonly timeout?: number;
    readonly memorySize?: number;
    readonly environment?: Readonly<Record<string, unknown>>;
    compiledCloudFormationTemplate?: { Resources: Record<string, unknown> };
  };
  readonly custom?: Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;
  readonly resources?: unknown;
  readonly getAllFunctions: () => string[];
  readonly getFunction: (key: string) => ServerlessFunction;
}

export interface Serverless {
  readonly service: ServerlessService;
  readonly serviceDir?: string;
  readonly config: { readonly servicePath: string };
  readonly configSchemaHandler: {
    readonly defineFunctionEventProperties: (provider: string, event: string, schema: object) => void;
    readonly defineCustomProperties: (schema: object) => void;
  };
  readonly pluginManager: { readonly plugins: readonly object[] };
  readonly classes: { readonly Error: new (message: string) => Error };
}

export interface PluginTools {
  readonly log: {
    readonly notice: (text: string) => void;
    readonly warning: (text: string) => void;
    readonly error: (text: string) => void;
    readonly success: (text: string) => void;
  };
}
