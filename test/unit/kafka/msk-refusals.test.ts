/** What MSK Serverless and Express brokers refuse, by the code they answer: what a caller of the API receives (the table of docs/aws.md). */
import { expect, test } from "vitest";
import { toKafkaError } from "../../../lib/kafka/protocol/kafka-error.js";

test.each([
  ["a replication factor other than theirs", 38, 400],
  ["too many partitions", 37, 400],
  ["a setting that is fixed", 40, 400],
  ["what a policy forbids", 44, 400],
  ["a request they do not take", 42, 400],
  ["a request they do not know", 35, 400],
  ["ACLs where there is no authorizer", 54, 400],
  ["what the role may not", 29, 403],
  ["what the role may not on the cluster", 31, 403],
  ["changes beyond the quota", 89, 429],
])("%s: code %d is answered %d, in the broker's own words where it has some", (_, kafkaCode, status) => {
  const error = toKafkaError(kafkaCode, 'Topic "orders"', "Only replication factor 3 is possible here");

  expect(error.failure.status).toBe(status);
  if (status === 400) expect(error.message).toBe('Topic "orders": Only replication factor 3 is possible here.');
  expect(toKafkaError(kafkaCode, 'Topic "orders"').message).toMatch(/^Topic "orders": .{10,}\.$/);
});
