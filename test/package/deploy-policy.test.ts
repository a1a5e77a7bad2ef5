/** The policy of a user or role that deploys, compared with the permissions that CloudFormation's resource schemas name for every type in the template. */
import { expect, test } from "vitest";
import { missingPermissions } from "../support/package/deploy-policy.js";
import { packageService, parameters } from "../support/package/packaged.js";

test("it grants what CloudFormation needs to create, read, update and delete every type of resource in the template", {
  timeout: 300_000,
}, async () => {
  const found = await missingPermissions([
    packageService("prod"),
    packageService("dev", { ...parameters, authorizer: "jwt", jwtIssuer: "https://issuer.example.com/", jwtAudience: "relay" }),
  ]);
  if (found === undefined) return;

  expect(found.types).toBeGreaterThan(10);
  expect(found.missing).toEqual([]);
});
