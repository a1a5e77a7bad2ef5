/** ReportBatchItemFailures for Kafka (https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html): what an answer says of its batch. */
import { expect, test } from "vitest";
import { parsePartialResponse } from "../../../local/kafka-trigger/src/poll/partial-response.js";
import { waitingRecords } from "../../support/trigger/waiting-records.js";

const topic = "orders-eu-1";
const runs = [0, 12].map((partition) => ({
  partition,
  nextOffset: 7,
  records: waitingRecords(
    topic,
    partition,
    [5, 6].map((offset) => ({ offset })),
  ),
}));
const identifier = (partition: unknown, offset: unknown) => ({ batchItemFailures: [{ itemIdentifier: { partition, offset } }] });

test.each<[string, unknown]>([
  ["null", null],
  ["nothing", undefined],
  ["an empty object", {}],
  ["an empty list of failures", { batchItemFailures: [] }],
  ["failures that are null", { batchItemFailures: null }],
  ["a string", "done"],
  ["a number", 5],
  ["a list", []],
])("%s is a success of the whole batch", (_what, answer) => {
  expect(parsePartialResponse(answer, topic, runs)).toEqual({ kind: "succeeded" });
});

test("identifiers name records by topic, partition and offset; a topic's name may end like a partition", () => {
  const answer = {
    batchItemFailures: [
      { itemIdentifier: { partition: "orders-eu-1-12", offset: 6 } },
      { itemIdentifier: { partition: "orders-eu-1-0", offset: 5 } },
      { itemIdentifier: { partition: "orders-eu-1-0", offset: 5 } },
    ],
  };

  expect(parsePartialResponse(answer, topic, runs)).toEqual({ kind: "partial", failed: new Set(["orders-eu-1-12@6", "orders-eu-1-0@5"]) });
});

test.each<[string, unknown, RegExp]>([
  ["an offset that is not in the batch", identifier("orders-eu-1-0", 7), /names offset 7 of "orders-eu-1-0", which was not in the batch/],
  ["a partition that is not in the batch", identifier("orders-eu-1-1", 5), /was not in the batch/],
  ["an offset in a string", identifier("orders-eu-1-0", "5"), /offset is the string "5", but must be a number/],
  ["a partition by its number", identifier(0, 5), /partition is the number 0, but must be a string such as "orders-eu-1-0"/],
  ["a string, as SQS has it", { batchItemFailures: [{ itemIdentifier: "5" }] }, /for Kafka it must be an object/],
  ["no identifier", { batchItemFailures: [{}] }, /itemIdentifier is undefined/],
  ["failures that are not a list", { batchItemFailures: "all" }, /batchItemFailures is .*must be a list/],
])("%s fails the whole batch, and says why", (_what, answer, message) => {
  const verdict = parsePartialResponse(answer, topic, runs);

  expect(verdict.kind).toBe("invalid");
  expect(verdict).toMatchObject({ why: expect.stringMatching(message) });
});
