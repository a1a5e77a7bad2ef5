/** The policy of a user or role that deploys, and the permissions that CloudFormation's resource schemas name for what it deploys. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "../../../local/build/service-map.js";
import type { Packaged } from "./packaged.js";
import { resourceSchemas } from "./resource-schemas.js";

/** What a schema names for settings that this template never has. */
const unused: Readonly<Record<string, string>> = {
  "codedeploy:RegisterOnPremisesInstance": "deployments are of functions",
  "cognito-idp:DescribeUserPoolClient": "the load balancer signs nobody in",
  "ec2:DescribeIpamPools": "the load balancer has addresses of its subnets",
  "elasticfilesystem:DescribeMountTargets": "functions mount no file system",
  "elasticloadbalancing:ModifyCapacityReservation": "no capacity is reserved",
  "elasticloadbalancing:ModifyIpPools": "the load balancer has addresses of its subnets",
  "firehose:TagDeliveryStream": "no log group is delivered to Firehose",
  "logs:DeleteDataProtectionPolicy": "no log group has a data protection policy",
  "logs:DeleteIndexPolicy": "no log group has an index policy",
  "logs:DeleteResourcePolicy": "no log group has a resource policy",
  "logs:PutBearerTokenAuthentication": "no log group takes bearer tokens",
  "logs:PutDataProtectionPolicy": "no log group has a data protection policy",
  "logs:PutIndexPolicy": "no log group has an index policy",
  "logs:PutLogGroupDeletionProtection": "no log group is protected from deletion",
  "wafv2:GetPermissionPolicy": "web ACLs are not shared by this template",
  "wafv2:PutPermissionPolicy": "web ACLs are not shared by this template",
  "s3files:ListMountTargets": "functions mount no file system",
};
/** S3 Tables belong to buckets with a metadata configuration; a web ACL can be associated with many other types. */
const isUnused = (permission: string): boolean =>
  permission in unused ||
  permission.startsWith("s3tables:") ||
  (/web_?acl/i.test(permission) && !/^(wafv2|elasticloadbalancing):/.test(permission));

const { Statement } = JSON.parse(readFileSync(join(projectFolder, "docs/deploy-policy.json"), "utf8")) as {
  readonly Statement: readonly { readonly Action: readonly string[] }[];
};
const granted = Statement.flatMap(({ Action }) => Action);
const isGranted = (permission: string): boolean =>
  granted.some((action) => action === permission || (action.endsWith("*") && permission.startsWith(action.slice(0, -1))));

/** What the policy lacks for the types of resources in the packages; undefined, and reported at the end of the run, where the schemas cannot be had. */
export async function missingPermissions(
  packages: readonly Packaged[],
): Promise<{ readonly types: number; readonly missing: readonly string[] } | undefined> {
  const schemas = await resourceSchemas("the deployment's policy against CloudFormation's schemas");
  if (schemas === undefined) return undefined;
  const types = new Set(packages.flatMap(({ resources }) => Object.values(resources).map(({ Type }) => Type)));
  const unknown = [...types].filter((type) => !schemas.has(type));
  if (unknown.length > 0) return { types: types.size, missing: unknown };
  const missing = [...types].sort().flatMap((type) => {
    const { handlers = {} } = schemas.get(type);
    const needed = new Set(["create", "read", "update", "delete"].flatMap((verb) => handlers[verb]?.permissions ?? []));
    return [...needed]
      .filter((permission) => !isGranted(permission) && !isUnused(permission))
      .map((permission) => `${type}: ${permission}`);
  });
  return { types: types.size, missing };
}
