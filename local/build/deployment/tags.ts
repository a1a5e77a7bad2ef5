/** The tags of a deployment on every resource that can have some, whatever creates it: the framework tags functions and gateways only. Pure. */
import type { Resource } from "./roles.js";

/** How each type writes its tags; the parts of a gateway below its stages have none. */
const listed = [
  "AWS::ApiGateway::DomainNameAccessAssociation",
  "AWS::ApiGateway::DomainNameV2",
  "AWS::ApiGateway::RestApi",
  "AWS::ApiGateway::Stage",
  "AWS::CloudWatch::Alarm",
  "AWS::CloudWatch::Dashboard",
  "AWS::CodeDeploy::Application",
  "AWS::CodeDeploy::DeploymentGroup",
  "AWS::ElasticLoadBalancingV2::Listener",
  "AWS::ElasticLoadBalancingV2::ListenerRule",
  "AWS::ElasticLoadBalancingV2::LoadBalancer",
  "AWS::ElasticLoadBalancingV2::TargetGroup",
  "AWS::Events::Rule",
  "AWS::IAM::Role",
  "AWS::Lambda::EventSourceMapping",
  "AWS::Lambda::Function",
  "AWS::Logs::LogGroup",
  "AWS::S3::Bucket",
];
const mapped = ["AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::DomainName", "AWS::ApiGatewayV2::Stage"];

interface Tag {
  readonly Key: string;
  readonly Value: unknown;
}

/** A tag that a resource has already stays as it is. */
export function tagResources(resources: readonly Resource[], tags: ReadonlyMap<string, string>): void {
  if (tags.size === 0) return;
  for (const { Type, Properties } of resources) {
    if (mapped.includes(Type)) Properties.Tags = { ...Object.fromEntries(tags), ...(Properties.Tags as object | undefined) };
    if (!listed.includes(Type)) continue;
    const own = (Properties.Tags ?? []) as readonly Tag[];
    const added = [...tags].map(([Key, Value]) => ({ Key, Value })).filter(({ Key }) => !own.some((one) => one.Key === Key));
    Properties.Tags = [...own, ...added];
  }
}
