/** A stage whose versions take over by aliases: what invokes functions invokes the aliases, and alarms take a version back. */
import { expect, test } from "vitest";
import { deployedFunctions } from "../../local/build/service-map.js";
import { lintTemplate } from "../support/package/cfn-lint.js";
import { missingPermissions } from "../support/package/deploy-policy.js";
import { packageService, parameters } from "../support/package/packaged.js";

const canary = packageService("prod", { ...parameters, deployment: "canary10" });
const keys = deployedFunctions().map(({ key }) => key);
const capitalised = (key: string) => `${key.charAt(0).toUpperCase()}${key.slice(1)}`;
const aliasOf = (key: string) => ({ Ref: `${capitalised(key)}LiveAlias` });

test("it is packaged, with a version, an alias and a deployment group for each function", () => {
  expect(canary.status, canary.output).toBe(0);
  for (const type of ["AWS::Lambda::Version", "AWS::Lambda::Alias", "AWS::CodeDeploy::DeploymentGroup"])
    expect(canary.ofType(type), type).toHaveLength(keys.length);
  for (const { DeploymentConfigName } of canary.ofType("AWS::CodeDeploy::DeploymentGroup"))
    expect(DeploymentConfigName).toBe("CodeDeployDefault.LambdaCanary10Percent10Minutes");
});

test("every alias moves by CodeDeploy, from version to version of its own function", () => {
  for (const key of keys) {
    const { Properties, UpdatePolicy } = canary.resources[aliasOf(key).Ref] as { Properties: unknown; UpdatePolicy?: unknown };

    expect(Properties).toMatchObject({
      FunctionName: { Ref: `${capitalised(key)}LambdaFunction` },
      FunctionVersion: { "Fn::GetAtt": [expect.stringMatching(new RegExp(`^${capitalised(key)}LambdaVersion`)), "Version"] },
    });
    expect(UpdatePolicy).toMatchObject({
      CodeDeployLambdaAliasUpdate: { DeploymentGroupName: { Ref: `${capitalised(key)}DeploymentGroup` } },
    });
  }
});

test("the gateway, mappings and schedules invoke aliases, and nothing invokes a function itself", () => {
  const invoking = ["Integration", "EventSourceMapping", "Permission", "Rule"];
  const resources = Object.values(canary.resources).filter(({ Type }) => invoking.includes(Type.split("::").pop() ?? ""));

  expect(resources.length).toBeGreaterThan(20);
  for (const { Type, Properties } of resources) expect(JSON.stringify(Properties), Type).not.toMatch(/LambdaFunction"/);
  expect(canary.ofType("AWS::Lambda::EventSourceMapping").map(({ FunctionName }) => FunctionName)).toContainEqual(aliasOf("strongQuakes"));
});

test("functions that redrive to routes invoke the routes' aliases, and may invoke nothing else", () => {
  const redriving = canary.ofType("AWS::Lambda::Function").find(({ FunctionName }) => FunctionName.endsWith("-deadLetters"));
  const invoked = canary.statementsOf("deadLetters").find(({ Sid }) => Sid === "Routes");

  expect(redriving.Environment.Variables.RELAY_FUNCTION_QUALIFIER).toBe("live");
  expect(invoked?.Resource).toEqual(expect.arrayContaining([aliasOf("strongQuakes"), aliasOf("quakesToSql")]));
  expect(JSON.stringify(invoked?.Resource)).not.toContain("LambdaFunction");
});

test("alarms on calls and on failures take a version of the API back, and alarms on failures and dead letters one of a route", () => {
  const alarmsOf = (key: string) =>
    canary.resources[`${capitalised(key)}DeploymentGroup`]?.Properties.AlarmConfiguration.Alarms.map(
      ({ Name }: { Name: { Ref: string } }) => Name.Ref,
    );

  expect(alarmsOf("produce")).toEqual(["ProduceFailuresAlarm", "Api5xxAlarm", "ApiFailedRecordsAlarm"]);
  expect(alarmsOf("strongQuakes")).toEqual(["StrongQuakesFailuresAlarm", "StrongQuakesDeadLettersAlarm"]);
});

test("the policy of the user who deploys covers all of it", { timeout: 300_000 }, async () => {
  expect((await missingPermissions([canary]))?.missing ?? []).toEqual([]);
});

test("CloudFormation's own checker finds nothing in it", { timeout: 300_000 }, async () => {
  expect((await lintTemplate(canary.templatePath, "cfn-lint on aliases")) ?? []).toEqual([]);
});

test("behind a load balancer, target groups invoke aliases too", () => {
  const { corsOrigins: _, ...shared } = parameters;
  const balanced = packageService("prod", {
    ...shared,
    deployment: "linear",
    frontDoor: "alb",
    albSecurityGroups: "sg-1a1b2c3d4e5f60718",
    certificateArn: "arn:aws:acm:eu-central-1:123456789012:certificate/1",
    authorizer: "none",
  });

  expect(balanced.status, balanced.output).toBe(0);
  expect(balanced.ofType("AWS::ElasticLoadBalancingV2::TargetGroup").map(({ Targets }) => Targets[0].Id)).toContainEqual(
    aliasOf("produce"),
  );
});
