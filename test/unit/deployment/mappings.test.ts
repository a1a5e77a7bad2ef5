/** Mappings that would drop or reorder records behind a route's back are refused with a reason. */
import { expect, test } from "vitest";
import { type MappingEvent, mappingFaults, takesPartialResponses } from "../../../local/build/deployment/mappings.js";

const pollers = { minimumPollers: 1, maximumPollers: 4 };

test.each<[MappingEvent, string]>([
  [{ maximumRetryAttempts: 3 }, "would drop a batch after that many attempts"],
  [{ maximumRetryAttempts: 0 }, "would drop a batch after that many attempts"],
  [{ maximumRecordAgeInSeconds: 3600 }, "would drop records because of their age"],
  [{ bisectBatchOnFunctionError: true }, "would change the order of records"],
  [{ onFailureDestination: "arn:aws:sqs:eu-central-1:123456789012:failed" }, "would remove records that the route has not settled"],
  [{ functionResponseTypes: ["ReportBatchItemFailures"] }, "only with provisioned pollers"],
  [{ schemaRegistryConfig: { eventRecordFormat: "JSON" } }, "schemaRegistryConfig would drop records that AWS cannot decode"],
])("%j is refused", (event, reason) => {
  expect(mappingFaults("orders", event)).toEqual([expect.stringMatching(new RegExp(`^function orders: .*${reason}`))]);
});

test("every fault of a mapping is reported", () => {
  expect(
    mappingFaults("orders", { maximumRetryAttempts: 1, bisectBatchOnFunctionError: true, maximumRecordAgeInSeconds: 60 }),
  ).toHaveLength(3);
});

test.each<MappingEvent>([
  {},
  { schemaRegistryConfig: { eventRecordFormat: "SOURCE" }, onFailureDestination: "kafka://undecoded" },
  { maximumRetryAttempts: -1, maximumRecordAgeInSeconds: -1, bisectBatchOnFunctionError: false },
  { functionResponseTypes: ["ReportBatchItemFailures"], provisionedPollerConfig: pollers },
  { functionResponseTypes: ["ReportBatchItemFailures"], provisionedPollers: { min: 1, max: 4 } },
])("%j loses nothing", (event) => {
  expect(mappingFaults("orders", event)).toEqual([]);
});

test("partial responses are read from the mapping", () => {
  expect(
    [{}, { functionResponseTypes: ["ReportBatchItemFailures"] }, { functionResponseTypes: "ReportBatchItemFailures" }].map(
      takesPartialResponses,
    ),
  ).toEqual([false, true, true]);
});
