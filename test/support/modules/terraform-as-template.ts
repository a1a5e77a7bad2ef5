/**
 * What Terraform created, in the words of CloudFormation: the opposite direction of the module's table, written down a second time, so that a slip in one of them shows.
 * An attribute that this file does not know makes the comparison fail.
 */
import { terraformTypes } from "../../../local/build/modules/terraform/types.js";
import { toSnake } from "../../../local/build/modules/variables.js";
import { type Comparable, plain } from "./canonical.js";

interface Created {
  readonly address: string;
  readonly type: string;
  readonly name: string;
  readonly mode: string;
  readonly values: Values;
}
type Values = Readonly<Record<string, unknown>>;
// biome-ignore lint/suspicious/noExplicitAny: attributes of twelve types of resource, looked into by path
type Any = any;

/** Attributes that AWS gives, and those that CloudFormation has no word for. */
const ownAttributes =
  /^(id|arn|unique_id|create_date|invoke_arn|qualified_\w+|response_streaming_invoke_arn|code_sha256|version|signing_\w+|last_modified|uuid|function_arn|state_transition_reason|last_processing_result|api_endpoint|execution_arn|dashboard_arn|name_prefix|source_code_\w+|tags_all|integration_response_selection_expression|invoke_url|statement_id_prefix|state_\w+|role_name)$/;

const pairs = (map: Any) => Object.entries(map ?? {}).map(([Key, Value]) => ({ Key, Value }));
const dimensions = (map: Any) => Object.entries(map ?? {}).map(([Name, Value]) => ({ Name, Value }));
const pascal = (name: string) => name.replace(/(^|_)(\w)/g, (_, __, letter: string) => letter.toUpperCase());
const first = (blocks: Any) => (Array.isArray(blocks) ? blocks[0] : undefined);
const all = (values: Any): Any =>
  values === undefined ? undefined : Object.fromEntries(Object.entries(values).map(([name, value]) => [pascal(name), value]));

type Told = Readonly<Record<string, (values: Any) => Values>>;

/** By attribute: the members that it becomes. An attribute without an entry is the member of the same name. */
const told: Readonly<Record<string, Told>> = {
  aws_apigatewayv2_api: { tags: (Tags) => ({ Tags }), cors_configuration: (one) => ({ CorsConfiguration: all(first(one)) }) },
  aws_apigatewayv2_authorizer: {
    identity_sources: (IdentitySource) => ({ IdentitySource }),
    jwt_configuration: (one) => ({ JwtConfiguration: all(first(one)) }),
  },
  aws_apigatewayv2_integration: { timeout_milliseconds: (TimeoutInMillis) => ({ TimeoutInMillis }) },
  aws_apigatewayv2_route: {},
  aws_apigatewayv2_stage: {
    name: (StageName) => ({ StageName }),
    tags: (Tags) => ({ Tags }),
    access_log_settings: (one) => ({ AccessLogSettings: all(first(one)) }),
    default_route_settings: (one) => ({ DefaultRouteSettings: all(first(one)) }),
  },
  aws_cloudwatch_metric_alarm: {
    dimensions: (map) => ({ Dimensions: dimensions(map) }),
    ok_actions: (OKActions) => ({ OKActions }),
    metric_query: (queries: Any[]) => ({
      Metrics: queries.map(({ metric, period: _, ...query }) => {
        const { namespace, metric_name, dimensions: map, ...stat } = first(metric) ?? {};
        const MetricStat =
          metric?.length > 0
            ? { Metric: { Namespace: namespace, MetricName: metric_name, Dimensions: dimensions(map) }, ...all(stat) }
            : undefined;
        return { ...all(query), MetricStat };
      }),
    }),
  },
  aws_cloudwatch_dashboard: {},
  aws_cloudwatch_event_rule: { name: () => ({}) },
  aws_iam_role: { name: () => ({}), assume_role_policy: (policy) => ({ AssumeRolePolicyDocument: policy }) },
  aws_lambda_event_source_mapping: {
    state: () => ({}),
    amazon_managed_kafka_event_source_config: (one) => ({ AmazonManagedKafkaEventSourceConfig: all(first(one)) }),
    self_managed_kafka_event_source_config: (one) => ({ SelfManagedKafkaEventSourceConfig: all(first(one)) }),
    provisioned_poller_config: (one) => ({ ProvisionedPollerConfig: all(first(one)) }),
    self_managed_event_source: (one) => ({
      SelfManagedEventSource: first(one) && {
        Endpoints: { KafkaBootstrapServers: first(one).endpoints.KAFKA_BOOTSTRAP_SERVERS.split(",") },
      },
    }),
    source_access_configuration: (blocks: Any[]) => ({
      SourceAccessConfigurations: blocks.map(({ type, uri }) => ({ Type: type, URI: uri })),
    }),
  },
  aws_lambda_function: {
    filename: (path: string) => ({ Code: path.split("/").at(-1) }),
    environment: (one) => ({ Environment: { Variables: first(one)?.variables } }),
    vpc_config: (one) => ({ VpcConfig: all(first(one)) }),
    tracing_config: (one) => ({ TracingConfig: all(first(one)) }),
  },
  aws_lambda_permission: { statement_id: () => ({}) },
  aws_cloudwatch_log_group: { name: (LogGroupName) => ({ LogGroupName }) },
};

/** By the ids of the package's resources, `ids`. */
export function terraformAsTemplate(created: readonly Created[], ids: ReadonlyMap<string, string>): ReadonlyMap<string, Comparable> {
  const idOf = new Map([...ids].map(([id, type]) => [addressOf(id, type), id]));
  const resources = created.filter(({ mode }) => mode === "managed");
  const references = referencesOf(resources, idOf);
  const followed = follow(resources, references) as Created[];
  const main = followed.filter(({ type }) => told[type] !== undefined);
  return new Map(
    main.map(({ address, type, values }) => {
      const id = idOf.get(address) ?? address;
      return [
        id,
        { type: ids.get(id) ?? type, properties: plain({ ...membersOf(type, values), ...apartOf(address, followed, references, id) }) },
      ];
    }),
  );
}

/** In every text; policies are JSON, in which Terraform escapes the brackets. */
function follow(value: unknown, references: ReadonlyMap<string, string>): unknown {
  if (typeof value === "string")
    return value
      .replaceAll("\\u003c", "<")
      .replaceAll("\\u003e", ">")
      .replace(/<aws_[^>]+>/g, (token) => references.get(token) ?? token);
  if (Array.isArray(value)) return value.map((item) => follow(item, references));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, follow(member, references)]));
}

function addressOf(id: string, type: string): string {
  const known = terraformTypes[type];
  return `${known?.type}.${toSnake(id.replace(known?.strip ?? "", "")) || "default"}`;
}

/** Each given text occurs once: where it comes from says what a text elsewhere refers to. */
function referencesOf(created: readonly Created[], idOf: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map(
    created.flatMap(({ address, values }) =>
      Object.entries(values).flatMap(([name, value]): [string, string][] =>
        typeof value === "string" && value.startsWith(`<${address.split(".")[0]}.${name}#`)
          ? [[value, `<${idOf.get(address) ?? address}${name === "arn" ? ".Arn" : ""}>`]]
          : [],
      ),
    ),
  );
}

function membersOf(type: string, values: Values): Values {
  const members = Object.entries(values)
    .filter(([name, value]) => value !== null && (told[type]?.[name] !== undefined || !ownAttributes.test(name)))
    .map(([name, value]) => {
      const own = told[type]?.[name];
      if (own !== undefined) return own(value);
      return name === "tags" ? { Tags: pairs(value) } : { [pascal(name)]: value };
    });
  return Object.assign({}, ...members) as Values;
}

/** Policies and targets, which are resources of their own. */
function apartOf(address: string, created: readonly Created[], references: ReadonlyMap<string, string>, id: string): Values {
  const own = (type: string, member: string) =>
    created.filter((one) => one.type === type && String(one.values[member]).startsWith(`<${id}`));
  const policies = address.startsWith("aws_iam_role.") ? own("aws_iam_role_policy", "role") : [];
  const targets = address.startsWith("aws_cloudwatch_event_rule.") ? own("aws_cloudwatch_event_target", "rule") : [];
  if (references.size === 0) throw new Error("Terraform gave no attribute a value.");
  return {
    Policies: policies.map(({ values: { name, policy } }) => ({ PolicyName: name, PolicyDocument: policy })),
    Targets: targets.map(({ values: { arn, target_id, input } }) => ({ Arn: arn, Id: target_id, Input: input })),
  };
}
