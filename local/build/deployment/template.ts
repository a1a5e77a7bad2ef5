/** What a deployment adds to the CloudFormation template that the framework has compiled: roles, alarms, a dashboard and throttling; and the pages beside it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toAclPage } from "./acls.js";
import { type AlarmScope, toAlarms } from "./alarms.js";
import { addBlueGreen } from "./blue-green.js";
import { watchMappings } from "./canary.js";
import { toDashboard } from "./dashboard.js";
import type { Deployment } from "./deployment.js";
import { toMarkdown } from "./egress.js";
import { doorMetrics } from "./front-door/door-metrics.js";
import { toFrontDoor } from "./front-door/front-door.js";
import { invokedArn } from "./invoked.js";
import { isSelfManaged, secretOf } from "./kafka-access.js";
import type { DeploymentSettings } from "./parameters.js";
import { replacedMappingFaults } from "./replaced-mappings.js";
import { resourceReport } from "./resource-count.js";
import { type Resource, roleIdOf, toRole } from "./roles.js";
import { type CompiledTemplate, functionIdOf, isOn, type Service, stageOf } from "./service.js";
import { tagResources } from "./tags.js";

/** Into the compiled template; and the pages beside it. Returns how full the template is, as a sentence. */
export function completeTemplate(service: Service, deployment: Deployment, outFolder: string): string {
  const { settings, needs, egress } = deployment;
  const template = service.provider.compiledCloudFormationTemplate;
  if (template === undefined) throw new Error("The template is not compiled yet.");
  const { Resources: resources } = template;
  const scope = scopeOf(service, deployment);
  Object.assign(resources, rolesOf(service, deployment), toAlarms(needs, scope), { Dashboard: toDashboard(needs, scope) });
  addFrontDoor(template, deployment, scope);
  throttle(resources.HttpApiStage, settings);
  encryptLogs(Object.values(resources), settings);
  authenticateMappings(resources, deployment);
  const called = new Set(deployment.calls.map(({ functionKey }) => functionKey));
  addBlueGreen(template, { keys: needs.map(({ key }) => key), called, functionNameOf: scope.functionNameOf }, settings);
  const routes = needs
    .filter(({ route, source }) => route !== undefined && source === undefined)
    .map(({ key }) => ({ key, invoked: invokedArn(settings, key) }));
  for (const { key } of needs.filter(({ isCanary }) => isCanary === true))
    watchMappings(resources, { functionId: functionIdOf(key), roleId: roleIdOf(key) }, routes);
  tagResources(Object.values(resources), settings.tags);
  mkdirSync(outFolder, { recursive: true });
  writeFileSync(join(outFolder, "egress.md"), toMarkdown(egress));
  writeFileSync(join(outFolder, "acls.md"), toAclPage(needs, settings.topicPrefix));
  return resourceReport(resources, needs);
}

function addFrontDoor(template: CompiledTemplate, { settings, calls }: Deployment, scope: AlarmScope): void {
  const { resources, outputs } = toFrontDoor(calls, settings, scope);
  Object.assign(template.Resources, resources);
  template.Outputs = { ...template.Outputs, ...outputs };
}

/** Why the deployed template, as CloudFormation returns it, cannot become the new one in one step. */
export function faultsOfReplacement(deployed: unknown, service: Service): readonly string[] {
  const text = typeof deployed === "string" ? deployed : JSON.stringify(deployed);
  const { Resources = {} } = JSON.parse(text) as { readonly Resources?: Readonly<Record<string, Resource>> };
  return replacedMappingFaults(Resources, service.provider.compiledCloudFormationTemplate?.Resources ?? {});
}

function rolesOf(service: Service, { settings, needs, secretArns }: Deployment): Readonly<Record<string, Resource>> {
  const routeFunctionArns = needs.filter(({ route }) => route !== undefined).map(({ key }) => invokedArn(settings, key));
  return Object.fromEntries(
    needs.map((one) => [
      roleIdOf(one.key),
      toRole({
        needs: one,
        settings,
        functionName: service.getFunction(one.key).name,
        secretArns: secretArns.get(one.key) ?? [],
        routeFunctionArns,
        declaration: service.getFunction(one.key),
      }),
    ]),
  );
}

function scopeOf(service: Service, { settings, needs, calls }: Deployment): AlarmScope {
  const stage = stageOf(service);
  const name = `kafka-relay-${stage}`;
  const functionNameOf = (key: string) => service.getFunction(key).name;
  return {
    name,
    stage,
    functionNameOf,
    door: doorMetrics(settings, { name, stage, functionNameOf, keys: [...new Set(calls.map(({ functionKey }) => functionKey))] }),
    clusterName: /:cluster\/([^/]+)\//.exec(settings.clusterArn)?.[1] ?? "",
    running: new Set(needs.filter(({ key }) => isOn(service.getFunction(key))).map(({ key }) => key)),
    alarmsTopic: settings.alarmsTopic,
    watchesMappings: needs.some(({ key, route }) => (route?.sourceTopics ?? []).length > 0 && isOn(service.getFunction(key))),
    readsGrants: settings.grantsFrom !== "",
  };
}

/** Of functions and of the gateway. The key's policy must allow CloudWatch Logs to use it. */
function encryptLogs(resources: readonly Resource[], { kmsKey }: DeploymentSettings): void {
  if (kmsKey === "") return;
  for (const { Type, Properties } of resources) {
    if (Type === "AWS::Logs::LogGroup") Properties.KmsKeyId = kmsKey;
    if (Type === "AWS::Lambda::EventSourceMapping" && Properties.FilterCriteria !== undefined) Properties.KmsKeyArn = kmsKey;
  }
}

/** The framework's `msk` event knows SCRAM only: a client certificate is written into the mapping here. */
function authenticateMappings(resources: Readonly<Record<string, Resource>>, { settings, needs }: Deployment): void {
  if (settings.kafkaAuthentication !== "tls" || isSelfManaged(settings)) return;
  for (const { key } of needs) {
    const secret = secretOf(settings, key);
    for (const { Type, Properties } of Object.values(resources)) {
      const { FunctionName } = Properties as { readonly FunctionName?: { readonly "Fn::GetAtt"?: readonly string[] } };
      if (secret === undefined || Type !== "AWS::Lambda::EventSourceMapping" || FunctionName?.["Fn::GetAtt"]?.[0] !== functionIdOf(key))
        continue;
      Properties.SourceAccessConfigurations = [{ Type: "CLIENT_CERTIFICATE_TLS_AUTH", URI: secret }];
    }
  }
}

function throttle(stage: Resource | undefined, { throttleRate, throttleBurst }: DeploymentSettings): void {
  if (stage === undefined) return;
  stage.Properties.DefaultRouteSettings = {
    ...(stage.Properties.DefaultRouteSettings as object | undefined),
    ThrottlingRateLimit: Number(throttleRate),
    ThrottlingBurstLimit: Number(throttleBurst),
  };
}
