/**
 * At package time, writes what the framework's `msk` and `kafka` events cannot express into the mappings of the CloudFormation template, and the IAM statements that
 * each mapping and its destination need into the role of its function. One declaration serves laptop and cloud.
 */
import { isDeepStrictEqual } from "node:util";
import { type CheckedEvent, checkDeclarations, clusterOf, type DeclaredGroup, sharedGroups } from "../declaration/check.js";
import type { Declaration } from "../declaration/members.js";
import { parseDeclaration } from "../declaration/parse.js";
import type { Serverless, ServerlessFunction } from "../plugin/serverless.js";
import { logicalIdOf, statementsOf } from "./statements.js";

interface Resource {
  readonly Type: string;
  Properties: Record<string, unknown>;
}

interface PackageReport {
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
}

const timeoutDefaultSeconds = 6;

export function completeMappings(serverless: Serverless, nowMs: number): PackageReport {
  const { service } = serverless;
  const resources = service.provider.compiledCloudFormationTemplate?.Resources as Record<string, Resource> | undefined;
  if (resources === undefined) return { faults: [], warnings: [] };
  const checked = checkDeclarations(serverless, nowMs);
  const faults = [...checked.faults, ...sharedGroups(checked.events.flatMap(toGroupMember))];
  const warnings = [...checked.warnings];
  if (faults.length > 0) return { faults, warnings };
  for (const functionKey of service.getAllFunctions()) {
    const definition = service.getFunction(functionKey);
    const timeoutSeconds = definition.timeout ?? service.provider.timeout ?? timeoutDefaultSeconds;
    for (const event of definition.events ?? []) {
      const kind = "msk" in event ? "msk" : "kafka" in event ? "kafka" : undefined;
      if (kind === undefined) continue;
      const parsed = parseDeclaration(event[kind], { functionKey, kind, timeoutSeconds, nowMs });
      // It was checked together with resources.extensions, which the framework writes itself.
      if (!parsed.ok) continue;
      const { declaration } = parsed;
      const mapping = findMapping(resources, functionKey, declaration, kind);
      if (mapping === undefined) {
        faults.push(`function ${functionKey}: the template has no mapping for the topic ${declaration.topic}`);
        continue;
      }
      Object.assign(mapping.Properties, propertiesOf(declaration, kind, mapping.Properties));
      const unwritten = grant(
        resources,
        functionKey,
        definition,
        statementsOf(declaration, kind, (id) => typesOf(service)[id] ?? resources[id]?.Type),
      );
      if (unwritten !== undefined) warnings.push(unwritten);
    }
  }
  return { faults, warnings };
}

function toGroupMember({ functionKey, kind, declaration }: CheckedEvent): readonly DeclaredGroup[] {
  const { consumerGroupId } = declaration;
  return consumerGroupId === undefined ? [] : [{ functionKey, kind, consumerGroupId, cluster: clusterOf(declaration) }];
}

/** Of the service's own resources, which are not in the template yet. */
function typesOf({ resources }: Serverless["service"]): Readonly<Record<string, string | undefined>> {
  const sections = (Array.isArray(resources) ? resources : [resources]) as readonly ({ readonly Resources?: object } | undefined)[];
  const all = Object.assign({}, ...sections.map((section) => section?.Resources)) as Record<string, { readonly Type?: string }>;
  return Object.fromEntries(Object.entries(all).map(([id, { Type }]) => [id, Type]));
}

/** The one mapping of this function, cluster and topic. */
function findMapping(
  resources: Readonly<Record<string, Resource>>,
  functionKey: string,
  declaration: Declaration,
  kind: "msk" | "kafka",
): Resource | undefined {
  const logicalId = `${functionKey.charAt(0).toUpperCase()}${functionKey.slice(1)}`.replaceAll("-", "Dash").replaceAll("_", "Underscore");
  const start = `${logicalId}EventSourceMapping${kind === "msk" ? "MSK" : "Kafka"}`;
  return Object.entries(resources).find(([id, { Type, Properties }]) => {
    const topics = Properties?.Topics;
    return (
      Type === "AWS::Lambda::EventSourceMapping" &&
      id.startsWith(start) &&
      Array.isArray(topics) &&
      topics[0] === declaration.topic &&
      (kind === "kafka" || !("arn" in declaration) || isDeepStrictEqual(Properties.EventSourceArn, declaration.arn))
    );
  })?.[1];
}

/** By the names of https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventsourcemapping.html */
function propertiesOf(
  declaration: Declaration,
  kind: "msk" | "kafka",
  present: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const { maximumBatchingWindow, onFailureDestination, provisionedPollerConfig, provisionedPollers, loggingConfig, metricsConfig } =
    declaration;
  const pollers =
    provisionedPollerConfig !== undefined
      ? {
          MinimumPollers: provisionedPollerConfig.minimumPollers,
          MaximumPollers: provisionedPollerConfig.maximumPollers,
          PollerGroupName: provisionedPollerConfig.pollerGroupName,
        }
      : provisionedPollers === false
        ? {}
        : provisionedPollers !== undefined
          ? { MinimumPollers: provisionedPollers.min, MaximumPollers: provisionedPollers.max, PollerGroupName: provisionedPollers.group }
          : undefined;
  const sourceConfig = kind === "msk" ? "AmazonManagedKafkaEventSourceConfig" : "SelfManagedKafkaEventSourceConfig";
  const properties: Record<string, unknown> = {
    // The framework leaves out falsy values, but 0 is not the default.
    MaximumBatchingWindowInSeconds: maximumBatchingWindow,
    Enabled: declaration.enabled,
    MaximumRetryAttempts: declaration.maximumRetryAttempts,
    MaximumRecordAgeInSeconds: declaration.maximumRecordAgeInSeconds,
    BisectBatchOnFunctionError: declaration.bisectBatchOnFunctionError,
    FunctionResponseTypes: declaration.functionResponseTypes,
    DestinationConfig: onFailureDestination === undefined ? undefined : { OnFailure: { Destination: onFailureDestination } },
    ProvisionedPollerConfig: pollers === undefined ? undefined : withoutUndefined(pollers),
    LoggingConfig: loggingConfig === undefined ? undefined : { SystemLogLevel: loggingConfig.systemLogLevel },
    MetricsConfig: metricsConfig === undefined ? undefined : { Metrics: metricsConfig.metrics },
    [sourceConfig]: sourceConfigOf(declaration, present[sourceConfig] as object | undefined),
    FilterCriteria:
      declaration.filterPatterns === undefined
        ? undefined
        : { Filters: declaration.filterPatterns.map((pattern) => ({ Pattern: JSON.stringify(pattern) })) },
  };
  return withoutUndefined(properties);
}

function sourceConfigOf({ consumerGroupId, schemaRegistryConfig: registry }: Declaration, present: object | undefined): object | undefined {
  if (consumerGroupId === undefined && registry === undefined) return undefined;
  return {
    ...present,
    ...(consumerGroupId === undefined ? {} : { ConsumerGroupId: consumerGroupId }),
    ...(registry === undefined
      ? {}
      : {
          SchemaRegistryConfig: withoutUndefined({
            SchemaRegistryURI: registry.schemaRegistryURI,
            EventRecordFormat: registry.eventRecordFormat,
            SchemaValidationConfigs: registry.schemaValidationConfigs.map(({ attribute }) => ({ Attribute: attribute })),
            AccessConfigs: registry.accessConfigs?.map(({ type, uri }) => ({ Type: type, URI: uri })),
          }),
        }),
  };
}

function withoutUndefined(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

export interface RoleStatement {
  readonly Effect: "Allow";
  readonly Action: readonly string[];
  readonly Resource: unknown;
}

/** Writes into the function's own role where this template has it, otherwise into the shared one. Where it can write neither, it returns what is missing. */
function grant(
  resources: Record<string, Resource>,
  functionKey: string,
  { role }: ServerlessFunction,
  statements: readonly RoleStatement[],
): string | undefined {
  const name = role === undefined ? "IamRoleLambdaExecution" : logicalIdOf(role);
  const resource = name === undefined ? undefined : resources[name];
  if (resource?.Type !== "AWS::IAM::Role") {
    const actions = [...new Set(statements.flatMap(({ Action }) => Action))].join(", ");
    return `function ${functionKey}: its role is not in this template. Grant it ${actions}`;
  }
  const policies = (resource.Properties.Policies ?? []) as {
    PolicyName: unknown;
    PolicyDocument: { Version: string; Statement: RoleStatement[] };
  }[];
  resource.Properties.Policies = policies;
  let own = policies.find(({ PolicyName }) => PolicyName === "kafka-trigger");
  if (own === undefined) {
    own = { PolicyName: "kafka-trigger", PolicyDocument: { Version: "2012-10-17", Statement: [] } };
    policies.push(own);
  }
  const known = new Set(own.PolicyDocument.Statement.map((statement) => JSON.stringify(statement)));
  own.PolicyDocument.Statement.push(...statements.filter((statement) => !known.has(JSON.stringify(statement))));
  return undefined;
}
