/**
 * A private REST API as CloudFormation resources: one API with all its methods as an OpenAPI document, so that a call costs no resource of the stack
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-apis.html). Pure.
 */
import { createHash } from "node:crypto";
import { invokedArn } from "../invoked.js";
import type { DeploymentSettings } from "../parameters.js";
import type { Resource } from "../roles.js";
import { catchAllOf, type DoorCall, namedCalls } from "./calls.js";
import type { DoorScope } from "./front-door.js";

/** The gateway's own limit is 29 seconds unless it was raised. */
const integrationTimeoutMs = 29_000;
const logDays = 30;

/** Beside what the HTTP API's log has: the same names, so that one query reads both. */
const accessLog = JSON.stringify({
  time: "$context.requestTime",
  requestId: "$context.requestId",
  sourceIp: "$context.identity.sourceIp",
  vpcEndpoint: "$context.identity.vpceId",
  caller: "$context.identity.userArn",
  routeKey: "$context.httpMethod $context.resourcePath",
  path: "$context.path",
  status: "$context.status",
  responseLength: "$context.responseLength",
  latencyMs: "$context.responseLatency",
  integrationError: "$context.integration.error",
});

export function restPrivateDoor(
  calls: readonly DoorCall[],
  settings: DeploymentSettings,
  scope: DoorScope,
): Readonly<Record<string, Resource>> {
  const body = toOpenApi(calls, settings, scope);
  const deploymentId = `FrontDoorDeployment${createHash("sha256").update(JSON.stringify(body)).digest("hex").slice(0, 12)}`;
  const keys = [...new Set(calls.map(({ functionKey }) => functionKey))];
  return {
    FrontDoorApi: {
      Type: "AWS::ApiGateway::RestApi",
      Properties: {
        Name: scope.name,
        EndpointConfiguration: { Types: ["PRIVATE"], VpcEndpointIds: settings.vpcEndpoints },
        Policy: endpointPolicy(settings.vpcEndpoints),
        Body: body,
      },
    },
    [deploymentId]: {
      Type: "AWS::ApiGateway::Deployment",
      Properties: { RestApiId: { Ref: "FrontDoorApi" } },
    },
    FrontDoorLogs: {
      Type: "AWS::Logs::LogGroup",
      Properties: { LogGroupName: `/aws/rest-api/${scope.name}`, RetentionInDays: logDays },
    },
    FrontDoorStage: {
      Type: "AWS::ApiGateway::Stage",
      Properties: {
        RestApiId: { Ref: "FrontDoorApi" },
        DeploymentId: { Ref: deploymentId },
        StageName: scope.stage,
        AccessLogSetting: { DestinationArn: { "Fn::GetAtt": ["FrontDoorLogs", "Arn"] }, Format: accessLog },
        MethodSettings: [
          {
            HttpMethod: "*",
            ResourcePath: "/*",
            ThrottlingRateLimit: Number(settings.throttleRate),
            ThrottlingBurstLimit: Number(settings.throttleBurst),
          },
        ],
        TracingEnabled: settings.tracing === "on",
      },
    },
    ...Object.fromEntries(keys.map((key) => [`${capitalised(key)}FrontDoorPermission`, permission(key, settings)])),
  };
}

const capitalised = (key: string): string => `${key.charAt(0).toUpperCase()}${key.slice(1)}`;

/** Calls by another way are refused, whatever else is allowed. */
function endpointPolicy(vpcEndpoints: readonly string[]): unknown {
  const all = { Principal: "*", Action: "execute-api:Invoke", Resource: "execute-api:/*" };
  return {
    Version: "2012-10-17",
    Statement: [
      { Effect: "Deny", ...all, Condition: { StringNotEquals: { "aws:SourceVpce": vpcEndpoints } } },
      { Effect: "Allow", ...all },
    ],
  };
}

function permission(key: string, settings: DeploymentSettings): Resource {
  return {
    Type: "AWS::Lambda::Permission",
    Properties: {
      FunctionName: invokedArn(settings, key),
      Action: "lambda:InvokeFunction",
      Principal: "apigateway.amazonaws.com",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own
      SourceArn: { "Fn::Sub": "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${FrontDoorApi}/*" },
    },
  };
}

/** The gateway's own extensions: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html */
function toOpenApi(calls: readonly DoorCall[], settings: DeploymentSettings, { name }: DoorScope): unknown {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { method, path, functionKey, isOpen } of namedCalls(calls)) {
    const guarded = settings.authorizer === "iam" && !isOpen;
    paths[path] = { ...paths[path], [method.toLowerCase()]: toMethod(path, functionKey, guarded, settings) };
  }
  const catchAll = catchAllOf(calls);
  if (catchAll !== undefined) {
    // Whatever method a path has not: it answers 405 with those that it has.
    for (const path of ["/", ...Object.keys(paths), "/{proxy+}"]) {
      const others = toMethod(path, catchAll, settings.authorizer === "iam", settings);
      paths[path] = { ...paths[path], "x-amazon-apigateway-any-method": others };
    }
  }
  return {
    openapi: "3.0.1",
    info: { title: name, version: "1" },
    "x-amazon-apigateway-binary-media-types": ["*/*"],
    paths,
    components: {
      securitySchemes: {
        sigv4: { type: "apiKey", name: "Authorization", in: "header", "x-amazon-apigateway-authtype": "awsSigv4" },
      },
    },
  };
}

function toMethod(path: string, functionKey: string, isGuarded: boolean, settings: DeploymentSettings): unknown {
  const parameters = [...path.matchAll(/\{([^}+]+)\+?\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  return {
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(isGuarded ? { security: [{ sigv4: [] }] } : {}),
    responses: {},
    "x-amazon-apigateway-integration": {
      type: "aws_proxy",
      httpMethod: "POST",
      uri: {
        "Fn::Sub": [
          // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own
          "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Invoked}/invocations",
          { Invoked: invokedArn(settings, functionKey) },
        ],
      },
      timeoutInMillis: integrationTimeoutMs,
    },
  };
}
