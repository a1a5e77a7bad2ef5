/**
 * The serverless plugin: adds the API's functions, the routes' and the sources' to a service, polls their topics on the laptop, builds them, and, with
 * `custom.kafkaRelay.deployment`, writes roles, alarms and limits into the template, after checking everything. This repository and projects with the package use the same.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { checkBrokers, type Deployment, prepareDeployment, prepareStart } from "../build/deployment/deployment.js";
import { checkMappingNetwork } from "../build/deployment/mapping-network/check.js";
import { type ParameterValues, parameterValues } from "../build/deployment/parameter-defaults.js";
import type { Service } from "../build/deployment/service.js";
import { completeTemplate, faultsOfReplacement } from "../build/deployment/template.js";
import { routesFolder } from "../cli/routes/route-files.js";
import { sourcesFolder } from "../cli/sources/source-files.js";
import { apiFunctions } from "./api-functions.js";
import { declaredFaults } from "./declared-faults.js";
import { deployedTemplate } from "./deployed-template.js";
import { answerFailedCalls } from "./failed-calls.js";
import type { Framework, FunctionMap, Home, Plugin } from "./framework.js";
import { type AddedFunction, addedFunctions } from "./functions.js";
import { type PluginSettings, readPluginSettings } from "./settings.js";
import { functionVariables, laptopStage, settingsOfDeployment, toServiceFacts } from "./stage-values.js";

/** What serverless.yml asks for, and the functions that follow from it. */
interface Plan {
  readonly settings: PluginSettings;
  readonly values: ParameterValues;
  readonly added: readonly AddedFunction[];
}

export class KafkaRelayPlugin {
  readonly hooks: Plugin["hooks"];
  readonly #serverless: Framework;
  readonly #home: Home;
  #plan: Plan | undefined;
  #deployment: Deployment | undefined;
  /** serverless-offline announces its start once or twice, depending on the command. */
  #isAnswering = false;

  constructor(serverless: Framework, options: unknown, tools: unknown, home: Home) {
    this.#serverless = serverless;
    this.#home = home;
    serverless.configSchemaHandler.defineCustomProperties({ properties: { kafkaRelay: { type: "object" } } });
    this.#beforeServiceIsRead(() => {
      this.#plan = this.#orFail(() => this.#addFunctions());
    });
    const trigger = new (home.triggerPlugin())(serverless, options, tools);
    this.hooks = {
      ...trigger.hooks,
      "before:offline:start:init": () => this.#start(),
      "before:offline:start": () => this.#start(),
      "before:package:cleanup": () => this.#prepare(),
      "before:package:createDeploymentArtifacts": () => this.#build(),
      "after:package:compileEvents": () => this.#complete(),
      "before:deploy:deploy": () => this.#compare(),
    };
  }

  get #stage(): string {
    const { processedInput, service } = this.#serverless;
    return processedInput.options.stage ?? service.provider.stage ?? "dev";
  }

  get #isOffline(): boolean {
    return this.#serverless.processedInput.commands[0] === "offline";
  }

  /** The framework resolves variables after the plugins are made, and then reads the service again, once, before it runs a command. */
  #beforeServiceIsRead(add: () => void): void {
    const { service } = this.#serverless;
    const { reloadServiceFileParam } = service;
    service.reloadServiceFileParam = () => {
      if (this.#plan === undefined) add();
      reloadServiceFileParam.call(service);
    };
  }

  /** The command line counts most, then the section itself, then the stage. */
  #readValues({ deployment, clusterArn }: PluginSettings): ParameterValues {
    const { processedInput, configurationInput } = this.#serverless;
    const { params = {} } = configurationInput;
    const section = deployment === true || deployment === undefined ? {} : deployment;
    const named = [processedInput.options.param ?? []]
      .flat()
      .map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]);
    return parameterValues(
      [Object.fromEntries(named) as Record<string, string>, section, { clusterArn }, params[this.#stage] ?? {}, params.default ?? {}],
      process.env,
    );
  }

  #addFunctions(): Plan {
    const { configurationInput: input, serviceDir } = this.#serverless;
    const settings = readPluginSettings(input.custom?.kafkaRelay, Object.keys(apiFunctions));
    const values = this.#readValues(settings);
    const own: FunctionMap = Object.assign({}, ...(Array.isArray(input.functions) ? input.functions : [input.functions ?? {}]));
    const facts = toServiceFacts(input.service, this.#stage, values, this.#home.apiFolder, this.#isOffline);
    const added = addedFunctions(settings, facts);
    const files = { routeFiles: filesIn(serviceDir, routesFolder), sourceFiles: filesIn(serviceDir, sourcesFolder) };
    const handlers = Object.fromEntries(Object.entries(own).map(([key, { handler }]) => [key, String(handler)]));
    const faults = declaredFaults(settings, added, { ...files, own: handlers });
    if (faults.length > 0) throw new Error(faults.join("\n"));
    const isDeployed = settings.deployment !== undefined;
    const variables = functionVariables(values, this.#stage, isDeployed, this.#isOffline ? process.env : undefined);
    input.provider.environment = { ...variables, ...input.provider.environment };
    const functions = added.map(({ key, declaration }) => [key, structuredClone(declaration) as Record<string, unknown>] as const);
    input.functions = { ...Object.fromEntries(functions), ...own };
    return { settings, values, added };
  }

  get #planned(): Plan {
    return this.#plan ?? this.#fail("kafka-relay has no functions: the framework did not read the service.");
  }

  /** The part of the service that this plugin answers for; everything else is the project's. */
  #ownService(): Service {
    const { service } = this.#serverless;
    const { added, settings, values } = this.#planned;
    // A deployment may leave out functions that are off.
    const getAllFunctions = (): string[] => {
      const all = service.getAllFunctions();
      return this.#home.hasWholeService ? all : added.map(({ key }) => key).filter((key) => all.includes(key));
    };
    return Object.assign(Object.create(service) as typeof service, {
      custom: { ...service.custom, deployment: settingsOfDeployment(values, settings.deployment) },
      getAllFunctions,
    });
  }

  async #start(): Promise<void> {
    this.#check();
    if (this.#isAnswering) return;
    this.#isAnswering = true;
    await answerFailedCalls(this.#serverless.serviceDir, (line) => console.error(JSON.stringify({ level: "error", message: line })));
  }

  #check(): void {
    const faults = prepareStart(this.#ownService());
    if (faults.length > 0) this.#fail(faults.join("\n"));
  }

  /** Without parameters of a deployment, roles and network are the project's own. */
  async #prepare(): Promise<void> {
    if (this.#planned.settings.deployment === undefined) return this.#check();
    if (this.#stage === laptopStage)
      this.#fail(`The stage ${laptopStage} is for the laptop, where everything is allowed. Use another stage: --stage prod.`);
    const { serviceDir, processedInput } = this.#serverless;
    const prepared = await prepareDeployment(this.#ownService(), serviceDir, regionOfShell(processedInput.options.region), this.#home.load);
    // Packaging needs no network; a deployment also asks the brokers.
    const isDeploying = processedInput.commands[0] === "deploy";
    const asked =
      "deployment" in prepared && isDeploying ? await checkBrokers(prepared.deployment, process.env) : { faults: [], warnings: [] };
    const faults = [...("faults" in prepared ? prepared.faults : []), ...asked.faults];
    if (faults.length > 0 || "faults" in prepared)
      return this.#fail(`The stage ${this.#stage} cannot be packaged:\n  ${faults.join("\n  ")}\ndocs/aws.md describes every parameter.`);
    for (const warning of [...prepared.warnings, ...asked.warnings]) console.error(`warning: ${warning}`);
    this.#deployment = prepared.deployment;
  }

  async #build(): Promise<void> {
    const { service } = this.#serverless;
    const apiFiles = new Map(this.#planned.added.map(({ key, apiFile }) => [key, apiFile]));
    const functions = this.#ownService()
      .getAllFunctions()
      .map((key) => ({ key, handler: service.getFunction(key).handler, apiFile: apiFiles.get(key) }));
    const built = await this.#home
      .build(functions.map(({ apiFile, ...one }) => (apiFile === undefined ? one : { ...one, apiFile })))
      .catch((thrown: Error) => this.#fail(thrown.message));
    for (const [key, { artifact, handler }] of built) {
      const definition = service.functions[key] as { handler: string; package?: object };
      definition.handler = handler;
      // serverless.yml names no artifact: serverless-offline would run it instead of the sources.
      definition.package = { ...definition.package, individually: true, artifact };
    }
  }

  #complete(): void {
    if (this.#deployment === undefined) return;
    console.error(completeTemplate(this.#ownService(), this.#deployment, join(this.#serverless.serviceDir, ".build")));
  }

  /** Only where something is deployed: would mappings work in the cluster's network, and what would CloudFormation do to those of the stack that exists? */
  async #compare(): Promise<void> {
    if (this.#deployment === undefined) return;
    const provider = this.#serverless.getProvider("aws");
    const deployer = { sdkConfig: () => provider.getAwsSdkV3Config(), shell: process.env };
    const problems = await checkMappingNetwork(this.#ownService(), this.#deployment.settings, deployer);
    for (const problem of problems) console.error(`warning: ${problem}`);
    const stack = provider.naming.getStackName();
    const deployed = await deployedTemplate(this.#serverless.serviceDir, provider, stack);
    if (deployed === undefined) return;
    const faults = faultsOfReplacement(deployed, this.#serverless.service);
    if (faults.length > 0) this.#fail(`The stack ${stack} cannot be updated in one step:\n  ${faults.join("\n  ")}`);
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

/** The region that the command line or the shell names, if any. */
const regionOfShell = (given: string | undefined): string | undefined => given ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION;

function filesIn(serviceDir: string, folder: string): readonly string[] {
  if (!existsSync(join(serviceDir, folder))) return [];
  return readdirSync(join(serviceDir, folder))
    .filter((name) => /\.(ts|mts|js|mjs|cjs)$/.test(name) && !/\.(d|test|spec)\.\w+$/.test(name))
    .map((name) => name.replace(/\.\w+$/, ""));
}
