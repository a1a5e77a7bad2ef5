/** `npm run package`: the CloudFormation template and the zips, without network and without credentials. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { deployedFunctions, projectFolder } from "../../local/build/service-map.js";
import { lintTemplate } from "../support/package/cfn-lint.js";
import { type Packaged, packageService, parameters } from "../support/package/packaged.js";
import { resourceSchemas } from "../support/package/resource-schemas.js";

const functions = deployedFunctions();
const routeKeys = functions.filter(({ file }) => file.startsWith("functions/routes/")).map(({ key }) => key);
const sourceKeys = functions.filter(({ file }) => file.startsWith("functions/sources/")).map(({ key }) => key);
const apiKeys = functions.map(({ key }) => key).filter((key) => !routeKeys.includes(key) && !sourceKeys.includes(key));
/** Where browsers call: their question beforehand is never signed. */
const preflight = "OPTIONS /{proxy+}";
/** A webhook's signature takes the place of an authorizer. */
const isProven = (routeKey: string): boolean => routeKey === preflight || routeKey.startsWith("POST /sources/");
let prod: Packaged;

beforeAll(() => {
  prod = packageService("prod");
  if (prod.status !== 0) throw new Error(prod.output);
}, 120_000);

const lambdas = () => prod.ofType("AWS::Lambda::Function");

test("it names the template and a zip for each function", () => {
  for (const { key } of functions) {
    expect(prod.output).toContain(`${key}.zip`);
    expect(existsSync(join(projectFolder, ".build/zips", `${key}.zip`)), key).toBe(true);
  }
});

test("every function runs its own bundle on the newest Lambda runtime, on arm64, inside the VPC", () => {
  expect(
    lambdas()
      .map(({ FunctionName }) => FunctionName)
      .sort(),
  ).toEqual(functions.map(({ key }) => `kafka-relay-prod-${key}`).sort());
  for (const { Runtime, Architectures, Handler, Code, FunctionName, VpcConfig } of lambdas()) {
    expect({ Runtime, Architectures }).toEqual({ Runtime: "nodejs24.x", Architectures: ["arm64"] });
    expect(VpcConfig).toEqual({ SubnetIds: parameters.subnets?.split(","), SecurityGroupIds: [parameters.securityGroups] });
    const { key, file } = functions.find((one) => FunctionName.endsWith(`-${one.key}`)) ?? { key: "", file: "" };
    expect(Handler).toBe(`${file}.handler`);
    expect(JSON.stringify(Code)).toContain(`/${key}.zip`);
  }
});

test("functions of the API answer before the gateway gives up, and take no more than their share of concurrency", () => {
  const gatewaySeconds = 30;
  for (const { FunctionName, Timeout, ReservedConcurrentExecutions } of lambdas()) {
    if (!apiKeys.some((key) => FunctionName.endsWith(`-${key}`))) continue;
    expect(Timeout, FunctionName).toBeLessThan(gatewaySeconds);
    expect(ReservedConcurrentExecutions, FunctionName).toBeGreaterThan(0);
  }
});

test("the functions that redrive to routes and show them know which topics each route reads, and no other function does", () => {
  const routes = "strong-quakes=earthquakes quakes-to-sql=earthquakes quakes-to-webhook=strong-earthquakes";
  const redriving = lambdas().filter(({ Environment }) => Environment.Variables.RELAY_ROUTES !== undefined);

  expect(redriving.map(({ FunctionName, Environment }) => [FunctionName, Environment.Variables.RELAY_ROUTES])).toEqual([
    ["kafka-relay-prod-deadLetters", routes],
    ["kafka-relay-prod-routeStatus", routes],
  ]);
});

test("logs are kept for thirty days and no longer", () => {
  const groups = prod.ofType("AWS::Logs::LogGroup");

  expect(groups).toHaveLength(functions.length + 1);
  for (const { RetentionInDays, LogGroupName } of groups) expect(RetentionInDays, LogGroupName).toBe(30);
});

test("every call of the map is a route of the gateway, except the console's where it is off", () => {
  const routes = prod.ofType("AWS::ApiGatewayV2::Route").map(({ RouteKey }) => RouteKey);

  const offered = functions.filter(({ key }) => key !== "console").flatMap((one) => one.routeKeys);
  expect(routes.sort()).toEqual([...offered, preflight].sort());
});

test("the gateway slows down who asks too often, lets in named origins alone, and logs neither bodies, queries nor tokens", () => {
  const [stage] = prod.ofType("AWS::ApiGatewayV2::Stage");
  const [api] = prod.ofType("AWS::ApiGatewayV2::Api");

  expect(stage.DefaultRouteSettings).toMatchObject({ ThrottlingRateLimit: 100, ThrottlingBurstLimit: 200 });
  expect(api.CorsConfiguration.AllowOrigins).toEqual(["https://app.example.com"]);
  expect(api.CorsConfiguration.AllowCredentials).toBeUndefined();
  expect(Object.keys(JSON.parse(stage.AccessLogSettings.Format))).toContain("status");
  // The names by which grants know callers.
  expect(JSON.parse(stage.AccessLogSettings.Format)).toMatchObject({
    caller: "$context.identity.userArn",
    subject: "$context.authorizer.claims.sub",
  });
  expect(stage.AccessLogSettings.Format).not.toMatch(/authorization|querystring|body|claims(?!\.sub)/i);
});

test("every role has the permissions boundary", () => {
  for (const { PermissionsBoundary } of prod.ofType("AWS::IAM::Role")) expect(PermissionsBoundary).toBe(parameters.permissionsBoundary);
});

test("everything that CloudFormation can tag has the tags", { timeout: 300_000 }, async () => {
  const schemas = await resourceSchemas("the tags of the template");
  if (schemas === undefined) return;
  const tagged = Object.entries(prod.resources).flatMap(([id, { Type, Properties }]) => {
    const member = schemas.get(Type)?.properties?.Tags;
    return member === undefined ? [] : [{ id, Type, tags: Properties.Tags ?? [] }];
  });

  expect([...new Set(tagged.map(({ Type }) => Type))]).toEqual(
    expect.arrayContaining(["AWS::CloudWatch::Alarm", "AWS::Events::Rule", "AWS::Lambda::EventSourceMapping", "AWS::Logs::LogGroup"]),
  );
  for (const { id, tags } of tagged) {
    const found = Array.isArray(tags) ? Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value])) : tags;
    expect(found, id).toMatchObject({ team: "orders", "cost-centre": "1234" });
  }
});

test("variables and logs are encrypted with the stage's key, and each function may decrypt its own", () => {
  for (const { KmsKeyArn, FunctionName } of lambdas()) {
    const key = FunctionName.replace("kafka-relay-prod-", "");
    expect(KmsKeyArn, FunctionName).toBe(parameters.kmsKey);
    expect(prod.statementsOf(key).find(({ Sid }) => Sid === "EnvironmentKey")).toMatchObject({
      Action: ["kms:Decrypt"],
      Resource: parameters.kmsKey,
    });
  }
  for (const { KmsKeyId, LogGroupName } of prod.ofType("AWS::Logs::LogGroup")) expect(KmsKeyId, LogGroupName).toBe(parameters.kmsKey);
});

test("functions that are traced may write their traces", () => {
  for (const { TracingConfig, FunctionName } of lambdas()) {
    expect(TracingConfig, FunctionName).toEqual({ Mode: "Active" });
    expect(prod.statementsOf(FunctionName.replace("kafka-relay-prod-", "")).flatMap(({ Action }) => Action)).toContain(
      "xray:PutTraceSegments",
    );
  }
});

test("the bucket of the deployment's files is closed to the public", () => {
  for (const { PublicAccessBlockConfiguration } of prod.ofType("AWS::S3::Bucket")) {
    expect(PublicAccessBlockConfiguration).toEqual({
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    });
  }
});

test("a route costs seven resources, and the output says how many more fit into the 500 that CloudFormation allows", () => {
  const used = Object.keys(prod.resources).length;
  const ofRoute = Object.keys(prod.resources).filter((id) => id.startsWith("StrongQuakes"));

  expect(ofRoute.sort()).toEqual([
    "StrongQuakesDeadLettersAlarm",
    "StrongQuakesEventSourceMappingMSKProdEarthquakes",
    "StrongQuakesFailuresAlarm",
    "StrongQuakesLambdaFunction",
    "StrongQuakesLogGroup",
    "StrongQuakesOffsetLagAlarm",
    "StrongQuakesRole",
  ]);
  expect(prod.output).toContain(
    `The stack has ${used} of the 500 resources that CloudFormation allows. A route needs 7, so ${Math.floor((500 - used) / 7)} more fit.`,
  );
});

test("every trigger of the map is an event source mapping that starts at the earliest record", () => {
  const mappings = prod.ofType("AWS::Lambda::EventSourceMapping");

  expect(mappings.flatMap(({ Topics }) => Topics).sort()).toEqual(
    functions.flatMap(({ triggers }) => triggers.map(({ topic }) => topic)).sort(),
  );
  for (const mapping of mappings) {
    expect(mapping).toMatchObject({ StartingPosition: "TRIM_HORIZON", Enabled: true });
    for (const dropping of ["MaximumRecordAgeInSeconds", "BisectBatchOnFunctionError", "DestinationConfig"]) {
      expect(mapping).not.toHaveProperty(dropping);
    }
  }
});

test("what is deployed grants what was given, and nobody everything", () => {
  for (const { Environment, FunctionName } of lambdas()) {
    expect(Environment.Variables, FunctionName).toMatchObject({ RELAY_ACCESS: "grants", RELAY_ACCESS_GRANTS: parameters.grants });
  }
});

test("brokers are reached by TLS, as the function's own role", () => {
  for (const { Environment, FunctionName } of lambdas()) {
    expect(Environment.Variables, FunctionName).toMatchObject({ KAFKA_SSL: "true", KAFKA_SASL_MECHANISM: "aws-iam" });
  }
});

test("the template contains secrets only as ARNs", () => {
  const variables = lambdas().find(({ FunctionName }) => FunctionName.endsWith("quakesToSql")).Environment.Variables;

  expect(variables.QUAKES_DATABASE_URL).toBe(parameters.quakesDatabase);
});

test("every function has an alarm for errors and throttles, every route for its lag and its dead letters, every source for its dead letters, and they reach who is on call", () => {
  const alarms = prod.ofType("AWS::CloudWatch::Alarm");
  const namesOf = (key: string) =>
    alarms
      .map(({ AlarmName }) => AlarmName)
      .filter((name) => name.startsWith(`kafka-relay-prod-${key}-`))
      .map((name) => name.split("-").pop());

  for (const key of apiKeys) expect(namesOf(key), key).toEqual(["Failures"]);
  for (const key of routeKeys) expect(namesOf(key), key).toEqual(["Failures", "OffsetLag", "DeadLetters"]);
  expect(namesOf("api")).toEqual(["5xx", "Latency", "FailedRecords"]);
  for (const key of sourceKeys) expect(namesOf(key), key).toEqual(["Failures", "DeadLetters"]);
  for (const { AlarmActions } of alarms) expect(AlarmActions).toEqual([parameters.alarmsTopic]);
});

test("the alarm of a function sums its errors and its throttles, and a count without data is 0", () => {
  const { Metrics } = prod.ofType("AWS::CloudWatch::Alarm").find(({ AlarmName }) => AlarmName === "kafka-relay-prod-produce-Failures");

  expect(Metrics.map((metric: { readonly MetricStat?: { readonly Metric: object } }) => metric.MetricStat?.Metric)).toEqual([
    { Namespace: "AWS/Lambda", MetricName: "Errors", Dimensions: [{ Name: "FunctionName", Value: "kafka-relay-prod-produce" }] },
    { Namespace: "AWS/Lambda", MetricName: "Throttles", Dimensions: [{ Name: "FunctionName", Value: "kafka-relay-prod-produce" }] },
    undefined,
  ]);
  expect(Metrics[2]).toMatchObject({ Expression: "FILL(errors, 0) + FILL(throttles, 0)", ReturnData: true });
});

test("the lag of a route is the cluster's own metric, and its absence is a fault where the route runs", () => {
  const lagOf = (packaged: Packaged) =>
    packaged.ofType("AWS::CloudWatch::Alarm").find(({ AlarmName }) => AlarmName === "kafka-relay-prod-strongQuakes-OffsetLag");

  expect(lagOf(prod)).toMatchObject({
    Namespace: "AWS/Kafka",
    MetricName: "MaxOffsetLag",
    Dimensions: [
      { Name: "Cluster Name", Value: "prod" },
      { Name: "Consumer Group", Value: "kafka-relay-prod-strong-quakes" },
      { Name: "Topic", Value: "earthquakes" },
    ],
    TreatMissingData: "breaching",
  });
});

test("alarms on failures that no function throws: the API's 5xx by its id, and records that were not written", () => {
  const alarms = prod.ofType("AWS::CloudWatch::Alarm");
  const named = (name: string) => alarms.find(({ AlarmName }) => AlarmName === `kafka-relay-prod-api-${name}`);

  expect(named("5xx")).toMatchObject({ Namespace: "AWS/ApiGateway", Dimensions: [{ Name: "ApiId", Value: { Ref: "HttpApi" } }] });
  expect(named("FailedRecords")).toMatchObject({ Namespace: "KafkaRelay", Dimensions: [{ Name: "Stage", Value: "prod" }] });
});

test("the dashboard shows calls, errors, latency, records, lag, verdicts, dead letters, environments and throttles, each by its metric", () => {
  const [{ DashboardBody }] = prod.ofType("AWS::CloudWatch::Dashboard") as [{ readonly DashboardBody: { readonly "Fn::Sub": string } }];
  const body = JSON.parse(DashboardBody["Fn::Sub"]) as {
    readonly widgets: readonly { readonly properties: { readonly metrics: readonly (readonly unknown[])[] } }[];
  };
  const shown = new Set(
    body.widgets.flatMap(({ properties }) => properties.metrics.map(([namespace, metric]) => `${namespace} ${metric}`)),
  );

  for (const metric of ["Count", "4xx", "5xx", "Latency"]) expect(shown).toContain(`AWS/ApiGateway ${metric}`);
  for (const metric of ["ConcurrentExecutions", "Throttles", "Errors"]) expect(shown).toContain(`AWS/Lambda ${metric}`);
  for (const metric of ["ProducedRecords", "RefusedRecords", "FailedRecords"]) expect(shown).toContain(`KafkaRelay ${metric}`);
  for (const metric of ["Delivered", "Filtered", "GivenBack", "DeadLettered", "DeliveryLatency"])
    expect(shown).toContain(`KafkaRelay ${metric}`);
  expect(shown).toContain("AWS/Kafka MaxOffsetLag");
});

test("the dashboard shows calls, records, routes and functions, each graph with metrics of this stage", () => {
  const [{ DashboardName, DashboardBody }] = prod.ofType("AWS::CloudWatch::Dashboard") as [
    { readonly DashboardName: string; readonly DashboardBody: { readonly "Fn::Sub": string } },
  ];
  const { widgets } = JSON.parse(DashboardBody["Fn::Sub"]) as {
    readonly widgets: readonly { readonly properties: { readonly title: string; readonly metrics: readonly unknown[][] } }[];
  };

  expect(DashboardName).toBe("kafka-relay-prod");
  expect(widgets.map(({ properties: { title } }) => title)).toEqual(
    expect.arrayContaining([
      "Calls",
      "Records behind, per route",
      "Dead letters, per route",
      "Environments in use",
      "Throttled calls of functions",
    ]),
  );
  for (const { properties } of widgets) {
    expect(properties.metrics.length, properties.title).toBeGreaterThan(0);
    for (const metric of properties.metrics) expect(JSON.stringify(metric)).toMatch(/prod|HttpApi/);
  }
});

test("what each function must reach from its subnets is written beside the template", () => {
  const egress = prod.pages["egress.md"];

  for (const { key } of functions) expect(egress).toContain(`| ${key} | brokers | 9098 |`);
  expect(egress).toContain("| quakesToWebhook | webhook hooks.example.com | 443 | NAT |");
  expect(egress).toMatch(/\| quakesToSql \| AWS: secretsmanager \| 443 \|/);
  expect(egress).toContain("| strongQuakes | AWS: sts, by its mapping | 443 | from the cluster's own subnets:");
});

test("CloudFormation's own checker finds no error in it", { timeout: 400_000 }, async () => {
  const errors = await lintTemplate(prod.templatePath, "cfn-lint on the template");

  expect(errors ?? []).toEqual([]);
});

test.each([
  { authorizer: "iam", more: {}, type: "AWS_IAM" },
  { authorizer: "jwt", more: { jwtIssuer: "https://issuer.example.com/", jwtAudience: "relay" }, type: "JWT" },
  { authorizer: "none", more: {}, type: undefined },
])(
  "with the authorizer $authorizer it stands before every call but those of signed webhooks, the catch-all, health and the description too",
  ({ authorizer, more, type }) => {
    const packaged = authorizer === "iam" ? prod : packageService("dev", { ...parameters, authorizer, ...more });
    const routes = packaged.ofType("AWS::ApiGatewayV2::Route");

    expect(packaged.status, packaged.output).toBe(0);
    expect(routes.map(({ RouteKey }) => RouteKey)).toEqual(expect.arrayContaining(["$default", "GET /health", "GET /openapi.json"]));
    for (const { AuthorizationType, RouteKey } of routes)
      expect(AuthorizationType ?? "NONE", RouteKey).toBe(isProven(RouteKey) ? "NONE" : (type ?? "NONE"));
    expect(packaged.ofType("AWS::ApiGatewayV2::Authorizer").map(({ JwtConfiguration }) => JwtConfiguration)).toEqual(
      authorizer === "jwt" ? [{ Issuer: "https://issuer.example.com/", Audience: ["relay"] }] : [],
    );
  },
);

test("everything missing or wrong is reported at once, and nothing is packaged", () => {
  const { status, output } = packageService("prod", { authorizer: "jwt", alarmsTopic: "on-call", demo: "on" });
  const named = [...output.matchAll(/^\s*(\w+): /gm)].map(([, name]) => name).filter((name) => name !== "Environment" && name !== "Docs");

  expect(status).toBe(1);
  expect(named).toEqual(["alarmsTopic", "clusterArn", "subnets", "securityGroups", "jwtIssuer", "jwtAudience"]);
});

test("a route that is switched on and whose variable is empty is refused", () => {
  const { quakesDatabase, ...others } = parameters;
  const { status, output } = packageService("prod", others);

  expect(status).toBe(1);
  expect(output).toContain("function quakesToSql: its variable QUAKES_DATABASE_URL has no value");
});

test("the laptop's stage, which allows everything, cannot be packaged", () => {
  const { status, output } = packageService("local", {});

  expect(status).toBe(1);
  expect(output).toContain("Use another stage: --stage prod");
});
