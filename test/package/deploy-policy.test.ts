/** The policy of a user or role that deploys, compared with the permissions that CloudFormation's resource schemas name for every type in the template. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectFolder } from "../../local/build/service-map.js";
import { packageService, parameters } from "../support/package/packaged.js";
import { resourceSchemas } from "../support/package/resource-schemas.js";

/** What a schema names for settings that this template never has. */
const unused: Readonly<Record<string, string>> = {
  "elasticfilesystem:DescribeMountTargets": "functions mount no file system",
  "firehose:TagDeliveryStream": "no log group is delivered to Firehose",
  "logs:DeleteDataProtectionPolicy": "no log group has a data protection policy",
  "logs:DeleteIndexPolicy": "no log group has an index policy",
  "logs:DeleteResourcePolicy": "no log group has a resource policy",
  "logs:PutBearerTokenAuthentication": "no log group takes bearer tokens",
  "logs:PutDataProtectionPolicy": "no log group has a data protection policy",
  "logs:PutIndexPolicy": "no log group has an index policy",
  "logs:PutLogGroupDeletionProtection": "no log group is protected from deletion",
  "s3files:ListMountTargets": "functions mount no file system",
};
/** S3 Tables belong to buckets with a metadata configuration. */
const isUnused = (permission: string): boolean => permission in unused || permission.startsWith("s3tables:");

const { Statement } = JSON.parse(readFileSync(join(projectFolder, "docs/deploy-policy.json"), "utf8")) as {
  readonly Statement: readonly { readonly Action: readonly string[] }[];
};
const granted = Statement.flatMap(({ Action }) => Action);
const isGranted = (permission: string): boolean =>
  granted.some((action) => action === permission || (action.endsWith("*") && permission.startsWith(action.slice(0, -1))));

test("it grants what CloudFormation needs to create, read, update and delete every type of resource in the template", {
  timeout: 300_000,
}, async () => {
  const schemas = await resourceSchemas("the deployment's policy against CloudFormation's schemas");
  if (schemas === undefined) return;
  const packages = [
    packageService("prod"),
    packageService("dev", { ...parameters, authorizer: "jwt", jwtIssuer: "https://issuer.example.com/", jwtAudience: "relay" }),
  ];
  const types = new Set(packages.flatMap(({ resources }) => Object.values(resources).map(({ Type }) => Type)));

  const unknown = [...types].filter((type) => !schemas.has(type));
  const missing =
    unknown.length > 0
      ? unknown
      : [...types].sort().flatMap((type) => {
          const { handlers = {} } = schemas.get(type);
          const needed = new Set(["create", "read", "update", "delete"].flatMap((verb) => handlers[verb]?.permissions ?? []));
          return [...needed]
            .filter((permission) => !isGranted(permission) && !isUnused(permission))
            .map((permission) => `${type}: ${permission}`);
        });

  expect(types.size).toBeGreaterThan(10);
  expect(missing).toEqual([]);
});
