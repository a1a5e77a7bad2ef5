/**
 * An Application Load Balancer inside the VPC as CloudFormation resources: one target group per function, so that each keeps its own role, and rules that find the function
 * (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html). Pure.
 */
import { createHash } from "node:crypto";
import { invokedArn } from "../invoked.js";
import type { DeploymentSettings } from "../parameters.js";
import type { Resource } from "../roles.js";
import { toAlbRules } from "./alb-rules.js";
import { catchAllOf, type DoorCall, namedCalls } from "./calls.js";
import type { DoorScope } from "./front-door.js";

/** TLS 1.2 and 1.3 (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html). */
const tlsPolicy = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06";

export function albDoor(calls: readonly DoorCall[], settings: DeploymentSettings, scope: DoorScope): Readonly<Record<string, Resource>> {
  const keys = [...new Set(calls.map(({ functionKey }) => functionKey))];
  const rules = toAlbRules(namedCalls(calls));
  return {
    FrontDoorLoadBalancer: {
      Type: "AWS::ElasticLoadBalancingV2::LoadBalancer",
      Properties: {
        Type: "application",
        Scheme: "internal",
        Subnets: settings.subnets,
        SecurityGroups: settings.albSecurityGroups,
        LoadBalancerAttributes: [{ Key: "routing.http.drop_invalid_header_fields.enabled", Value: "true" }],
      },
    },
    FrontDoorListener: {
      Type: "AWS::ElasticLoadBalancingV2::Listener",
      Properties: {
        LoadBalancerArn: { Ref: "FrontDoorLoadBalancer" },
        Port: 443,
        Protocol: "HTTPS",
        SslPolicy: tlsPolicy,
        Certificates: [{ CertificateArn: settings.certificateArn }],
        DefaultActions: [defaultAction(catchAllOf(calls))],
      },
    },
    ...Object.fromEntries(
      keys.flatMap((key) => [
        [permissionIdOf(key), permission(key, settings, scope)],
        [targetGroupIdOf(key), targetGroup(key, settings, scope)],
      ]),
    ),
    ...Object.fromEntries(
      rules.map(({ functionKey, methods, patterns }, index): readonly [string, Resource] => [
        `FrontDoorRule${index + 1}`,
        {
          Type: "AWS::ElasticLoadBalancingV2::ListenerRule",
          Properties: {
            ListenerArn: { Ref: "FrontDoorListener" },
            Priority: index + 1,
            Conditions: [
              { Field: "path-pattern", PathPatternConfig: { RegexValues: patterns } },
              ...(methods.length === 0 ? [] : [{ Field: "http-request-method", HttpRequestMethodConfig: { Values: methods } }]),
            ],
            Actions: [forwardTo(functionKey)],
          },
        },
      ]),
    ),
  };
}

const capitalised = (key: string): string => `${key.charAt(0).toUpperCase()}${key.slice(1)}`;
const targetGroupIdOf = (key: string): string => `${capitalised(key)}TargetGroup`;
const permissionIdOf = (key: string): string => `${capitalised(key)}FrontDoorPermission`;
const forwardTo = (key: string) => ({ Type: "forward", TargetGroupArn: { Ref: targetGroupIdOf(key) } });

function defaultAction(key: string | undefined): unknown {
  const notFound = { StatusCode: "404", ContentType: "application/json", MessageBody: '{"error_code":404,"message":"Not found."}' };
  return key === undefined ? { Type: "fixed-response", FixedResponseConfig: notFound } : forwardTo(key);
}

/** At most 32 characters, and another for each stage. */
function targetGroupName(key: string, { name }: DoorScope): string {
  const stage = createHash("sha256").update(name).digest("hex").slice(0, 8);
  return `relay-${stage}-${key}`.slice(0, 32).replace(/-$/, "");
}

/** Without multi-value headers, the load balancer passes on only the last of several equal headers or parameters. */
function targetGroup(key: string, settings: DeploymentSettings, scope: DoorScope): Resource {
  return {
    Type: "AWS::ElasticLoadBalancingV2::TargetGroup",
    // The load balancer must be permitted to invoke the function when it is registered.
    DependsOn: [permissionIdOf(key)],
    Properties: {
      Name: targetGroupName(key, scope),
      TargetType: "lambda",
      Targets: [{ Id: invokedArn(settings, key) }],
      TargetGroupAttributes: [{ Key: "lambda.multi_value_headers.enabled", Value: "true" }],
    },
  };
}

function permission(key: string, settings: DeploymentSettings, scope: DoorScope): Resource {
  return {
    Type: "AWS::Lambda::Permission",
    Properties: {
      FunctionName: invokedArn(settings, key),
      Action: "lambda:InvokeFunction",
      Principal: "elasticloadbalancing.amazonaws.com",
      SourceArn: {
        "Fn::Sub": `arn:\${AWS::Partition}:elasticloadbalancing:\${AWS::Region}:\${AWS::AccountId}:targetgroup/${targetGroupName(key, scope)}/*`,
      },
    },
  };
}
