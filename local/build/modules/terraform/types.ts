/**
 * Each type of CloudFormation that a deployment has, as Terraform's provider for AWS writes it: which resource it is, which of its members are blocks, and which have
 * other names. A member that is not mentioned has the same name in snake case.
 */

export interface TerraformType {
  readonly type: string;
  /** What is left of a logical id is the resource's name. */
  readonly strip: RegExp;
  /** The attribute that a `Ref` means. */
  readonly ref: string;
  readonly names?: Readonly<Record<string, string>>;
  /** Members that are blocks, by their path from the resource. A list is a block for each item. */
  readonly blocks?: readonly string[];
  /** Members whose value is JSON text. */
  readonly json?: readonly string[];
  /** Lists of Name and Value that are a map. */
  readonly maps?: readonly string[];
  /** Members of which each is a resource of its own. */
  readonly apart?: readonly string[];
  /** The provider has no attribute for them. */
  readonly omitted?: readonly string[];
}

const mappingBlocks = [
  "AmazonManagedKafkaEventSourceConfig",
  "AmazonManagedKafkaEventSourceConfig.SchemaRegistryConfig",
  "AmazonManagedKafkaEventSourceConfig.SchemaRegistryConfig.AccessConfigs",
  "AmazonManagedKafkaEventSourceConfig.SchemaRegistryConfig.SchemaValidationConfigs",
  "DestinationConfig",
  "DestinationConfig.OnFailure",
  "FilterCriteria",
  "FilterCriteria.Filters",
  "MetricsConfig",
  "ProvisionedPollerConfig",
  "SelfManagedEventSource",
  "SelfManagedKafkaEventSourceConfig",
  "SourceAccessConfigurations",
];

export const terraformTypes: Readonly<Record<string, TerraformType>> = {
  "AWS::ApiGatewayV2::Api": { type: "aws_apigatewayv2_api", strip: /^(?=HttpApi$)/, ref: "id", blocks: ["CorsConfiguration"] },
  "AWS::ApiGatewayV2::Authorizer": {
    type: "aws_apigatewayv2_authorizer",
    strip: /^HttpApiAuthorizer/,
    ref: "id",
    names: { IdentitySource: "identity_sources" },
    blocks: ["JwtConfiguration"],
  },
  "AWS::ApiGatewayV2::Integration": {
    type: "aws_apigatewayv2_integration",
    strip: /^HttpApiIntegration/,
    ref: "id",
    names: { TimeoutInMillis: "timeout_milliseconds" },
  },
  "AWS::ApiGatewayV2::Route": { type: "aws_apigatewayv2_route", strip: /^HttpApiRoute/, ref: "id" },
  "AWS::ApiGatewayV2::Stage": {
    type: "aws_apigatewayv2_stage",
    strip: /^(?=HttpApiStage$)/,
    ref: "id",
    names: { StageName: "name" },
    blocks: ["AccessLogSettings", "DefaultRouteSettings"],
  },
  "AWS::CloudWatch::Alarm": {
    type: "aws_cloudwatch_metric_alarm",
    strip: /Alarm$/,
    ref: "alarm_name",
    names: { Metrics: "metric_query", "Metrics.MetricStat": "metric", OKActions: "ok_actions" },
    blocks: ["Metrics", "Metrics.MetricStat"],
    maps: ["Dimensions"],
  },
  "AWS::CloudWatch::Dashboard": {
    type: "aws_cloudwatch_dashboard",
    strip: /^(?=Dashboard$)/,
    ref: "dashboard_name",
    json: ["DashboardBody"],
    omitted: ["Tags"],
  },
  "AWS::Events::Rule": { type: "aws_cloudwatch_event_rule", strip: /EventsRule/, ref: "name", json: ["EventPattern"], apart: ["Targets"] },
  "AWS::IAM::Role": {
    type: "aws_iam_role",
    strip: /Role$/,
    ref: "name",
    names: { AssumeRolePolicyDocument: "assume_role_policy" },
    json: ["AssumeRolePolicyDocument"],
    apart: ["Policies", "ManagedPolicyArns"],
  },
  "AWS::Lambda::EventSourceMapping": {
    type: "aws_lambda_event_source_mapping",
    strip: /EventSourceMapping/,
    ref: "uuid",
    names: {
      "FilterCriteria.Filters": "filter",
      SourceAccessConfigurations: "source_access_configuration",
      "DestinationConfig.OnFailure.Destination": "destination_arn",
      "AmazonManagedKafkaEventSourceConfig.SchemaRegistryConfig.AccessConfigs": "access_config",
      "AmazonManagedKafkaEventSourceConfig.SchemaRegistryConfig.SchemaValidationConfigs": "schema_validation_config",
    },
    blocks: mappingBlocks,
  },
  "AWS::Lambda::Function": {
    type: "aws_lambda_function",
    strip: /LambdaFunction$/,
    ref: "function_name",
    blocks: ["Environment", "TracingConfig", "VpcConfig"],
  },
  "AWS::Lambda::Permission": { type: "aws_lambda_permission", strip: /LambdaPermission/, ref: "id" },
  "AWS::Logs::LogGroup": { type: "aws_cloudwatch_log_group", strip: /LogGroup$/, ref: "name", names: { LogGroupName: "name" } },
};
