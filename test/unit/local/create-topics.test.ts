/** KAFKA_CREATE_TOPICS, as the kafka-docker image takes it. */
import { expect, test } from "vitest";
import { parseCreateTopics } from "../../../local/broker/create-topics.js";

test("topics are named with partitions, replication and, if wanted, a cleanup policy", () => {
  expect(parseCreateTopics("test:1:1,orders:4:1:compact")).toEqual([
    { name: "test", partitionsCount: 1, replicationFactor: 1 },
    { name: "orders", partitionsCount: 4, replicationFactor: 1, configs: [{ name: "cleanup.policy", value: "compact" }] },
  ]);
});

test("nothing, spaces and a trailing comma are accepted", () => {
  expect(parseCreateTopics("")).toEqual([]);
  expect(parseCreateTopics(" a:1:1 , b:2:1 ,\n").map(({ name }) => name)).toEqual(["a", "b"]);
});

test.each([
  ["orders", "partitions must be"],
  ["orders:0:1", 'partitions must be a whole number from 1 to 10000, not "0"'],
  ["orders:4", 'replication must be a whole number from 1 to 100, not ""'],
  ["orders:4:1:keep", 'cleanup.policy must be delete or compact, not "keep"'],
  ["orders:4:1:compact:x", "there are 5 parts, but at most 4 are allowed"],
  ["or ders:4:1", "a topic name must have 1 to 249 letters"],
  ["__consumer_offsets:4:1", "names that begin with __ are reserved for Kafka's internal topics"],
  ["a:1:1,a:2:1", '"a" is named twice'],
])("%s is refused with what is wrong and what would be right", (text, fault) => {
  expect(() => parseCreateTopics(text)).toThrow(fault);
  expect(() => parseCreateTopics(text)).toThrow("name:partitions:replication[:cleanup.policy]");
});

test("all faults are reported at once", () => {
  expect(() => parseCreateTopics("a:x:1,b:1:1:foo")).toThrow(/"a:x:1"[\s\S]*"b:1:1:foo"/);
});
