/** What serverless.yml leaves to the settings of a deployment, written into the framework's service. */
import { corsPolicy } from "../../gateway/cors.mjs";
import { qualifierVariables } from "./blue-green.js";
import { isOffered, isOpen } from "./front-door/calls.js";
import { doorVariables } from "./front-door/door-variables.js";
import { grantsVariables } from "./grants-store.js";
import { hasAliases } from "./invoked.js";
import { accessConfigurationsOf, isSelfManaged, ownVariables, secretOf, sharedVariables, sourceArnOf } from "./kafka-access.js";
import { isProvisioned, takesPartialResponses } from "./mappings.js";
import type { DeploymentSettings } from "./parameters.js";
import { roleIdOf } from "./roles.js";
import { isRouteFunction, mappingsOf, type Service, type ServiceFunction } from "./service.js";
import { isSource, sourceNameOf, takesPartialBatches } from "./sources.js";

/** Network, variables, authorizers and CORS from the settings; and for each function its role, its mappings' secrets and its routes' authorizer. */
export function completeService(
  service: Service,
  settings: DeploymentSettings,
  functions: readonly { readonly key: string; readonly definition: ServiceFunction }[],
): void {
  const { provider } = service;
  provider.region = regionOf(settings.clusterArn) ?? provider.region;
  const tags = Object.fromEntries(settings.tags);
  provider.stackTags = { ...provider.stackTags, ...tags };
  provider.tags = { ...provider.tags, ...tags };
  if (settings.kmsKey !== "") provider.kmsKeyArn = settings.kmsKey;
  if (hasAliases(settings)) provider.versionFunctions = true;
  if (settings.tracing === "on") provider.tracing = { lambda: true };
  if (settings.subnets.length > 0) provider.vpc = { subnetIds: settings.subnets, securityGroupIds: settings.securityGroups };
  provider.environment = {
    ...provider.environment,
    ...sharedVariables(settings),
    MSK_CLUSTER_ARN: settings.clusterArn,
    RELAY_ACCESS_GRANTS: settings.grants,
    ...doorVariables(settings),
    ...grantsVariables(settings),
  };
  provider.httpApi = { ...provider.httpApi, ...authorizersOf(settings), ...corsOf(settings) };
  setRouteSources(functions);
  for (const { key, definition } of functions) {
    definition.role = roleIdOf(key);
    addVariables(definition, ownVariables(settings, key));
    if (definition.environment?.RELAY_FUNCTION_PREFIX !== undefined) addVariables(definition, qualifierVariables(settings));
    if (!isRouteFunction(definition) && !isSource(definition) && settings.topicPrefix !== "")
      addVariables(definition, { RELAY_TOPIC_PREFIX: settings.topicPrefix });
    if (key === "produce" && settings.produceConcurrency !== "") definition.reservedConcurrency = Number(settings.produceConcurrency);
    if (settings.reservedConcurrency === "off") delete definition.reservedConcurrency;
    setPartialResponses(definition);
    setRecordFormat(definition);
    completeMappings(definition, settings, key);
    const hasCatchAll = (definition.events ?? []).some(({ httpApi }) => isCatchAll(httpApi));
    definition.events = eventsOf(definition, settings);
    // A preflight request is never signed, and the catch-all would require that.
    if (settings.frontDoor === "http" && hasCatchAll && settings.corsOrigins.length > 0 && settings.authorizer !== "none")
      definition.events.push({ httpApi: "OPTIONS /{proxy+}" });
  }
}

/** The same `msk` event reads an MSK cluster, one of another account, and a Kafka that is not MSK. */
function completeMappings(definition: ServiceFunction, settings: DeploymentSettings, key: string): void {
  if (isSelfManaged(settings)) {
    definition.events = (definition.events ?? []).map(({ msk, ...event }) => {
      if (msk === undefined) return event;
      const { arn: _, ...shared } = msk as typeof msk & { readonly arn?: unknown };
      return {
        kafka: { ...shared, bootstrapServers: settings.brokers.split(","), accessConfigurations: accessConfigurationsOf(settings, key) },
      };
    });
  }
  for (const event of mappingsOf(definition)) {
    const secret = secretOf(settings, key);
    if (!isSelfManaged(settings)) (event as { arn?: unknown }).arn = sourceArnOf(settings);
    if (settings.kafkaAuthentication === "scram" && !isSelfManaged(settings) && secret !== undefined) event.saslScram512 ??= secret;
    // Retry controls belong to provisioned pollers; without them the mapping retries without end anyway.
    if (isRouteFunction(definition) && isProvisioned(event)) event.maximumRetryAttempts ??= -1;
  }
}

/** `arn:aws:kafka:<region>:...` */
export const regionOf = (arn: string): string | undefined => arn.split(":")[3] || undefined;

/** Every call has the authorizer, except those that are open. What is off is not called, and other front doors than the framework's have resources of their own. */
function eventsOf(definition: ServiceFunction, settings: DeploymentSettings): NonNullable<ServiceFunction["events"]> {
  const { events = [] } = definition;
  if (settings.frontDoor !== "http" || !isOffered(definition)) return events.filter(({ httpApi }) => httpApi === undefined);
  if (isOpen(definition, settings)) return events;
  return events.map((event) => (event.httpApi === undefined ? event : { ...event, httpApi: guarded(event.httpApi, settings) }));
}

export function addVariables(definition: ServiceFunction, variables: Readonly<Record<string, string>>): void {
  if (Object.keys(variables).length === 0) return;
  (definition as { environment?: Record<string, string> }).environment = { ...definition.environment, ...variables };
}

export function setPartialResponses(definition: ServiceFunction): void {
  const mappings = mappingsOf(definition);
  const accepts = isSource(definition)
    ? takesPartialBatches(definition)
    : isRouteFunction(definition) && mappings.length > 0 && mappings.every(takesPartialResponses);
  if (accepts) addVariables(definition, { RELAY_PARTIAL_RESPONSES: "true" });
}

/** A route cannot always tell from a record whether its mapping has converted it. */
export function setRecordFormat(definition: ServiceFunction): void {
  if (!isRouteFunction(definition)) return;
  const formats = mappingsOf(definition).map(
    ({ schemaRegistryConfig }) => (schemaRegistryConfig as { readonly eventRecordFormat?: unknown } | undefined)?.eventRecordFormat,
  );
  const [format, ...others] = [...new Set(formats.filter((one) => one !== undefined))];
  if (format !== undefined && others.length === 0) addVariables(definition, { RELAY_EVENT_RECORD_FORMAT: String(format) });
}

/** Which topics each route reads, for the functions that redrive to routes and show them: letters are accepted from these topics alone. */
export function setRouteSources(functions: readonly { readonly definition: ServiceFunction }[]): void {
  const routes = functions.flatMap(({ definition }) => {
    const topics = [...new Set(mappingsOf(definition).map(({ topic }) => topic))];
    const name = definition.handler
      .split("/")
      .pop()
      ?.replace(/\.[^.]+$/, "");
    return isRouteFunction(definition) && topics.length > 0 ? [`${name}=${topics.join(",")}`] : [];
  });
  const sources = functions.flatMap(({ definition }) => (isSource(definition) ? [sourceNameOf(definition)] : []));
  for (const { definition } of functions) {
    if (definition.environment?.RELAY_FUNCTION_PREFIX === undefined) continue;
    addVariables(definition, {
      ...(routes.length === 0 ? {} : { RELAY_ROUTES: routes.join(" ") }),
      ...(sources.length === 0 ? {} : { RELAY_SOURCES: sources.join(" ") }),
    });
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

/** Every route has the authorizer, including the catch-all, health and the description, so none can be forgotten. */
function guarded(event: unknown, { authorizer }: DeploymentSettings): unknown {
  if (authorizer === "none") return event;
  const [method = "", path] =
    typeof event === "string" ? event.split(" ") : [(event as { method: string }).method, (event as { path: string }).path];
  const call = path === undefined ? { path: "*" } : { method, path };
  return { ...call, authorizer: authorizer === "iam" ? { type: "aws_iam" } : { name: "jwt" } };
}

const isCatchAll = (event: unknown): boolean => event === "*" || (event as { readonly path?: string } | undefined)?.path === "*";
