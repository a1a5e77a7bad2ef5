/** serverless.yml without the framework: the functions that the plugin would add are the same. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readServiceFile } from "../../../local/serve/routes/service-file.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kafka-relay-service-file-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const read = (text: string, below: string, env: NodeJS.ProcessEnv = {}, stage?: string) => {
  writeFileSync(join(folder, "serverless.yml"), text);
  return readServiceFile(folder, env, stage)?.functionsIn(below);
};

const service = `
service: shop
provider: { name: aws, stage: dev }
params:
  default: { orders: "off" }
  prod: { orders: "on", groupPrefix: shop-live- }
custom:
  kafkaRelay:
    api: [produce]
    clusterArn: \${env:CLUSTER, 'arn:aws:kafka:eu-central-1:1:cluster/c/1'}
    deployment: { subnets: "\${ssm:/subnets}" }
    routes:
      big-orders: { topic: orders, enabled: "\${param:orders}", environment: { URL: "\${env:ORDERS_URL, ''}" } }
    sources:
      order-hook: { webhook: true }
functions:
  own: { handler: functions/routes/own.handler, events: [{ msk: { arn: a, topic: t } }] }
`;

test("routes and sources of the plugin are functions like those that the file declares, with the variables of the stage", () => {
  const { functions, faults } = read(service, "functions/routes", { ORDERS_URL: "https://x" }, "prod") ?? {};

  expect(faults).toEqual([]);
  expect([...(functions ?? [])].map(([key]) => key)).toEqual(["bigOrders", "own"]);
  expect(functions?.get("bigOrders")).toMatchObject({
    handler: "functions/routes/big-orders.handler",
    environment: { URL: "https://x" },
    events: [
      { msk: { arn: "arn:aws:kafka:eu-central-1:1:cluster/c/1", topic: "orders", enabled: true, consumerGroupId: "shop-live-big-orders" } },
    ],
  });
  expect([...(read(service, "functions/sources")?.functions ?? [])]).toMatchObject([
    ["orderHook", { events: [{ httpApi: "POST /sources/order-hook" }] }],
  ]);
});

test("without a stage, the groups and switches are those of the service's own stage", () => {
  const { functions } = read(service, "functions/routes", { RELAY_GROUP_PREFIX: undefined }) ?? {};

  expect(functions?.get("bigOrders")).toMatchObject({ events: [{ msk: { enabled: false, consumerGroupId: "shop-dev-big-orders" } }] });
});

test.each([
  [`big-orders: { topic: '\${env:TOPIC}' }`, `custom.kafkaRelay.routes.big-orders: \${env:TOPIC} has no value here`],
  ["big-orders: { batchSize: 5 }", "custom.kafkaRelay.routes.big-orders.topic: "],
])("a route that cannot be read is reported by its place: %s", (route, fault) => {
  const faults = read(`service: shop\ncustom: { kafkaRelay: { routes: { ${route} } } }`, "functions/routes")?.faults;

  expect(faults).toEqual([expect.stringContaining(`serverless.yml: ${fault}`)]);
});
