/** Front doors: which settings each can work with, which function a load balancer finds, and where authorizers stand in a REST API. */
import { expect, test } from "vitest";
import { type AlbRule, toAlbRules } from "../../../local/build/deployment/front-door/alb-rules.js";
import { catchAllOf, type DoorCall, namedCalls } from "../../../local/build/deployment/front-door/calls.js";
import { doorCallFaults } from "../../../local/build/deployment/front-door/door-faults.js";
import { toFrontDoor } from "../../../local/build/deployment/front-door/front-door.js";
import { parameterValues } from "../../../local/build/deployment/parameter-defaults.js";
import { checkSettings } from "../../../local/build/deployment/settings.js";
import { deployedFunctions, projectFolder } from "../../../local/build/service-map.js";
import { settingsOfDeployment } from "../../../local/plugin/stage-values.js";

const account = "eu-central-1:123456789012";
const given = {
  ...settingsOfDeployment(parameterValues([], {}), true),
  clusterArn: `arn:aws:kafka:${account}:cluster/prod/11111111-1111-1111-1111-111111111111-1`,
  subnets: "subnet-0a1b2c3d,subnet-1a1b2c3d",
  securityGroups: "sg-0a1b2c3d",
};
const certificateArn = `arn:aws:acm:${account}:certificate/1`;
const wafAcl = `arn:aws:wafv2:${account}:regional/webacl/kafka/1`;
const tokens = {
  authorizer: "jwt",
  jwtIssuer: "https://issuer.example.com/",
  jwtAudience: "relay",
  jwtKeys: "https://issuer.example.com/keys",
};
const rest = { frontDoor: "rest-private", vpcEndpoints: "vpce-0a1b2c3d" };
const alb = { frontDoor: "alb", albSecurityGroups: "sg-1a1b2c3d", certificateArn, ...tokens };

const faultsOf = (more: object): readonly string[] => {
  const checked = checkSettings({ ...given, ...more }, projectFolder);
  return checked.ok ? [] : checked.faults.map((fault) => fault.split(":")[0] ?? fault);
};

test.each([
  ["an HTTP API", {}],
  ["an HTTP API with a domain and a base path", { domain: "api.example.com", certificateArn, basePath: "kafka" }],
  ["a private REST API", rest],
  ["a private REST API with tokens", { ...rest, ...tokens }],
  ["a private REST API with a domain and WAF", { ...rest, domain: "api.example.com", certificateArn, wafAcl }],
  ["a load balancer with tokens", alb],
  ["a load balancer with WAF", { ...alb, wafAcl }],
  ["Function URLs", { frontDoor: "url" }],
  ["Function URLs for web pages", { frontDoor: "url", corsOrigins: "https://app.example.com" }],
])("%s is accepted", (_, more) => {
  expect(faultsOf(more)).toEqual([]);
});

test.each([
  ["an unknown door", { frontDoor: "door" }, ["frontDoor"]],
  ["WAF in front of an HTTP API", { wafAcl }, ["wafAcl"]],
  ["a key set that nothing reads", { ...tokens }, ["jwtKeys"]],
  ["a domain without a certificate", { domain: "api.example.com" }, ["certificateArn"]],
  ["a base path that is a path of the API", { domain: "api.example.com", certificateArn, basePath: "topics" }, ["basePath"]],
  [
    "a private API without endpoints, for web pages",
    { frontDoor: "rest-private", corsOrigins: "https://a.example.com" },
    ["vpcEndpoints", "corsOrigins"],
  ],
  ["a private API without the issuer's keys", { ...rest, ...tokens, jwtKeys: "" }, ["jwtKeys"]],
  ["endpoints in front of an HTTP API", { vpcEndpoints: "vpce-0a1b2c3d" }, ["vpcEndpoints"]],
  ["a load balancer with signed calls", { ...alb, authorizer: "iam", jwtKeys: "" }, ["authorizer"]],
  [
    "a load balancer with nothing that it needs",
    { frontDoor: "alb", subnets: "subnet-0a1b2c3d", authorizer: "jwt" },
    ["jwtIssuer", "jwtAudience", "jwtKeys", "albSecurityGroups", "subnets", "certificateArn"],
  ],
  ["a load balancer with a base path", { ...alb, basePath: "kafka" }, ["basePath"]],
  [
    "a Function URL with tokens, a domain and WAF",
    { frontDoor: "url", ...tokens, domain: "a.example.com", wafAcl },
    ["authorizer", "jwtKeys", "domain", "wafAcl"],
  ],
])("%s is refused, with every fault in one list", (_, more, named) => {
  expect(faultsOf(more)).toEqual(named);
});

test("webhooks cannot arrive at a Function URL, because their senders do not sign with AWS credentials", () => {
  const call: DoorCall = { functionKey: "quakesFromWebhook", method: "POST", path: "/sources/quakes", isOpen: true };

  expect(doorCallFaults({ frontDoor: "url" }, [call])).toEqual([expect.stringContaining("function quakesFromWebhook:")]);
  expect(doorCallFaults({ frontDoor: "alb" }, [call])).toEqual([]);
});

const calls: readonly DoorCall[] = deployedFunctions().flatMap(({ key, routeKeys }) =>
  routeKeys.map((routeKey) => {
    const [method = "ANY", path = "/{proxy+}"] = routeKey === "$default" ? [] : routeKey.split(" ");
    return { functionKey: key, method, path, isOpen: key === "quakesFromWebhook" };
  }),
);
const rules = toAlbRules(namedCalls(calls));

/** As the load balancer evaluates them. */
const foundBy = (method: string, path: string): string | undefined =>
  rules.find(
    ({ methods, patterns }: AlbRule) =>
      (methods.length === 0 || methods.includes(method)) && patterns.some((pattern) => new RegExp(pattern).test(path)),
  )?.functionKey ?? catchAllOf(calls);

test("a load balancer's rules find the function of every call, whatever topics and groups are called", () => {
  for (const name of ["orders", "consumer-groups", "topics", "acls", "records", "a%2Fb", "events", "offsets"]) {
    for (const { functionKey, method, path } of namedCalls(calls)) {
      const asked = path.replace(/\{[^}]+\}/g, name);
      expect(foundBy(method, asked), `${method} ${asked}`).toBe(functionKey);
      if (asked !== "/") expect(foundBy(method, `${asked}/`), `${method} ${asked}/`).toBe(functionKey);
      if (method === "GET") expect(foundBy("HEAD", asked)).toBe(functionKey);
    }
  }
});

test("a load balancer passes every other call to the function that answers 404 and 405", () => {
  for (const path of ["/nowhere", "/topics/a/b/c/d", "/v3", "//", "/v3/clusters/x/topics//records"])
    expect(foundBy("GET", path), path).toBe("service");
  expect(foundBy("PUT", "/topics/orders")).toBe("service");
});

test("the rules keep within what a load balancer allows", () => {
  expect(rules.length).toBeLessThanOrEqual(100);
  for (const { methods, patterns } of rules) {
    expect(methods.length + patterns.length).toBeLessThanOrEqual(5);
    for (const pattern of patterns) expect(pattern.length, pattern).toBeLessThanOrEqual(128);
  }
});

type Paths = Readonly<Record<string, Readonly<Record<string, { readonly security?: unknown }>>>>;

function restMethods() {
  const checked = checkSettings({ ...given, ...rest }, projectFolder);
  if (!checked.ok) throw new Error(checked.faults.join("\n"));
  const { resources } = toFrontDoor(calls, checked.settings, { name: "kafka-relay-prod", stage: "prod" });
  const { paths } = (resources.FrontDoorApi?.Properties.Body ?? {}) as { readonly paths: Paths };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security }]) => ({ call: `${method.toUpperCase()} ${path}`, security })),
  );
}

test("a private REST API has every call, and checks the signature of each but that of webhooks, those of unknown methods too", () => {
  const methods = restMethods();

  expect(methods.map(({ call }) => call)).toEqual(expect.arrayContaining(namedCalls(calls).map(({ method, path }) => `${method} ${path}`)));
  expect(methods.filter(({ security }) => security === undefined).map(({ call }) => call)).toEqual(["POST /sources/quakes-from-webhook"]);
  expect(methods.map(({ call }) => call)).toContain("X-AMAZON-APIGATEWAY-ANY-METHOD /topics/{topic}");
});
