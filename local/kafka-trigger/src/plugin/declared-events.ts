/**
 * Every Kafka mapping that a service declares: the `msk` and `kafka` events of its functions with what `resources.extensions` lays over them, and
 * `AWS::Lambda::EventSourceMapping` resources that name one of its functions. All as members of an event, unchecked. Pure.
 */
import type { Serverless, ServerlessService } from "./serverless.js";

export interface DeclaredEvent {
  readonly functionKey: string;
  readonly kind: "msk" | "kafka";
  readonly given: unknown;
  /** Stays the same while the declaration does: the default group id is derived from it. */
  readonly place: string;
  /** It is an `AWS::Lambda::EventSourceMapping` resource of the service, not an event of a function. */
  readonly isResource: boolean;
}

type Properties = Readonly<Record<string, unknown>>;

export function declaredEvents({ service }: Serverless): readonly DeclaredEvent[] {
  const { extensions, resources } = resourcesOf(service);
  const ofFunctions = service.getAllFunctions().flatMap((functionKey) =>
    (service.getFunction(functionKey).events ?? []).flatMap((event, index): DeclaredEvent[] => {
      const kind = "msk" in event ? "msk" : "kafka" in event ? "kafka" : undefined;
      if (kind === undefined) return [];
      const laidOver = extensionOf(extensions, functionKey, kind, event[kind]);
      const given = laidOver === undefined ? event[kind] : { ...toObject(event[kind]), ...laidOver };
      return [{ functionKey, kind, given, place: `${index}`, isResource: false }];
    }),
  );
  const raw = Object.entries(resources).flatMap(([id, resource]): DeclaredEvent[] => {
    const { Type, Properties: properties } = toObject(resource);
    const given = toObject(properties);
    if (Type !== "AWS::Lambda::EventSourceMapping" || given.Topics === undefined) return [];
    const functionKey = functionOf(service, given.FunctionName);
    if (functionKey === undefined) return [];
    const kind = given.SelfManagedEventSource === undefined ? "msk" : "kafka";
    return [{ functionKey, kind, given: toMembers(given, kind), place: id, isResource: true }];
  });
  return [...ofFunctions, ...raw];
}

/** `resources` is one section or a list of them. */
function resourcesOf({ resources }: ServerlessService): { readonly extensions: Properties; readonly resources: Properties } {
  const sections = (Array.isArray(resources) ? resources : [resources]).map(toObject);
  return {
    extensions: Object.assign({}, ...sections.map((section) => toObject(section.extensions))) as Properties,
    resources: Object.assign({}, ...sections.map((section) => toObject(section.Resources))) as Properties,
  };
}

/** By the framework's logical ids: `<Function>EventSourceMappingKafka<Topic>`, `<Function>EventSourceMappingMSK<Cluster><Topic>`. */
function extensionOf(extensions: Properties, functionKey: string, kind: "msk" | "kafka", given: unknown): Properties | undefined {
  const start = `${logicalName(functionKey)}EventSourceMapping${kind === "msk" ? "MSK" : "Kafka"}`;
  const topic = capital(String(toObject(given).topic).replaceAll(/[^0-9A-Za-z]/g, ""));
  const id = Object.keys(extensions).find((one) =>
    kind === "kafka" ? one === start + topic : one.startsWith(start) && one.endsWith(topic),
  );
  return id === undefined ? undefined : toMembers(toObject(toObject(extensions[id]).Properties), kind);
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
export const logicalName = (functionKey: string): string => capital(functionKey.replaceAll("-", "Dash").replaceAll("_", "Underscore"));

/** A Ref or Fn::GetAtt of the function's logical id, or its name or ARN. */
function functionOf(service: ServerlessService, name: unknown): string | undefined {
  const { Ref, "Fn::GetAtt": attribute } = toObject(name);
  const id: unknown =
    Ref ?? (Array.isArray(attribute) ? attribute[0] : typeof attribute === "string" ? attribute.split(".")[0] : undefined);
  const text = typeof name === "string" ? name.replace(/^arn:[^:]+:lambda:[^:]*:[^:]*:function:([^:]+).*$/, "$1") : undefined;
  return service.getAllFunctions().find((key) => {
    const functionName = service.getFunction(key).name ?? `${service.service}-${service.provider.stage ?? "dev"}-${key}`;
    return text === functionName || id === `${logicalName(key)}LambdaFunction`;
  });
}

const sameMembers = {
  BatchSize: "batchSize",
  MaximumBatchingWindowInSeconds: "maximumBatchingWindow",
  StartingPosition: "startingPosition",
  StartingPositionTimestamp: "startingPositionTimestamp",
  Enabled: "enabled",
  MaximumRetryAttempts: "maximumRetryAttempts",
  MaximumRecordAgeInSeconds: "maximumRecordAgeInSeconds",
  BisectBatchOnFunctionError: "bisectBatchOnFunctionError",
  FunctionResponseTypes: "functionResponseTypes",
  EventSourceArn: "arn",
} as const;

/** CloudFormation's properties of a mapping -> the members of an event. Properties that the trigger does not use are left out. */
function toMembers(properties: Properties, kind: "msk" | "kafka"): Properties {
  const members: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(sameMembers)) members[member] = properties[name];
  members.topic = Array.isArray(properties.Topics) ? properties.Topics[0] : undefined;
  members.onFailureDestination = toObject(toObject(properties.DestinationConfig).OnFailure).Destination;
  const source = toObject(properties.AmazonManagedKafkaEventSourceConfig ?? properties.SelfManagedKafkaEventSourceConfig);
  members.consumerGroupId = source.ConsumerGroupId;
  members.consumptionMode = source.ConsumptionMode;
  if (source.SchemaRegistryConfig !== undefined) members.schemaRegistryConfig = toRegistry(toObject(source.SchemaRegistryConfig));
  const {
    MinimumPollers: minimumPollers,
    MaximumPollers: maximumPollers,
    PollerGroupName: pollerGroupName,
  } = toObject(properties.ProvisionedPollerConfig);
  if (properties.ProvisionedPollerConfig !== undefined)
    members.provisionedPollerConfig = withoutUndefined({ minimumPollers, maximumPollers, pollerGroupName });
  const filters = toObject(properties.FilterCriteria).Filters;
  if (Array.isArray(filters) && filters.length > 0) members.filterPatterns = filters.map((filter) => parsed(toObject(filter).Pattern));
  if (properties.SelfManagedEventSource !== undefined) {
    members.bootstrapServers = toObject(toObject(properties.SelfManagedEventSource).Endpoints).KafkaBootstrapServers;
    members.accessConfigurations = toAccess(properties.SourceAccessConfigurations);
  } else if (kind === "msk" && properties.SourceAccessConfigurations !== undefined) {
    members.saslScram512 = toAccess(properties.SourceAccessConfigurations).saslScram512Auth;
  }
  return withoutUndefined(members);
}

function toRegistry(config: Properties): Properties {
  const { SchemaRegistryURI, EventRecordFormat, SchemaValidationConfigs, AccessConfigs } = config;
  const list = (given: unknown) => (Array.isArray(given) ? given.map(toObject) : undefined);
  return withoutUndefined({
    schemaRegistryURI: SchemaRegistryURI,
    eventRecordFormat: EventRecordFormat,
    schemaValidationConfigs: list(SchemaValidationConfigs)?.map(({ Attribute }) => ({ attribute: Attribute })),
    accessConfigs: list(AccessConfigs)?.map(({ Type, URI }) => ({ type: Type, uri: URI })),
  });
}

const accessNames: Readonly<Record<string, string>> = {
  BASIC_AUTH: "saslPlainAuth",
  SASL_SCRAM_256_AUTH: "saslScram256Auth",
  SASL_SCRAM_512_AUTH: "saslScram512Auth",
  CLIENT_CERTIFICATE_TLS_AUTH: "clientCertificateTlsAuth",
  SERVER_ROOT_CA_CERTIFICATE: "serverRootCaCertificate",
};

function toAccess(list: unknown): Properties {
  const known = (Array.isArray(list) ? list : []).map(toObject).filter(({ Type }) => typeof Type === "string" && Type in accessNames);
  return Object.fromEntries(known.map(({ Type, URI }) => [accessNames[Type as string] as string, URI]));
}

/** A pattern is JSON text here. Other text is kept, so that it is refused later with its place. */
function parsed(pattern: unknown): unknown {
  try {
    return JSON.parse(String(pattern)) as unknown;
  } catch {
    return pattern;
  }
}

function toObject(value: unknown): Properties {
  return typeof value === "object" && value !== null ? (value as Properties) : {};
}

function withoutUndefined(object: Properties): Properties {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
