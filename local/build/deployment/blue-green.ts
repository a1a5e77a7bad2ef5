/**
 * A new version of each function takes over by an alias and CodeDeploy: at once, or for a part of the calls first; alarms take it back
 * (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/blue-green-lambda.html). Gateways and mappings invoke the alias. Pure.
 */
import { aliasIdOf, aliasName, hasAliases, invokedArn } from "./invoked.js";
import type { DeploymentSettings } from "./parameters.js";
import type { Resource } from "./roles.js";
import { type CompiledTemplate, functionIdOf } from "./service.js";

/** How traffic moves (https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html). */
const configurations = {
  allAtOnce: "CodeDeployDefault.LambdaAllAtOnce",
  canary10: "CodeDeployDefault.LambdaCanary10Percent10Minutes",
  linear: "CodeDeployDefault.LambdaLinear10PercentEvery1Minute",
} as const;

const applicationId = "CodeDeployApplication";
const roleId = "CodeDeployRole";
/** Types that invoke functions. */
const invoking = [
  "AWS::ApiGatewayV2::Integration",
  "AWS::Events::Rule",
  "AWS::Lambda::EventSourceMapping",
  "AWS::Lambda::Permission",
  "AWS::SNS::Subscription",
  "AWS::Scheduler::Schedule",
];

type Resources = Record<string, Resource>;

interface BlueGreenFunctions {
  readonly keys: readonly string[];
  /** Those that a front door calls. */
  readonly called: ReadonlySet<string>;
  readonly functionNameOf: (key: string) => string;
}

/** Adds versions' aliases to a compiled template, and makes whatever invokes a function invoke its alias. */
export function addBlueGreen(
  { Resources: resources, Outputs = {} }: CompiledTemplate,
  functions: BlueGreenFunctions,
  settings: DeploymentSettings,
): void {
  const { deployment } = settings;
  const { keys, called } = functions;
  if (deployment === "direct") return;
  Object.assign(resources, shared(functions, settings));
  for (const key of keys) {
    resources[aliasIdOf(key)] = alias(key, versionIdOf(resources, key));
    resources[groupIdOf(key)] = group(configurations[deployment], alarmsOf(resources, key, called.has(key)));
  }
  const aliases = new Map(keys.map((key) => [functionIdOf(key), invokedArn(settings, key)]));
  for (const resource of Object.values(resources))
    if (invoking.includes(resource.Type)) Object.assign(resource.Properties, withAliases(resource.Properties, aliases) as object);
  // Of the framework: the ARN of a version that nobody needs, for each function.
  for (const name of Object.keys(Outputs)) if (/LambdaFunctionQualifiedArn$/.test(name)) delete Outputs[name];
}

const capitalised = (key: string): string => `${key.charAt(0).toUpperCase()}${key.slice(1)}`;
const groupIdOf = (key: string): string => `${capitalised(key)}DeploymentGroup`;

/** The framework names a version by a hash of code and configuration, so that each deployment that changes a function has a new one. */
function versionIdOf(resources: Resources, key: string): string {
  const id = Object.keys(resources).find((one) => one.startsWith(`${capitalised(key)}LambdaVersion`));
  if (id === undefined) throw new Error(`The framework has compiled no version of the function ${key}.`);
  return id;
}

function alias(key: string, versionId: string): Resource {
  return {
    Type: "AWS::Lambda::Alias",
    Properties: {
      FunctionName: { Ref: functionIdOf(key) },
      FunctionVersion: { "Fn::GetAtt": [versionId, "Version"] },
      Name: aliasName,
    },
    UpdatePolicy: {
      CodeDeployLambdaAliasUpdate: { ApplicationName: { Ref: applicationId }, DeploymentGroupName: { Ref: groupIdOf(key) } },
    },
  };
}

/** What callers notice, and what the function itself does. A lag grows for many reasons, so it takes no version back. */
function alarmsOf(resources: Resources, key: string, isCalled: boolean): readonly string[] {
  const own = [`${capitalised(key)}FailuresAlarm`, `${capitalised(key)}DeadLettersAlarm`];
  // Behind Function URLs, each function has an alarm of its own calls.
  const ofCalls = ["Api5xxAlarm", `Api5xx${key}Alarm`, "ApiFailedRecordsAlarm"];
  return [...own, ...(isCalled ? ofCalls : [])].filter((id) => id in resources);
}

function group(DeploymentConfigName: string, alarmIds: readonly string[]): Resource {
  return {
    Type: "AWS::CodeDeploy::DeploymentGroup",
    Properties: {
      ApplicationName: { Ref: applicationId },
      ServiceRoleArn: { "Fn::GetAtt": [roleId, "Arn"] },
      DeploymentConfigName,
      DeploymentStyle: { DeploymentType: "BLUE_GREEN", DeploymentOption: "WITH_TRAFFIC_CONTROL" },
      AutoRollbackConfiguration: {
        Enabled: true,
        Events: ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"],
      },
      AlarmConfiguration: { Enabled: true, Alarms: alarmIds.map((id) => ({ Name: { Ref: id } })) },
    },
  };
}

/** As AWSCodeDeployRoleForLambdaLimited, for these functions alone. */
function shared(
  { keys, functionNameOf }: BlueGreenFunctions,
  { permissionsBoundary }: DeploymentSettings,
): Readonly<Record<string, Resource>> {
  const Statement = [
    { Sid: "Alarms", Effect: "Allow", Action: ["cloudwatch:DescribeAlarms"], Resource: "*" },
    {
      Sid: "Aliases",
      Effect: "Allow",
      Action: ["lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"],
      // By name: the role must not depend on functions, some of which depend on aliases of others, which depend on it.
      Resource: keys.flatMap((key) => {
        const arn = `arn:\${AWS::Partition}:lambda:\${AWS::Region}:\${AWS::AccountId}:function:${functionNameOf(key)}`;
        return [{ "Fn::Sub": arn }, { "Fn::Sub": `${arn}:*` }];
      }),
    },
  ];
  return {
    [applicationId]: { Type: "AWS::CodeDeploy::Application", Properties: { ComputePlatform: "Lambda" } },
    [roleId]: {
      Type: "AWS::IAM::Role",
      Properties: {
        AssumeRolePolicyDocument: {
          Version: "2012-10-17",
          Statement: [{ Effect: "Allow", Principal: { Service: ["codedeploy.amazonaws.com"] }, Action: ["sts:AssumeRole"] }],
        },
        ...(permissionsBoundary === "" ? {} : { PermissionsBoundary: permissionsBoundary }),
        Policies: [{ PolicyName: "deployments", PolicyDocument: { Version: "2012-10-17", Statement } }],
      },
    },
  };
}

/** `{ Fn::GetAtt: [function, Arn] }`, wherever it is. */
function withAliases(value: unknown, aliases: ReadonlyMap<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map((one) => withAliases(one, aliases));
  if (typeof value !== "object" || value === null) return value;
  const [id, attribute] = (value as { readonly "Fn::GetAtt"?: readonly string[] })["Fn::GetAtt"] ?? [];
  if (attribute === "Arn" && id !== undefined && aliases.has(id)) return aliases.get(id);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withAliases(one, aliases)]));
}

/** The version of other functions that a function invokes by name. */
export const qualifierVariables = (settings: DeploymentSettings): Readonly<Record<string, string>> =>
  hasAliases(settings) ? { RELAY_FUNCTION_QUALIFIER: aliasName } : {};
