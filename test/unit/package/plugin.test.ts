/** What the serverless plugin adds to a service, and how it answers a wrong declaration. */
import { expect, test } from "vitest";
import { parameterNames, parameterValues } from "../../../local/build/deployment/parameter-defaults.js";
import { parameters } from "../../../local/build/deployment/parameters.js";
import { apiFunctions } from "../../../local/plugin/api-functions.js";
import { declaredFaults } from "../../../local/plugin/declared-faults.js";
import { addedFunctions, type ServiceFacts } from "../../../local/plugin/functions.js";
import { readPluginSettings } from "../../../local/plugin/settings.js";
import { functionVariables, settingsOfDeployment, toServiceFacts } from "../../../local/plugin/stage-values.js";

const parts = Object.keys(apiFunctions);
const clusterArn = "arn:aws:kafka:eu-central-1:1:cluster/c/1";
const facts: ServiceFacts = {
  service: "shop",
  stage: "dev",
  clusterArn,
  groupPrefix: "shop-dev-",
  jwtIssuer: "https://issuer.example.com",
  apiFolder: "node_modules/kafka-relay/dist/cjs/functions",
};
const settings = (given: unknown) => readPluginSettings(given, parts);

test("the whole API is every function of it with the calls of its operations", () => {
  const added = addedFunctions(settings({ api: true }), facts);

  expect(added.map(({ key }) => key)).toEqual(parts);
  expect(added.find(({ key }) => key === "produce")).toMatchObject({
    apiFile: "produce",
    declaration: {
      handler: "node_modules/kafka-relay/dist/cjs/functions/produce.handler",
      events: expect.arrayContaining([{ httpApi: "POST /topics/{topic}" }]),
    },
  });
  expect(added.find(({ key }) => key === "service")?.declaration.events).toContainEqual({ httpApi: "*" });
});

test("variables that name the service and the stage have the project's own", () => {
  const [deadLetters] = addedFunctions(settings({ api: ["deadLetters"] }), facts);

  expect(deadLetters?.declaration.environment).toEqual({ RELAY_FUNCTION_PREFIX: "shop-dev-" });
});

test("a route reads its topic from the beginning, in a group of the service and stage, and nothing drops a record", () => {
  const given = { routes: { "big-orders": { topic: "orders", batchSize: 100, memorySize: 256 } } };

  const [route] = addedFunctions(settings(given), facts);

  expect(route).toEqual({
    key: "bigOrders",
    declaration: {
      handler: "functions/routes/big-orders.handler",
      description: "Relays records of orders: the route big-orders.",
      timeout: 60,
      memorySize: 256,
      events: [
        {
          msk: {
            arn: clusterArn,
            topic: "orders",
            batchSize: 100,
            maximumBatchingWindow: 1,
            startingPosition: "TRIM_HORIZON",
            consumerGroupId: "shop-dev-big-orders",
          },
        },
      ],
    },
  });
});

test.each([
  [{ webhook: true }, [{ httpApi: "POST /sources/orders-in" }], undefined],
  [{ webhook: ["POST", "GET"] }, [{ httpApi: "POST /sources/orders-in" }, { httpApi: "GET /sources/orders-in" }], undefined],
  [{ webhook: true, enabled: "off" }, [{ httpApi: "POST /sources/orders-in" }], { RELAY_SOURCE: "off" }],
  [{ schedule: "rate(1 minute)", enabled: "on" }, [{ schedule: { rate: "rate(1 minute)", enabled: true } }], { RELAY_SOURCE: "on" }],
  [
    { sqs: "arn:aws:sqs:eu-central-1:1:orders", enabled: false },
    [{ sqs: { arn: "arn:aws:sqs:eu-central-1:1:orders", enabled: false } }],
    { RELAY_SOURCE: "off" },
  ],
  [{ stream: [{ arn: "a" }, { arn: "b" }], environment: { A: "1" } }, [{ stream: { arn: "a" } }, { stream: { arn: "b" } }], { A: "1" }],
])("a source has its events, and a switch if it is asked for: %j", (origin, events, environment) => {
  const [source] = addedFunctions(settings({ sources: { "orders-in": origin } }), facts);

  expect(source).toMatchObject({ key: "ordersIn", declaration: { handler: "functions/sources/orders-in.handler", events } });
  expect(source?.declaration.environment).toEqual(environment);
});

test.each([
  [true, { RELAY_CONSOLE: "on", RELAY_CONSOLE_CLIENT_ID: "" }],
  [{ enabled: "off" }, { RELAY_CONSOLE: "off" }],
  [
    { clientId: "abc", connect: "https://login.example.com" },
    { RELAY_CONSOLE: "on", RELAY_CONSOLE_CLIENT_ID: "abc" },
  ],
])("the console is a function of its own, whose people sign in at the issuer of the tokens: %j", (console, environment) => {
  const [page] = addedFunctions(settings({ console }), facts);

  expect(page).toMatchObject({ key: "console", apiFile: "console", declaration: { environment } });
  expect(page?.declaration).toMatchObject({
    environment: { RELAY_CONSOLE_ISSUER: "https://issuer.example.com" },
    events: [{ httpApi: "GET /console" }, { httpApi: "GET /console/assets/{file}" }],
  });
});

test("a source that has the name of a route or of the API's function is reported, because one of them would be lost", () => {
  const given = settings({
    api: ["records"],
    routes: { orders: { topic: "a" } },
    sources: { orders: { webhook: true }, records: { webhook: true } },
  });

  expect(
    declaredFaults(given, addedFunctions(given, facts), { routeFiles: ["orders"], sourceFiles: ["orders", "records"], own: {} }),
  ).toEqual(
    ["orders", "records"].map(
      (name) =>
        `custom.kafkaRelay: the function ${name} of functions/sources/${name}.handler exists already: the API's functions, the routes and the sources share their names. Choose another name.`,
    ),
  );
});

test("routes without a file, files without a trigger and names that are taken are reported together", () => {
  const given = settings({ api: ["produce"], routes: { missing: { topic: "a" } }, sources: { lost: { webhook: true } } });
  const own = { produce: "src/produce.handler", byHand: "functions/sources/by-hand.handler" };

  expect(
    declaredFaults(given, addedFunctions(given, facts), { routeFiles: ["forgotten"], sourceFiles: ["unread", "by-hand"], own }),
  ).toEqual([
    "custom.kafkaRelay.routes.missing: the file functions/routes/missing.ts does not exist.",
    "functions/routes/forgotten: the route has no trigger. Add it to serverless.yml: custom.kafkaRelay.routes.forgotten: { topic: <name> }",
    "custom.kafkaRelay.sources.lost: the file functions/sources/lost.ts does not exist.",
    "functions/sources/unread: the source has no trigger. Add it to serverless.yml: custom.kafkaRelay.sources.unread: { webhook: true }",
    "functions.produce: kafka-relay adds a function of this name. Rename yours.",
  ]);
});

test.each([
  [{ apis: true }, /custom\.kafkaRelay\.apis: this option does not exist\. Did you mean.*api/],
  [{ api: "yes" }, /custom\.kafkaRelay\.api: must be true, false, or a list/],
  [{ api: ["produced"] }, /"produced" is not a part of the API\. Did you mean.*produce.* The parts are /],
  [{ routes: { a: {} } }, /custom\.kafkaRelay\.routes\.a\.topic/],
  [{ sources: { a: {} } }, /custom\.kafkaRelay\.sources\.a: has no event: name what it reads by webhook, schedule, sqs/],
  [{ console: "on" }, /custom\.kafkaRelay\.console: must be true, false, or/],
  [{ console: { client: "x" } }, /custom\.kafkaRelay\.console/],
  [{ deployment: "yes" }, /custom\.kafkaRelay\.deployment: must be true, or parameters/],
  [{ clusterArn: "prod" }, /custom\.kafkaRelay\.clusterArn: must be the ARN of an MSK cluster/],
])("%j is refused with what would be right", (given, message) => {
  expect(() => settings(given)).toThrow(message);
});

test("every parameter of a deployment has an origin, so that a project names only what it needs", () => {
  const values = parameterValues([], {});

  expect(parameterNames).toEqual(expect.arrayContaining(Object.keys(parameters.entries)));
  expect(values).toMatchObject({ kafkaAuthentication: "iam", authorizer: "iam", egress: "nat", clusterArn: "", subnets: "" });
  expect(settingsOfDeployment(values, true)).not.toHaveProperty("access");
});

test("a parameter is what the command line says, else the section, else the stage, else all stages, else the shell", () => {
  const given = [
    { tags: "team=a" },
    { throttleRate: 5 },
    { throttleRate: "20", kmsKey: "stage" },
    { kmsKey: "default", egress: "endpoints" },
  ];

  expect(parameterValues(given, { RELAY_KMS_KEY: "shell", RELAY_SUBNETS: "subnet-1", RELAY_TAGS: "team=b" })).toMatchObject({
    tags: "team=a",
    throttleRate: "5",
    kmsKey: "stage",
    egress: "endpoints",
    subnets: "subnet-1",
  });
});

test("lists and objects of YAML are parameters too", () => {
  const grants = [{ who: ["*"], may: ["*"] }];

  expect(parameterValues([{ subnets: ["subnet-1", "subnet-2"], grants, tags: { team: "orders", cost: 1 } }], {})).toMatchObject({
    subnets: "subnet-1,subnet-2",
    grants: JSON.stringify(grants),
    tags: "team=orders,cost=1",
  });
});

test("an unknown name in the section is kept, so that it is refused", () => {
  expect(settingsOfDeployment(parameterValues([{ subnet: "x" }], {}), { subnet: "x" })).toHaveProperty("subnet", "x");
});

test.each([
  ["dev", false, "arn:missing"],
  ["dev", true, "arn:aws:kafka:local:000000000000:cluster/local/00000000-0000-0000-0000-000000000000-1"],
  ["local", false, "arn:aws:kafka:local:000000000000:cluster/local/00000000-0000-0000-0000-000000000000-1"],
])("without a cluster, triggers of the stage %s have a placeholder (serverless-offline: %s)", (stage, isOffline, arn) => {
  expect(toServiceFacts("shop", stage, parameterValues([], {}), "functions", isOffline)).toMatchObject({
    clusterArn: arn,
    groupPrefix: `shop-${stage}-`,
  });
});

test("on the laptop, functions use the local broker and allow every call, unless the shell says otherwise", () => {
  const values = parameterValues([], {});

  expect(functionVariables(values, "local", true, {})).toMatchObject({ RELAY_ACCESS: "everything", KAFKA_BROKERS: "127.0.0.1:9092" });
  expect(functionVariables(values, "local", true, { RELAY_ACCESS: "grants", KAFKA_BROKERS: "b:1" })).toMatchObject({
    RELAY_ACCESS: "grants",
    KAFKA_BROKERS: "b:1",
  });
  expect(functionVariables(values, "prod", true, undefined)).toMatchObject({ RELAY_ACCESS: "grants", RELAY_STAGE: "prod" });
  expect(functionVariables(values, "prod", false, undefined)).toEqual({ RELAY_STAGE: "prod" });
});
