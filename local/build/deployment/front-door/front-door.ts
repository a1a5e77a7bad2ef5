/** The resources in front of the functions, by `frontDoor`, and the addresses that a deployment prints. An HTTP API itself is compiled by the framework. Pure. */
import type { DeploymentSettings } from "../parameters.js";
import type { Resource } from "../roles.js";
import { albDoor } from "./alb.js";
import type { DoorCall } from "./calls.js";
import { domainResources } from "./domain.js";
import { functionUrls, urlIdOf } from "./function-urls.js";
import { restPrivateDoor } from "./rest-private.js";

export interface DoorScope {
  /** `kafka-relay-prod`. */
  readonly name: string;
  readonly stage: string;
}

interface FrontDoor {
  readonly resources: Readonly<Record<string, Resource>>;
  readonly outputs: Readonly<Record<string, { readonly Description: string; readonly Value: unknown }>>;
}

export function toFrontDoor(calls: readonly DoorCall[], settings: DeploymentSettings, scope: DoorScope): FrontDoor {
  return {
    resources: { ...doorResources(calls, settings, scope), ...domainResources(settings), ...shield(settings) },
    outputs: outputsOf(calls, settings, scope),
  };
}

function doorResources(calls: readonly DoorCall[], settings: DeploymentSettings, scope: DoorScope): Readonly<Record<string, Resource>> {
  switch (settings.frontDoor) {
    case "http":
      return {};
    case "rest-private":
      return restPrivateDoor(calls, settings, scope);
    case "alb":
      return albDoor(calls, settings, scope);
    case "url":
      return functionUrls(calls, settings);
  }
}

/** AWS WAF knows REST APIs and load balancers, and neither HTTP APIs nor Function URLs. */
function shield({ wafAcl, frontDoor }: DeploymentSettings): Readonly<Record<string, Resource>> {
  if (wafAcl === "") return {};
  const stage = {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own
    "Fn::Sub": "arn:${AWS::Partition}:apigateway:${AWS::Region}::/restapis/${FrontDoorApi}/stages/${FrontDoorStage}",
  };
  return {
    FrontDoorShield: {
      Type: "AWS::WAFv2::WebACLAssociation",
      Properties: { WebACLArn: wafAcl, ResourceArn: frontDoor === "alb" ? { Ref: "FrontDoorLoadBalancer" } : stage },
    },
  };
}

function outputsOf(
  calls: readonly DoorCall[],
  { frontDoor, domain, basePath }: DeploymentSettings,
  { stage }: DoorScope,
): FrontDoor["outputs"] {
  const path = basePath === "" ? "" : `/${basePath}`;
  const ofDomain = domain === "" ? {} : { DomainUrl: { Description: "The API by its custom domain", Value: `https://${domain}${path}` } };
  switch (frontDoor) {
    case "http":
      return ofDomain;
    case "rest-private":
      return {
        ApiUrl: {
          Description: "The API, from networks with its VPC endpoint and private DNS",
          Value: { "Fn::Sub": `https://\${FrontDoorApi}.execute-api.\${AWS::Region}.\${AWS::URLSuffix}/${stage}` },
        },
        ...ofDomain,
      };
    case "alb":
      return {
        LoadBalancerName: {
          Description: "Point the name of the certificate here",
          Value: { "Fn::GetAtt": ["FrontDoorLoadBalancer", "DNSName"] },
        },
      };
    case "url":
      return Object.fromEntries(
        [...new Set(calls.map(({ functionKey }) => functionKey))].map((key) => [
          urlIdOf(key),
          { Description: `The calls of ${key}`, Value: { "Fn::GetAtt": [urlIdOf(key), "FunctionUrl"] } },
        ]),
      );
  }
}
