/** What the serverless plugin adds to a service, and how it answers a wrong declaration. */
import { expect, test } from "vitest";
import { outlineService } from "../../../local/package/plugin/api-functions.js";
import { addedFunctions, type ServiceFacts } from "../../../local/package/plugin/functions.js";
import { readPluginSettings } from "../../../local/package/plugin/settings.js";

const outline = outlineService();
const parts = Object.keys(outline.api);
const facts: ServiceFacts = { service: "shop", stage: "dev", packageFolder: "node_modules/kafka-relay", routeFiles: [], ownKeys: [] };
const settings = (given: unknown) => readPluginSettings(given, parts);

test("the whole API is the functions that this project declares, with the same routes", () => {
  const added = addedFunctions(settings({ api: true }), outline, facts);

  expect(added.map(({ key }) => key)).toEqual(
    expect.arrayContaining(["produce", "records", "topics", "groups", "acls", "cluster", "deadLetters", "service"]),
  );
  expect(added.find(({ key }) => key === "produce")).toMatchObject({
    apiFile: "produce",
    declaration: {
      handler: "node_modules/kafka-relay/dist/cjs/functions/produce.handler",
      events: expect.arrayContaining([{ httpApi: "POST /topics/{topic}" }]),
    },
  });
});

test("variables that name the service and the stage have the project's own", () => {
  const [deadLetters] = addedFunctions(settings({ api: ["deadLetters"] }), outline, facts);

  expect(deadLetters?.declaration.environment).toEqual({ RELAY_FUNCTION_PREFIX: "shop-dev-" });
});

test("a route reads its topic from the beginning, in a group of the service and stage, and nothing drops a record", () => {
  const given = {
    clusterArn: "arn:aws:kafka:eu-central-1:1:cluster/c/1",
    routes: { "big-orders": { topic: "orders", batchSize: 100, memorySize: 256 } },
  };

  const [route] = addedFunctions(settings(given), outline, { ...facts, routeFiles: ["big-orders"] });

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
            arn: given.clusterArn,
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

test("routes without a file, files without a trigger and names that are taken are reported together", () => {
  const given = settings({ api: ["produce"], routes: { missing: { topic: "a" } } });

  expect(() => addedFunctions(given, outline, { ...facts, routeFiles: ["forgotten"], ownKeys: ["produce"] })).toThrow(
    [
      "custom.kafkaRelay.routes.missing: the file functions/routes/missing.ts does not exist.",
      "functions/routes/forgotten: the route has no trigger. Add it to serverless.yml: custom.kafkaRelay.routes.forgotten: { topic: <name> }",
      "functions.produce: kafka-relay adds a function of this name. Rename yours.",
    ].join("\n"),
  );
});

test.each([
  [{ apis: true }, /custom\.kafkaRelay\.apis: this option does not exist\. Did you mean.*api/],
  [{ api: "yes" }, /custom\.kafkaRelay\.api: must be true, false, or a list/],
  [{ api: ["produced"] }, /"produced" is not a part of the API\. Did you mean.*produce.* The parts are /],
  [{ routes: { a: {} } }, /custom\.kafkaRelay\.routes\.a\.topic/],
  [{ clusterArn: "prod" }, /custom\.kafkaRelay\.clusterArn: must be the ARN of an MSK cluster/],
])("%j is refused with what would be right", (given, message) => {
  expect(() => settings(given)).toThrow(message);
});

test("every parameter of a deployment has a default, so that a project names only what it needs", () => {
  expect(outline.deployment).toMatchObject({ kafkaAuthentication: "iam", authorizer: "iam", egress: "nat", clusterArn: "", subnets: "" });
});
