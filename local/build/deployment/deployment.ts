/**
 * The service as it is deployed, made from serverless.yml and the code: checked before anything is packaged, and completed. The framework's plugin (plugin.mjs)
 * calls this, and template.ts once the framework has compiled its template.
 */
import { declaredEvents } from "../../kafka-trigger/src/plugin/declared-events.js";
import { addVariables, completeService, regionOf, setPartialResponses, setRecordFormat, setRouteSources } from "./complete-service.js";
import { type EgressRow, egressFaults, egressOf, mappingEgress } from "./egress.js";
import { callsOf, type DoorCall } from "./front-door/calls.js";
import { doorCallFaults } from "./front-door/door-faults.js";
import { secretFaults, secretOf, sharedVariables } from "./kafka-access.js";
import { isProvisioned, type MappingEvent, mappingFaults, sharedGroupWarnings } from "./mappings.js";
import { type FunctionNeeds, type LoadFunction, loadSources, needsOf } from "./needs.js";
import type { DeploymentSettings } from "./parameters.js";
import { plaintextFaults } from "./plaintext.js";
import { registryFaults, registryVariables, usesSchemas } from "./registry-access.js";
import { declaredOf, isOn, isRouteFunction, mappingsOf, type Service, type ServiceFunction, stageOf, variablesOf } from "./service.js";
import { checkSettings } from "./settings.js";
import { resourcesIn } from "./source-queues.js";
import { checkDeployedSourceTopics, type SourceTopicReport } from "./source-topics.js";
import { isSource, sourceFaults } from "./sources.js";

export interface Deployment {
  readonly settings: DeploymentSettings;
  readonly needs: readonly FunctionNeeds[];
  readonly secretArns: ReadonlyMap<string, readonly string[]>;
  readonly egress: readonly EgressRow[];
  readonly calls: readonly DoorCall[];
}

type Prepared = { readonly faults: readonly string[] } | { readonly deployment: Deployment; readonly warnings: readonly string[] };

/** `region`: the one that the command line or the shell names. Checks everything that can be known in advance, and completes the service. Returns all faults at once; after a fault nothing that matters has changed. */
export async function prepareDeployment(
  service: Service,
  folder: string,
  region?: string,
  load: LoadFunction = loadSources(folder),
): Promise<Prepared> {
  const checked = checkSettings(service.custom.deployment, folder);
  if (checked.ok && checked.settings.disabledFunctions === "omit") omitDisabled(service);
  const functions = service.getAllFunctions().map((key) => ({ key, definition: service.getFunction(key) }));
  const faults = [...(checked.ok ? [] : checked.faults), ...openDoors(service), ...plaintextFaults(service), ...faultsOfRoutes(service)];
  if (!checked.ok) return { faults };
  const { settings } = checked;
  const needs = await Promise.all(functions.map(({ key, definition }) => needsOf(load, declaredOf(key, definition))));
  const secretArns = new Map(needs.map((one) => [one.key, secretArnsOf(one, service)]));
  const egress = needs.flatMap((one) => [
    ...egressOf(one, settings, secretArns.get(one.key) ?? [], variablesOf(service, one.key)),
    ...mappingsOf(service.getFunction(one.key)).flatMap((event) =>
      mappingEgress(one.key, isProvisioned(event), secretOf(settings, one.key) !== undefined),
    ),
  ]);
  const calls = callsOf(functions, settings);
  const running = new Set(functions.filter(({ definition }) => isOn(definition)).map(({ key }) => key));
  faults.push(
    ...regionFaults(settings, region),
    ...faultsOfSources(needs, service),
    ...registryFaults(settings),
    ...doorCallFaults(settings, calls),
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
  completeService(service, settings, functions);
  for (const one of needs) if (usesSchemas(one)) addVariables(service.getFunction(one.key), registryVariables(settings));
  return {
    deployment: { settings, needs, secretArns, egress, calls },
    warnings: [...checked.warnings, ...sharedGroupWarnings(needs, stageOf(service))],
  };
}

/** Asks the brokers, if they can be reached from here, for what only they know. `shell` has credentials and addresses that the settings do not. */
export function checkBrokers({ settings, needs }: Deployment, shell: NodeJS.ProcessEnv): Promise<SourceTopicReport> {
  const sources = needs.flatMap(({ key, route }) => (route?.sourceTopics ?? []).map((topic) => ({ functionKey: key, topic })));
  const { brokers, clusterArn, largeTopics } = settings;
  const environment = {
    ...shell,
    ...sharedVariables(settings),
    ...(brokers === "" ? {} : { KAFKA_BROKERS: brokers }),
    // Signing in by IAM needs the cluster's region.
    ...(clusterArn === "" ? {} : { MSK_CLUSTER_ARN: clusterArn }),
  };
  return checkDeployedSourceTopics(sources, largeTopics, environment);
}

/** Nothing of them is deployed, nor do other functions know of them. */
function omitDisabled(service: Service): void {
  const { functions = {} } = service;
  for (const key of Object.keys(functions)) if (!isOn(service.getFunction(key))) delete functions[key];
}

/** Functions run where the cluster is. */
function regionFaults({ clusterArn }: DeploymentSettings, region: string | undefined): readonly string[] {
  const own = regionOf(clusterArn);
  return region === undefined || own === undefined || region === own
    ? []
    : [`region: the cluster is in ${own}, but --region or AWS_REGION is ${region}; omit it, because the region follows from clusterArn`];
}

/** Permissions that are only for the laptop. */
function openDoors(service: Service): readonly string[] {
  const environments = [service.provider.environment, ...service.getAllFunctions().map((key) => service.getFunction(key).environment)];
  return environments.some((environment) => environment?.RELAY_ACCESS === "everything")
    ? ["access: RELAY_ACCESS=everything is only for the laptop; grant * to callers that may do everything"]
    : [];
}

/** For a start on the laptop: returns the faults that a deployment would have too, and sets what the functions need to know about their mappings. */
export function prepareStart(service: Service): readonly string[] {
  const functions = service.getAllFunctions().map((key) => ({ key, definition: service.getFunction(key) }));
  for (const { definition } of functions) {
    setPartialResponses(definition);
    setRecordFormat(definition);
  }
  setRouteSources(functions);
  return faultsOfRoutes(service);
}

/** With what `resources.extensions` lays over the events, and mappings that are resources of their own. */
function faultsOfRoutes(service: Service): readonly string[] {
  return declaredEvents({ service } as unknown as Parameters<typeof declaredEvents>[0])
    .filter(({ functionKey }) => isRouteFunction(service.getFunction(functionKey)))
    .flatMap(({ functionKey, given }) => mappingFaults(functionKey, (given ?? {}) as MappingEvent));
}

function faultsOfSources(needs: readonly FunctionNeeds[], service: Service): readonly string[] {
  const surroundings = { resources: resourcesIn(service.resources), timeout: service.provider.timeout };
  return needs.flatMap(({ key, source }) =>
    source === undefined ? [] : sourceFaults(key, source, service.getFunction(key), surroundings),
  );
}

/** A route or a source needs every variable that it names. */
function emptyVariables(key: string, { environment = {}, ...definition }: ServiceFunction): readonly string[] {
  if (!isRouteFunction({ ...definition, environment }) && !isSource(definition)) return [];
  return Object.entries(environment)
    .filter(([, value]) => value === "")
    .map(
      ([name]) =>
        `function ${key}: its variable ${name} has no value in this stage; set it (to the ARN of a secret, for example), or disable its trigger`,
    );
}

function secretArnsOf({ key, route }: FunctionNeeds, service: Service): readonly string[] {
  const named = [...Object.values(service.getFunction(key).environment ?? {}), ...(route?.secretReferences ?? [])];
  const arns = named.filter((value) => /^arn:aws[a-z-]*:secretsmanager:/.test(value)).map((value) => value.split("#")[0] ?? value);
  return [...new Set(arns)];
}
