/**
 * The serverless plugin of the npm package, `plugins: [kafka-relay/serverless]`: adds the API's functions and the routes' to a service, polls their topics on the
 * laptop, builds them, and, with `custom.kafkaRelay.deployment`, writes roles, alarms and limits into the template, after checking everything.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { type Deployment, prepareDeployment, prepareStart } from "../../build/deployment/deployment.js";
import type { Service } from "../../build/deployment/service.js";
import { completeTemplate } from "../../build/deployment/template.js";
import { withoutUnusedRequests } from "../../build/unused-requests.js";
import { zip } from "../../build/zip.js";
import { routesFolder } from "../../cli/routes/route-files.js";
import type { ServiceOutline } from "./api-functions.js";
import { type AddedFunction, addedFunctions, type ServiceFacts } from "./functions.js";
import { type PluginSettings, readPluginSettings } from "./settings.js";

interface Framework {
  readonly service: Service & {
    readonly service: string;
    readonly custom?: Readonly<Record<string, unknown>>;
    functions: FunctionMap;
    readonly provider: Service["provider"] & { readonly stage?: string };
  };
  readonly serviceDir: string;
  /** serverless.yml with its variables resolved; the framework reads the service from it again before it runs a command. */
  readonly configurationInput: { functions?: FunctionMap | FunctionMap[]; provider: { environment?: Record<string, string> } };
  readonly processedInput: { readonly commands: readonly string[]; readonly options: Readonly<Record<string, string | undefined>> };
  readonly configSchemaHandler: { readonly defineCustomProperties: (schema: object) => void };
  readonly classes: { readonly Error: new (message: string) => Error };
}

type FunctionMap = Record<string, Record<string, unknown>>;

interface Plugin {
  readonly hooks: Readonly<Record<string, () => unknown>>;
}
type PluginClass = new (serverless: Framework, options: unknown, tools: unknown) => Plugin;

const bundleTarget = "node20.19";
const optionalPackages = ["jsonata", "pg"];

export class KafkaRelayPlugin {
  readonly hooks: Plugin["hooks"];
  readonly #serverless: Framework;
  readonly #settings: PluginSettings;
  readonly #added: readonly AddedFunction[];
  readonly #outline: ServiceOutline;
  #deployment: Deployment | undefined;

  constructor(serverless: Framework, options: unknown, tools: unknown) {
    this.#serverless = serverless;
    serverless.configSchemaHandler.defineCustomProperties({ properties: { kafkaRelay: { type: "object" } } });
    this.#outline = JSON.parse(readFileSync(join(__dirname, "service.json"), "utf8")) as ServiceOutline;
    this.#settings = this.#orFail(() => readPluginSettings(serverless.service.custom?.kafkaRelay, Object.keys(this.#outline.api)));
    this.#added = this.#orFail(() => this.#addFunctions());
    const load = createRequire(__filename);
    const { default: KafkaTrigger } = load("../trigger/main.cjs") as { readonly default: PluginClass };
    const trigger = new KafkaTrigger(serverless, options, tools);
    this.hooks = {
      ...trigger.hooks,
      "before:offline:start:init": () => this.#check(),
      "before:offline:start": () => this.#check(),
      "before:package:cleanup": () => this.#prepare(),
      "before:package:createDeploymentArtifacts": () => this.#build(),
      "after:package:compileEvents": () => this.#complete(),
    };
  }

  #addFunctions(): readonly AddedFunction[] {
    const { configurationInput: input, service, serviceDir, processedInput } = this.#serverless;
    const own: FunctionMap[] = Array.isArray(input.functions) ? input.functions : [input.functions ?? {}];
    const facts: ServiceFacts = {
      service: service.service,
      stage: processedInput.options.stage ?? service.provider.stage ?? "dev",
      packageFolder: relative(serviceDir, join(__dirname, "../..")).replaceAll("\\", "/"),
      routeFiles: routeFilesIn(serviceDir),
      ownKeys: own.flatMap((functions) => Object.keys(functions)),
    };
    const added = addedFunctions(this.#settings, this.#outline, facts);
    const variables = { RELAY_STAGE: facts.stage, ...(this.#isOffline() ? laptopVariables(process.env) : {}) };
    input.provider.environment = { ...variables, ...input.provider.environment };
    const functions = Object.fromEntries(
      added.map(({ key, declaration }) => [key, structuredClone(declaration) as Record<string, unknown>]),
    );
    input.functions = Object.assign({}, ...own, functions) as FunctionMap;
    service.functions = input.functions;
    return added;
  }

  #isOffline(): boolean {
    return this.#serverless.processedInput.commands[0] === "offline";
  }

  /** The part of the service that this plugin answers for; everything else is the project's. */
  #ownService(): Service {
    const { service } = this.#serverless;
    const keys = this.#added.map(({ key }) => key);
    const { clusterArn, deployment } = this.#settings;
    return Object.assign(Object.create(service) as typeof service, {
      custom: {
        ...service.custom,
        deployment: { ...this.#outline.deployment, ...(clusterArn === undefined ? {} : { clusterArn }), ...deployment },
      },
      getAllFunctions: () => keys,
    });
  }

  #check(): void {
    const faults = prepareStart(this.#ownService());
    if (faults.length > 0) this.#fail(faults.join("\n"));
  }

  /** Without parameters of a deployment, roles and network are the project's own. */
  async #prepare(): Promise<void> {
    if (this.#settings.deployment === undefined) return this.#check();
    const own = this.#ownService();
    const prepared = await prepareDeployment(own, this.#serverless.serviceDir, this.#serverless.processedInput.options.region, (file) =>
      this.#loadFunction(file),
    );
    if ("faults" in prepared) return this.#fail(`The service cannot be packaged:\n  ${prepared.faults.join("\n  ")}`);
    for (const warning of prepared.warnings) console.error(`warning: ${warning}`);
    this.#deployment = prepared.deployment;
  }

  #complete(): void {
    if (this.#deployment !== undefined) console.error(completeTemplate(this.#ownService(), this.#deployment, this.#outFolder()));
  }

  async #build(): Promise<void> {
    for (const { key, apiFile } of this.#added) {
      const definition = this.#serverless.service.functions[key] as { handler: string; package?: object };
      const artifact = apiFile === undefined ? await this.#zipRoute(definition.handler, key) : join(__dirname, "zips", `${key}.zip`);
      if (apiFile !== undefined) definition.handler = `functions/${apiFile}.handler`;
      definition.package = { ...definition.package, individually: true, artifact };
    }
  }

  async #zipRoute(handler: string, key: string): Promise<string> {
    const file = handler.replace(/\.[^./]+$/, "");
    const zipped = await zip([{ name: `${file}.js`, bytes: readFileSync(await this.#bundle(file)) }]);
    const path = join(this.#outFolder(), "zips", `${key}.zip`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, zipped);
    return path;
  }

  /** One CommonJS file of a route and everything it imports. Returns its path. */
  async #bundle(file: string): Promise<string> {
    const { build } = this.#esbuild();
    const outfile = join(this.#outFolder(), "bundles", `${file}.cjs`);
    const entry = ["ts", "mts", "js", "mjs", "cjs"]
      .map((ending) => `${file}.${ending}`)
      .find((name) => existsSync(join(this.#serverless.serviceDir, name)));
    await build({
      absWorkingDir: this.#serverless.serviceDir,
      entryPoints: [entry ?? `${file}.ts`],
      outfile,
      bundle: true,
      minify: true,
      platform: "node",
      format: "cjs",
      target: bundleTarget,
      plugins: [withoutUnusedRequests],
      // Packages that only some targets need are left out where they are not installed.
      external: ["@aws-sdk/*", "@smithy/*", "pg-native", ...optionalPackages.filter((name) => !this.#isInstalled(name))],
      logLevel: "silent",
    });
    return outfile;
  }

  #isInstalled(name: string): boolean {
    try {
      createRequire(join(this.#serverless.serviceDir, "package.json")).resolve(name);
      return true;
    } catch {
      return false;
    }
  }

  #esbuild(): typeof import("esbuild") {
    try {
      return createRequire(join(this.#serverless.serviceDir, "package.json"))("esbuild") as typeof import("esbuild");
    } catch {
      return this.#fail("The package esbuild is not installed. It bundles the routes. Install it with: npm install --save-dev esbuild");
    }
  }

  /** Without the file's extension, from the service's folder: as Lambda loads it. */
  async #loadFunction(file: string): Promise<unknown> {
    const isRoute = file.startsWith(`${routesFolder}/`);
    const path = isRoute ? await this.#bundle(file) : join(this.#serverless.serviceDir, `${file}.js`);
    return createRequire(join(this.#serverless.serviceDir, "package.json"))(path);
  }

  #outFolder(): string {
    return join(this.#serverless.serviceDir, ".build");
  }

  #orFail<T>(work: () => T): T {
    try {
      return work();
    } catch (thrown) {
      return this.#fail((thrown as Error).message);
    }
  }

  #fail(message: string): never {
    throw new this.#serverless.classes.Error(message);
  }
}

/** On the laptop, a local broker is expected and every call is allowed, unless the shell says otherwise. */
function laptopVariables(shell: NodeJS.ProcessEnv): Record<string, string> {
  return { KAFKA_BROKERS: shell.KAFKA_BROKERS ?? "127.0.0.1:9092", RELAY_ACCESS: shell.RELAY_ACCESS ?? "everything" };
}

function routeFilesIn(serviceDir: string): readonly string[] {
  if (!existsSync(join(serviceDir, routesFolder))) return [];
  const names = readdirSync(join(serviceDir, routesFolder)).filter(
    (name) => /\.(ts|mts|js|mjs|cjs)$/.test(name) && !/\.(d|test|spec)\.\w+$/.test(name),
  );
  return names.map((name) => name.replace(/\.\w+$/, ""));
}
