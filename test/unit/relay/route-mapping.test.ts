/** How a route may be deployed: what would drop or reorder its records without its knowledge is reported before anything runs. */
import { expect, test } from "vitest";
import { deployedFunctions } from "../../../local/build/service-map.js";
import { deploymentFaults } from "../../../local/cli/routes/route-mapping.js";

const entry = (trigger: object) => [{ key: "orders", file: "functions/routes/orders", triggers: [{ topic: "orders", ...trigger }] }];

test.each([
  [{ maximumRetryAttempts: 3 }, "function orders: maximumRetryAttempts: 3 would drop a batch"],
  [{ maximumRecordAgeInSeconds: 3600 }, "maximumRecordAgeInSeconds"],
  [{ bisectBatchOnFunctionError: true }, "bisectBatchOnFunctionError"],
  [{ onFailureDestination: "kafka://failed" }, "onFailureDestination"],
  [{ functionResponseTypes: ["ReportBatchItemFailures"] }, "only with provisioned pollers"],
])("%j is refused for a route", (trigger, sentence) => {
  expect(deploymentFaults("functions/routes/orders.ts", entry(trigger))).toEqual([expect.stringContaining(sentence)]);
});

test("what keeps every record is fine", () => {
  expect(
    deploymentFaults(
      "functions/routes/orders.ts",
      entry({
        maximumRetryAttempts: -1,
        batchSize: 500,
        functionResponseTypes: ["ReportBatchItemFailures"],
        provisionedPollerConfig: { minimumPollers: 1 },
      }),
    ),
  ).toEqual([]);
});

test("two events of one function on one topic are reported, because they become a single mapping", () => {
  const [one] = entry({});
  if (one === undefined) throw new Error("There is one.");
  const twice = { ...one, triggers: [...one.triggers, { topic: "orders", batchSize: 7 }] };

  expect(deploymentFaults("functions/routes/orders.ts", [twice])).toEqual([
    expect.stringMatching(/^function orders: two msk events name the topic orders: AWS has one mapping/),
  ]);
});

test("a route without a function, with two functions, or without a trigger is reported", () => {
  const [one] = entry({});
  if (one === undefined) throw new Error("There is one.");

  expect(deploymentFaults("functions/routes/other.ts", [one])[0]).toContain("no function");
  expect(deploymentFaults("functions/routes/orders.ts", [one, { ...one, key: "again" }])[0]).toContain("2 functions");
  expect(deploymentFaults("functions/routes/orders.ts", [{ ...one, triggers: [] }])[0]).toContain("no msk or kafka event");
});

test("the routes of this project are deployed as they must be", () => {
  for (const { file } of deployedFunctions().filter((one) => one.file.startsWith("functions/routes/"))) {
    expect([file, ...deploymentFaults(`${file}.ts`, deployedFunctions())]).toEqual([file]);
  }
});
