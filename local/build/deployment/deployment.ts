/**
 * The service as it is deployed, made from serverless.yml and the code: checked before anything is packaged, then roles, alarms and limits are written into the
 * CloudFormation template. The framework's plugin beside it (plugin.mjs) calls these two and nothing else.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { corsPolicy } from "../../gateway/cors.mjs";
import { declaredEvents } from "../../kafka-trigger/src/plugin/declared-events.js";
import { toAclPage } from "./acls.js";
import { toAlarms } from "./alarms.js";
import { type EgressRow, egressFaults, egressOf, toMarkdown } from "./egress.js";
import { ownVariables, secretFaults, secretOf, sharedVariables } from "./kafka-access.js";
import { isProvisioned, type MappingEvent, mappingFaults, sharedGroupWarnings, takesPartialResponses } from "./mappings.js";
import { type DeclaredFunction, type FunctionNeeds, needsOf } from "./needs.js";
import { type Resource, roleIdOf, toRole } from "./roles.js";
import { checkSettings, type DeploymentSettings } from "./settings.js";
import { checkDeployedSourceTopics, type SourceTopicReport } from "./source-topics.js";

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
  events?: { httpApi?: unknown; msk?: MskEvent; kafka?: MskEvent }[];
  role?: string;
  reservedConcurrency?: number;
}

/** The parts of the framework's service that are read and written here. */
export interface Service {
  readonly custom: { readonly deployment?: unknown };
  readonly provider: {
    environment?: Record<string, string>;
    vpc?: unknown;
    httpApi?: Record<string, unknown>;
    readonly compiledCloudFormationTemplate?: { readonly Resources: Record<string, Resource> };
  };
  readonly getAllFunctions: () => string[];
  readonly getFunction: (key: string) => ServiceFunction;
}

export interface Deployment {
  readonly settings: DeploymentSettings;
  readonly needs: readonly FunctionNeeds[];
  readonly secretArns: ReadonlyMap<string, readonly string[]>;
  readonly egress: readonly EgressRow[];
}

export type Prepared = { readonly faults: readonly string[] } | { readonly deployment: Deployment; readonly warnings: readonly string[] };

/** Checks everything that can be known in advance, and completes the service. Returns all faults at once; after a fault nothing that matters has changed. */
export async function prepareDeployment(service: Service, folder: string): Promise<Prepared> {
  const checked = checkSettings(service.custom.deployment, folder);
  const functions = service.getAllFunctions().map((key) => ({ key, definition: service.getFunction(key) }));
  const faults = [...(checked.ok ? [] : checked.faults), ...openDoors(service), ...faultsOfRoutes(service)];
  if (!checked.ok) return { faults };
  const { settings } = checked;
  const needs = await Promise.all(functions.map(({ key, definition }) => needsOf(folder, declaredOf(key, definition))));
  const secretArns = new Map(needs.map((one) => [one.key, secretArnsOf(one, service)]));
  const egress = needs.flatMap((one) => egressOf(one, settings, secretArns.get(one.key) ?? [], variablesOf(service, one.key)));
  const running = new Set(functions.filter(({ definition }) => isOn(definition)).map(({ key }) => key));
  faults.push(
    ...functions.filter(({ key }) => running.has(key)).flatMap(({ key, definition }) => emptyVariables(key, definition)),
    ...secretFaults(
      settings,
      functions.map(({ key }) => key),
    ),
    ...egressFaults(
      egress.filter(({ functionKey }) => running.has(functionKey)),
      settings,
    ),
  );
  if (faults.length > 0) return { faults };
  complete(service, settings, functions);
  return {
    deployment: { settings, needs, secretArns, egress },
    warnings: [...checked.warnings, ...sharedGroupWarnings(needs, stageOf(service))],
  };
}

/** What only the brokers know, asked if they are reachable from here. `shell` has credentials and addresses that the settings do not. */
export function checkBrokers({ settings, needs }: Deployment, shell: NodeJS.ProcessEnv): Promise<SourceTopicReport> {
  const sources = needs.flatMap(({ key, route }) => (route?.sourceTopics ?? []).map((topic) => ({ functionKey: key, topic })));
  const { brokers, largeTopics } = settings;
  const environment = { ...shell, ...sharedVariables(settings), ...(brokers === "" ? {} : { KAFKA_BROKERS: brokers }) };
  return checkDeployedSourceTopics(sources, largeTopics, environment);
}

/** As serverless.yml gives it to every function. */
const stageOf = ({ provider }: Service): string => provider.environment?.RELAY_STAGE ?? "";

/** What the laptop allows is allowed nowhere else. */
function openDoors(service: Service): readonly string[] {
  const environments = [service.provider.environment, ...service.getAllFunctions().map((key) => service.getFunction(key).environment)];
  return environments.some((environment) => environment?.RELAY_ACCESS === "everything")
    ? ["access: RELAY_ACCESS=everything is only for the laptop; grant * to callers that may do everything"]
    : [];
}

/** Into the compiled template: roles, alarms, throttling; and the egress table beside it. */
export function completeTemplate(service: Service, { settings, needs, secretArns, egress }: Deployment, outFolder: string): void {
  const resources = service.provider.compiledCloudFormationTemplate?.Resources;
  if (resources === undefined) throw new Error("The template is not compiled yet.");
  const nameOf = (key: string): string => service.getFunction(key).name;
  const routeFunctionIds = needs.filter(({ route }) => route !== undefined).map(({ key }) => functionIdOf(key));
  for (const one of needs) {
    resources[roleIdOf(one.key)] = toRole({
      needs: one,
      settings,
      functionName: nameOf(one.key),
      secretArns: secretArns.get(one.key) ?? [],
      routeFunctionIds,
    });
  }
  Object.assign(resources, toAlarms(needs, nameOf, stageOf(service), settings.alarmsTopic));
  const stage = resources.HttpApiStage;
  if (stage !== undefined) {
    stage.Properties.DefaultRouteSettings = {
      ...(stage.Properties.DefaultRouteSettings as object | undefined),
      ThrottlingRateLimit: Number(settings.throttleRate),
      ThrottlingBurstLimit: Number(settings.throttleBurst),
    };
  }
  mkdirSync(outFolder, { recursive: true });
  writeFileSync(join(outFolder, "egress.md"), toMarkdown(egress));
  writeFileSync(join(outFolder, "acls.md"), toAclPage(needs, settings.topicPrefix));
}

/** A start on the laptop: faults that the cloud would have as well, and what the functions need to know about their mappings. */
export function prepareStart(service: Service): readonly string[] {
  const functions = service.getAllFunctions().map((key) => ({ key, definition: service.getFunction(key) }));
  for (const { definition } of functions) tellPartialResponses(definition);
  tellRoutes(functions);
  return faultsOfRoutes(service);
}

/** As CloudFormation's resources are called by the framework. */
const functionIdOf = (key: string): string => `${key.charAt(0).toUpperCase()}${key.slice(1)}LambdaFunction`;
const isRoute = ({ handler }: ServiceFunction): boolean => handler.startsWith("functions/routes/");
const mappingsOf = ({ events = [] }: ServiceFunction): readonly MskEvent[] =>
  events.flatMap(({ msk, kafka }) => [msk, kafka].filter((event) => event !== undefined));
/** A function without a mapping is called; one with mappings runs as long as one of them is on. */
const isOn = (definition: ServiceFunction): boolean =>
  mappingsOf(definition).length === 0 || mappingsOf(definition).some(({ enabled }) => enabled !== false && enabled !== "false");

function declaredOf(key: string, definition: ServiceFunction): DeclaredFunction {
  return { key, file: definition.handler.replace(/\.[^./]+$/, ""), triggers: mappingsOf(definition) };
}

/** With what `resources.extensions` lays over the events, and mappings that are resources of their own. */
function faultsOfRoutes(service: Service): readonly string[] {
  return declaredEvents({ service } as unknown as Parameters<typeof declaredEvents>[0])
    .filter(({ functionKey }) => isRoute(service.getFunction(functionKey)))
    .flatMap(({ functionKey, given }) => mappingFaults(functionKey, (given ?? {}) as MappingEvent));
}

/** A variable that a route names is there for a reason. */
function emptyVariables(key: string, { environment = {}, ...definition }: ServiceFunction): readonly string[] {
  if (!isRoute({ ...definition, environment })) return [];
  return Object.entries(environment)
    .filter(([, value]) => value === "")
    .map(
      ([name]) =>
        `function ${key}: its variable ${name} has no value in this stage; set it (to the ARN of a secret, for example), or disable its trigger`,
    );
}

function variablesOf(service: Service, key: string): Readonly<Record<string, string>> {
  return { ...service.provider.environment, ...service.getFunction(key).environment };
}

function secretArnsOf({ key, route }: FunctionNeeds, service: Service): readonly string[] {
  const named = [...Object.values(service.getFunction(key).environment ?? {}), ...(route?.secretReferences ?? [])];
  const arns = named.filter((value) => /^arn:aws[a-z-]*:secretsmanager:/.test(value)).map((value) => value.split("#")[0] ?? value);
  return [...new Set(arns)];
}

function complete(
  service: Service,
  settings: DeploymentSettings,
  functions: readonly { readonly key: string; readonly definition: ServiceFunction }[],
): void {
  const { provider } = service;
  provider.vpc = { subnetIds: settings.subnets, securityGroupIds: settings.securityGroups };
  provider.environment = {
    ...provider.environment,
    ...sharedVariables(settings),
    MSK_CLUSTER_ARN: settings.clusterArn,
    RELAY_ACCESS_GRANTS: settings.grants,
  };
  provider.httpApi = { ...provider.httpApi, ...authorizersOf(settings), ...corsOf(settings) };
  tellRoutes(functions);
  for (const { key, definition } of functions) {
    definition.role = roleIdOf(key);
    addVariables(definition, ownVariables(settings, key));
    if (!isRoute(definition) && settings.topicPrefix !== "") addVariables(definition, { RELAY_TOPIC_PREFIX: settings.topicPrefix });
    if (settings.reservedConcurrency === "off") delete definition.reservedConcurrency;
    tellPartialResponses(definition);
    for (const event of mappingsOf(definition)) {
      const secret = secretOf(settings, key);
      if (secret !== undefined) event.saslScram512 ??= secret;
      // Retry controls belong to provisioned pollers; without them the mapping retries without end anyway.
      if (isRoute(definition) && isProvisioned(event)) event.maximumRetryAttempts ??= -1;
    }
    const hasCatchAll = (definition.events ?? []).some(({ httpApi }) => isCatchAll(httpApi));
    definition.events = (definition.events ?? []).map((event) =>
      event.httpApi === undefined ? event : { ...event, httpApi: guarded(event.httpApi, settings) },
    );
    // A preflight is never signed; the catch-all would ask it to be.
    if (hasCatchAll && settings.corsOrigins.length > 0 && settings.authorizer !== "none")
      definition.events.push({ httpApi: "OPTIONS /{proxy+}" });
  }
}

function addVariables(definition: ServiceFunction, variables: Readonly<Record<string, string>>): void {
  if (Object.keys(variables).length === 0) return;
  (definition as { environment?: Record<string, string> }).environment = { ...definition.environment, ...variables };
}

const isCatchAll = (event: unknown): boolean => event === "*" || (event as { readonly path?: string } | undefined)?.path === "*";

function tellPartialResponses(definition: ServiceFunction): void {
  const mappings = mappingsOf(definition);
  if (!isRoute(definition) || mappings.length === 0 || !mappings.every(takesPartialResponses)) return;
  addVariables(definition, { RELAY_PARTIAL_RESPONSES: "true" });
}

/** Which topics each route reads, for the function that redrives to routes: it accepts letters from these topics alone. */
function tellRoutes(functions: readonly { readonly definition: ServiceFunction }[]): void {
  const routes = functions.flatMap(({ definition }) => {
    const topics = [...new Set(mappingsOf(definition).map(({ topic }) => topic))];
    const name = definition.handler
      .split("/")
      .pop()
      ?.replace(/\.[^.]+$/, "");
    return isRoute(definition) && topics.length > 0 ? [`${name}=${topics.join(",")}`] : [];
  });
  for (const { definition } of functions) {
    if (definition.environment?.RELAY_FUNCTION_PREFIX === undefined || routes.length === 0) continue;
    addVariables(definition, { RELAY_ROUTES: routes.join(" ") });
  }
}

function authorizersOf({ authorizer, jwtIssuer, jwtAudience }: DeploymentSettings): Record<string, unknown> {
  if (authorizer !== "jwt") return {};
  return {
    authorizers: { jwt: { type: "jwt", identitySource: "$request.header.Authorization", issuerUrl: jwtIssuer, audience: jwtAudience } },
  };
}

function corsOf({ corsOrigins }: DeploymentSettings): Record<string, unknown> {
  return corsOrigins.length === 0 ? {} : { cors: { allowedOrigins: corsOrigins, ...corsPolicy } };
}

/** Every call has the authorizer, the catch-all, health and the description included: none can be forgotten. */
function guarded(event: unknown, { authorizer }: DeploymentSettings): unknown {
  if (authorizer === "none") return event;
  const [method = "", path] =
    typeof event === "string" ? event.split(" ") : [(event as { method: string }).method, (event as { path: string }).path];
  const call = path === undefined ? { path: "*" } : { method, path };
  return { ...call, authorizer: authorizer === "iam" ? { type: "aws_iam" } : { name: "jwt" } };
}
