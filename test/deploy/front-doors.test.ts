/** Every front door is packaged by `npm run package`: its resources, who may invoke the functions, its alarms, and what CloudFormation's own checker says. */
import { describe, expect, test } from "vitest";
import { lintTemplate } from "../support/package/cfn-lint.js";
import { missingPermissions } from "../support/package/deploy-policy.js";
import { type FrontDoorKind, frontDoors } from "../support/package/front-doors.js";
import { packageService, parameters } from "../support/package/packaged.js";

interface Expected {
  /** How many of each type; the functions of the API are ten with the webhook, eleven with the console. */
  readonly resources: Readonly<Record<string, number>>;
  readonly principal: string | undefined;
  /** Namespace and metrics of the alarms on calls. */
  readonly alarms: readonly string[];
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly outputs: readonly string[];
}

const checkedByFunctions = {
  RELAY_JWT_JWKS_URL: "https://issuer.example.com/jwks.json",
  RELAY_JWT_ISSUER: "https://issuer.example.com/",
  RELAY_JWT_AUDIENCE: "relay",
};

const expectedOf: Readonly<Record<FrontDoorKind, Expected>> = {
  "an HTTP API with a custom domain": {
    resources: { "AWS::ApiGatewayV2::Api": 1, "AWS::ApiGatewayV2::DomainName": 1, "AWS::ApiGatewayV2::ApiMapping": 1 },
    principal: "apigateway.amazonaws.com",
    alarms: ["AWS/ApiGateway 5xx", "AWS/ApiGateway Latency"],
    variables: { RELAY_BASE_PATH: "/relay", RELAY_JWT_JWKS_URL: undefined },
    outputs: ["DomainUrl", "HttpApiUrl"],
  },
  "a private REST API": {
    resources: {
      "AWS::ApiGateway::RestApi": 1,
      "AWS::ApiGateway::Stage": 1,
      "AWS::ApiGateway::Deployment": 1,
      "AWS::ApiGatewayV2::Api": 0,
      "AWS::WAFv2::WebACLAssociation": 0,
    },
    principal: "apigateway.amazonaws.com",
    alarms: ["AWS/ApiGateway 5XXError", "AWS/ApiGateway Latency"],
    variables: { RELAY_JWT_JWKS_URL: undefined },
    outputs: ["ApiUrl"],
  },
  "a private REST API with tokens, a domain and WAF": {
    resources: {
      "AWS::ApiGateway::RestApi": 1,
      "AWS::ApiGateway::DomainNameV2": 1,
      "AWS::ApiGateway::BasePathMappingV2": 1,
      "AWS::ApiGateway::DomainNameAccessAssociation": 2,
      "AWS::WAFv2::WebACLAssociation": 1,
    },
    principal: "apigateway.amazonaws.com",
    alarms: ["AWS/ApiGateway 5XXError", "AWS/ApiGateway Latency"],
    variables: { ...checkedByFunctions, RELAY_BASE_PATH: "/relay" },
    outputs: ["ApiUrl", "DomainUrl"],
  },
  "a load balancer": {
    resources: {
      "AWS::ElasticLoadBalancingV2::LoadBalancer": 1,
      "AWS::ElasticLoadBalancingV2::Listener": 1,
      "AWS::ElasticLoadBalancingV2::TargetGroup": 11,
      "AWS::ApiGatewayV2::Api": 0,
      "AWS::WAFv2::WebACLAssociation": 1,
    },
    principal: "elasticloadbalancing.amazonaws.com",
    alarms: ["AWS/ApplicationELB HTTPCode_Target_5XX_Count", "AWS/ApplicationELB TargetResponseTime"],
    variables: { ...checkedByFunctions, RELAY_REQUEST_LOG: "on" },
    outputs: ["LoadBalancerName"],
  },
  "Function URLs": {
    resources: { "AWS::Lambda::Url": 9, "AWS::ApiGatewayV2::Api": 0 },
    principal: undefined,
    alarms: ["AWS/Lambda Url5xxCount", "AWS/Lambda UrlRequestLatency"],
    variables: { RELAY_REQUEST_LOG: "on" },
    outputs: ["ProduceUrl", "ServiceUrl"],
  },
};

/** Not every door answers the preflight requests of browsers. */
const { corsOrigins: _, ...shared } = parameters;

describe.each(Object.keys(frontDoors) as FrontDoorKind[])("%s", (name) => {
  const packaged = packageService("prod", { ...shared, ...frontDoors[name] });
  const { resources, principal, alarms, variables, outputs } = expectedOf[name];

  test("is packaged, with these resources", () => {
    expect(packaged.status, packaged.output).toBe(0);
    for (const [type, count] of Object.entries(resources)) expect(packaged.ofType(type), type).toHaveLength(count);
    expect(Object.keys(packaged.outputs)).toEqual(expect.arrayContaining([...outputs]));
  });

  test("only it may invoke the functions, and only from this deployment", () => {
    const ofDoor = packaged.ofType("AWS::Lambda::Permission").filter(({ Principal }) => !/^(events|scheduler)\./.test(Principal));

    for (const { Principal, SourceArn } of ofDoor) {
      expect(Principal).toBe(principal);
      expect(JSON.stringify(SourceArn)).toMatch(/HttpApi|FrontDoorApi|targetgroup\/relay-[0-9a-f]{8}-/);
    }
    expect(ofDoor.length > 0).toBe(principal !== undefined);
  });

  test("the functions know what it leaves to them", () => {
    const produce = packaged.ofType("AWS::Lambda::Function").find(({ FunctionName }) => FunctionName.endsWith("-produce"));

    for (const [variable, value] of Object.entries(variables)) expect(produce.Environment.Variables[variable], variable).toBe(value);
  });

  test("alarms look at its own metrics", () => {
    const found = packaged.ofType("AWS::CloudWatch::Alarm").filter(({ AlarmName }) => /-api-(5xx|Latency)/.test(AlarmName));

    expect([...new Set(found.map(({ Namespace, MetricName }) => `${Namespace} ${MetricName}`))].sort()).toEqual([...alarms].sort());
  });

  test("the policy of the user who deploys covers all of it", { timeout: 300_000 }, async () => {
    expect((await missingPermissions([packaged]))?.missing ?? []).toEqual([]);
  });

  test("CloudFormation's own checker finds nothing in it", { timeout: 300_000 }, async () => {
    expect((await lintTemplate(packaged.templatePath, `cfn-lint on ${name}`)) ?? []).toEqual([]);
  });
});
