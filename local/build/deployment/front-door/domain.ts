/** A custom domain in front of an HTTP API or a private REST API, and a base path in it. Pure. */
import type { DeploymentSettings } from "../parameters.js";
import type { Resource } from "../roles.js";

export function domainResources(settings: DeploymentSettings): Readonly<Record<string, Resource>> {
  if (settings.domain === "") return {};
  return settings.frontDoor === "http" ? httpDomain(settings) : privateDomain(settings);
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-custom-domain-names.html */
function httpDomain({ domain, certificateArn, basePath }: DeploymentSettings): Readonly<Record<string, Resource>> {
  return {
    FrontDoorDomain: {
      Type: "AWS::ApiGatewayV2::DomainName",
      Properties: {
        DomainName: domain,
        DomainNameConfigurations: [{ CertificateArn: certificateArn, EndpointType: "REGIONAL", SecurityPolicy: "TLS_1_2" }],
      },
    },
    FrontDoorMapping: {
      Type: "AWS::ApiGatewayV2::ApiMapping",
      DependsOn: ["HttpApiStage"],
      Properties: {
        DomainName: { Ref: "FrontDoorDomain" },
        ApiId: { Ref: "HttpApi" },
        Stage: "$default",
        ...(basePath === "" ? {} : { ApiMappingKey: basePath }),
      },
    },
  };
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-custom-domains.html */
function privateDomain({ domain, certificateArn, basePath, vpcEndpoints }: DeploymentSettings): Readonly<Record<string, Resource>> {
  const DomainNameArn = { "Fn::GetAtt": ["FrontDoorDomain", "DomainNameArn"] };
  const all = { Principal: "*", Action: "execute-api:Invoke", Resource: "execute-api:/*" };
  return {
    FrontDoorDomain: {
      Type: "AWS::ApiGateway::DomainNameV2",
      Properties: {
        DomainName: domain,
        CertificateArn: certificateArn,
        EndpointConfiguration: { Types: ["PRIVATE"] },
        SecurityPolicy: "TLS_1_2",
        Policy: {
          Version: "2012-10-17",
          Statement: [
            { Effect: "Deny", ...all, Condition: { StringNotEquals: { "aws:SourceVpce": vpcEndpoints } } },
            { Effect: "Allow", ...all },
          ],
        },
      },
    },
    FrontDoorMapping: {
      Type: "AWS::ApiGateway::BasePathMappingV2",
      Properties: {
        DomainNameArn,
        RestApiId: { Ref: "FrontDoorApi" },
        Stage: { Ref: "FrontDoorStage" },
        ...(basePath === "" ? {} : { BasePath: basePath }),
      },
    },
    ...Object.fromEntries(
      vpcEndpoints.map((endpoint, index): readonly [string, Resource] => [
        `FrontDoorAccess${index + 1}`,
        {
          Type: "AWS::ApiGateway::DomainNameAccessAssociation",
          Properties: { DomainNameArn, AccessAssociationSource: endpoint, AccessAssociationSourceType: "VPCE" },
        },
      ]),
    ),
  };
}
