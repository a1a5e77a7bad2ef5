/** The library's options: everything wrong is reported at once, by name, with what would be right. */
import { expect, test } from "vitest";
import { createKafkaTrigger } from "../../../local/kafka-trigger/src/library.js";
import { checkTriggerOptions, type KafkaTriggerOptions, toMapping } from "../../../local/kafka-trigger/src/options.js";

const least: KafkaTriggerOptions = { brokers: ["127.0.0.1:9092"], topic: "orders", consumerGroupId: "orders-test" };

test("the least there is to say gives AWS's defaults", () => {
  checkTriggerOptions(least);

  expect(toMapping(least)).toMatchObject({
    kind: "kafka",
    bootstrapServers: "127.0.0.1:9092",
    batchSize: 100,
    windowMs: 500,
    startingPosition: { kind: "TRIM_HORIZON" },
    failure: { retriesMax: -1, recordAgeMaxMs: -1, isBisecting: false, takesPartialResponses: false },
  });
});

test("a cluster's ARN makes events those of Amazon MSK", () => {
  expect(toMapping({ ...least, eventSourceArn: "arn:aws:kafka:eu-west-1:1:cluster/c/1" }).kind).toBe("msk");
});

test.each<[string, object, RegExp]>([
  ["no options", [] as object, /the options must be an object|brokers is missing/],
  ["no topic", { topic: undefined }, /topic is missing/],
  ["brokers as a text", { brokers: "127.0.0.1:9092" }, /brokers is "127\.0\.0\.1:9092"; it must be a list of "host:port"/],
  ["a broker without a port", { brokers: ["kafka"] }, /brokers is \["kafka"\]/],
  ["a batch that is too large", { batchSize: 10_001 }, /batchSize is 10001; it must be a whole number from 1 to 10000/],
  ["a window below 0", { batchingWindowMs: -1 }, /batchingWindowMs is -1/],
  ["a position without its time", { startingPosition: { kind: "AT_TIMESTAMP" } }, /startingPosition is .*timestampMs/],
  ["a misspelt option", { batchsize: 10 }, /the option batchsize does not exist; did you mean batchSize\?/],
  ["a backoff the wrong way round", { backoff: { firstMs: 10, maxMs: 5 } }, /backoff is/],
  ["an invalid callback", { say: "loud" }, /say is "loud"; it must be a function/],
])("%s throws and says what would be right", (_what, wrong, message) => {
  const options = Array.isArray(wrong) ? (undefined as never) : { ...least, ...wrong };

  expect(() => createKafkaTrigger(options, async () => {})).toThrow(message);
});

test("every fault is reported at once", () => {
  expect(() => checkTriggerOptions({ ...least, batchSize: 0, maximumRetryAttempts: -2 })).toThrow(
    /batchSize is 0.*maximumRetryAttempts is -2/,
  );
});

test("a filter pattern that AWS would refuse throws with its place", () => {
  expect(() => toMapping({ ...least, filterPatterns: [{ value: { a: "x" } }] })).toThrow(/filterPatterns\[0\]\.value\.a/);
});
