/** One role per function, with what its function needs and nothing more. Pure: needs and settings in, CloudFormation out. */

import { canaryStatements } from "./canary.js";
import { grantsStatements } from "./grants-store.js";
import { kafkaSecretsOf } from "./kafka-access.js";
import type { FunctionNeeds } from "./needs.js";
import type { DeploymentSettings } from "./parameters.js";
import {
  apiStatements,
  remoteSourceStatements,
  routeStatements,
  type Statement,
  targetKeyStatements,
  targetStatements,
} from "./permissions.js";
import { glueStatements, registrySecrets } from "./registry-access.js";
import { type SourceDeclaration, sourceStatements } from "./sources.js";

export interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
  DependsOn?: unknown;
  readonly UpdatePolicy?: unknown;
}

interface RoleRequest {
  readonly needs: FunctionNeeds;
  readonly settings: DeploymentSettings;
  /** As Lambda calls it: `kafka-relay-prod-produce`. */
  readonly functionName: string;
  /** ARNs of secrets that its variables and its route name, without `#field`. */
  readonly secretArns: readonly string[];
  /** ARNs of the routes' functions or their aliases, for the functions that redrive to routes, or ask them. */
  readonly routeFunctionArns: readonly unknown[];
  /** Its events, for a source. */
  readonly declaration?: SourceDeclaration;
}

export const roleIdOf = (key: string): string => `${key.charAt(0).toUpperCase()}${key.slice(1)}Role`;

export function toRole(request: RoleRequest): Resource {
  return {
    Type: "AWS::IAM::Role",
    Properties: {
      AssumeRolePolicyDocument: {
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: { Service: ["lambda.amazonaws.com"] }, Action: ["sts:AssumeRole"] }],
      },
      ...(request.settings.permissionsBoundary === "" ? {} : { PermissionsBoundary: request.settings.permissionsBoundary }),
      Policies: [{ PolicyName: "function", PolicyDocument: { Version: "2012-10-17", Statement: statementsOf(request) } }],
    },
  };
}

function statementsOf(request: RoleRequest): readonly Statement[] {
  const { needs, settings, functionName, secretArns, routeFunctionArns, declaration } = request;
  const { clusterArn, kafkaAuthentication, topicPrefix } = settings;
  const usesIam = kafkaAuthentication === "iam";
  const kafka =
    needs.isCanary === true
      ? canaryStatements(declaration?.environment?.RELAY_CANARY_TOPIC ?? "", settings)
      : needs.route === undefined
        ? apiStatements(needs, clusterArn, topicPrefix)
        : routeStatements(needs.route, clusterArn);
  const secrets = [...new Set([...kafkaSecretsOf(settings, needs.key), ...secretArns, ...registrySecrets(needs, settings)])];
  const invokesRoutes = needs.may.some((one) => one === "dead-letter:redrive" || one === "route:try") && routeFunctionArns.length > 0;
  return [
    ...logStatements(functionName),
    networkStatement,
    noNetworkFromCode(functionName),
    ...(settings.tracing === "on" ? [tracingStatement] : []),
    ...(settings.kmsKey === "" ? [] : [environmentKeyStatement(settings.kmsKey)]),
    ...controlStatements(request),
    // Other ways to authenticate know no IAM: there, the cluster's ACLs decide.
    ...(usesIam ? kafka : []),
    ...(needs.route !== undefined && settings.vpcConnectionArn !== "" ? remoteSourceStatements(needs.route, settings) : []),
    ...(needs.route === undefined ? [] : [...targetStatements(needs.route), ...targetKeyStatements(needs.route, settings.targetKeys)]),
    ...(needs.source === undefined || declaration === undefined ? [] : sourceStatements(declaration, needs.source)),
    ...glueStatements(needs, settings),
    ...grantsStatements(needs, settings),
    ...(secrets.length === 0 ? [] : secretStatements(secrets)),
    ...(invokesRoutes
      ? [
          {
            Sid: "Routes",
            Effect: "Allow" as const,
            Action: ["lambda:InvokeFunction"],
            Resource: routeFunctionArns,
          },
        ]
      : []),
  ];
}

function logStatements(functionName: string): readonly Statement[] {
  return [
    {
      Sid: "Logs",
      Effect: "Allow",
      Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
      Resource: { "Fn::Sub": `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/${functionName}:*` },
    },
  ];
}

/** A function in a VPC has network interfaces; for most of these actions EC2 supports no resource (https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html). */
const networkStatement: Statement = {
  Sid: "Network",
  Effect: "Allow",
  Action: [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
  ],
  Resource: "*",
};

/**
 * The permissions above are for Lambda, which manages the interfaces; the function's own code must not have them
 * (https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-iam-policies).
 */
function noNetworkFromCode(functionName: string): Statement {
  return {
    Sid: "NoNetworkFromCode",
    Effect: "Deny",
    Action: [...networkStatement.Action, "ec2:DetachNetworkInterface"].sort(),
    Resource: "*",
    Condition: {
      ArnEquals: {
        "lambda:SourceFunctionArn": {
          "Fn::Sub": `arn:\${AWS::Partition}:lambda:\${AWS::Region}:\${AWS::AccountId}:function:${functionName}`,
        },
      },
    },
  };
}

/** https://docs.aws.amazon.com/xray/latest/devguide/security_iam_service-with-iam.html: X-Ray supports no resource for them. */
const tracingStatement: Statement = {
  Sid: "Tracing",
  Effect: "Allow",
  Action: ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
  Resource: "*",
};

/** The variables of a function are encrypted with the key, and decrypted as the function. */
const environmentKeyStatement = (kmsKey: string): Statement => ({
  Sid: "EnvironmentKey",
  Effect: "Allow",
  Action: ["kms:Decrypt"],
  Resource: kmsKey,
});

/** MSK's control plane: the brokers' addresses, and the cluster's state for one operation. */
function controlStatements({ needs, settings: { brokers, clusterArn } }: RoleRequest): readonly Statement[] {
  const actions = [
    ...(brokers === "" ? ["kafka:GetBootstrapBrokers"] : []),
    ...(needs.may.includes("cluster:describe") ? ["kafka:DescribeClusterV2"] : []),
  ];
  return actions.length === 0 || clusterArn === "" ? [] : [{ Sid: "Control", Effect: "Allow", Action: actions, Resource: clusterArn }];
}

/** Secrets under a customer's own key are decrypted through Secrets Manager only, and only these secrets. */
function secretStatements(arns: readonly string[]): readonly Statement[] {
  return [
    { Sid: "Secrets", Effect: "Allow", Action: ["secretsmanager:GetSecretValue"], Resource: arns },
    {
      Sid: "SecretKeys",
      Effect: "Allow",
      Action: ["kms:Decrypt"],
      Resource: "*",
      Condition: {
        StringEquals: {
          // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own
          "kms:ViaService": { "Fn::Sub": "secretsmanager.${AWS::Region}.amazonaws.com" },
          "kms:EncryptionContext:SecretARN": arns,
        },
      },
    },
  ];
}
