/** `custom.kafkaTrigger`: defaults, which brokers an event is read from, and faults in words. */
import { expect, test } from "vitest";
import { readSettings } from "../../../local/kafka-trigger/src/plugin/settings.js";

const arn = "arn:aws:kafka:eu-west-1:1:cluster/c/1";

test("without a section everything has its default", () => {
  const settings = readSettings(undefined, {});

  expect(settings).toMatchObject({
    backoff: { firstMs: 200, maxMs: 4_000 },
    drainMs: 10_000,
    statusPort: 3003,
    lines: "normal",
    isReloading: true,
  });
  expect(settings.groupIdOf("stable")).toBe("stable");
});

test.each<[string, object, NodeJS.ProcessEnv, string | undefined, readonly string[] | undefined, readonly string[]]>([
  ["nothing says otherwise: the usual port of this machine", {}, {}, arn, undefined, ["127.0.0.1:9092"]],
  ["a kafka event: the servers it names", {}, {}, undefined, ["b:1", "c:2"], ["b:1", "c:2"]],
  ["KAFKA_BROKERS before what the event names", {}, { KAFKA_BROKERS: "x:1,y:2" }, undefined, ["b:1"], ["x:1", "y:2"]],
  ["one setting for all, as a text", { brokers: "x:1, y:2" }, { KAFKA_BROKERS: "z:3" }, arn, undefined, ["x:1", "y:2"]],
  ["a map by ARN", { brokers: { [arn]: ["m:1"] } }, { KAFKA_BROKERS: "z:3" }, arn, undefined, ["m:1"]],
  ["a map by a kafka event's servers", { brokers: { "b:1,c:2": "m:1" } }, {}, undefined, ["b:1", "c:2"], ["m:1"]],
  ["KAFKA_BROKERS where the map says nothing of it", { brokers: { other: "m:1" } }, { KAFKA_BROKERS: "z:3" }, arn, undefined, ["z:3"]],
])("%s", (_what, given, shell, clusterArn, servers, expected) => {
  expect(readSettings(given, shell).brokers.of(clusterArn, servers)).toEqual(expected);
});

test("a random group starts over at each start", () => {
  const settings = readSettings({ consumerGroup: "random" }, {});

  expect(settings.groupIdOf("stable")).not.toBe(settings.groupIdOf("stable"));
});

test("the status port may be a text, as environment variables are, or none", () => {
  expect(readSettings({ statusPort: "4000" }, {}).statusPort).toBe(4000);
  expect(readSettings({ statusPort: false }, {}).statusPort).toBeUndefined();
});

test.each<[string, object, NodeJS.ProcessEnv, RegExp]>([
  ["a misspelt setting", { broker: "x:1" }, {}, /custom\.kafkaTrigger\.broker does not exist; did you mean brokers\?/],
  ["a broker without a port", { brokers: "localhost" }, {}, /custom\.kafkaTrigger\.brokers is "localhost"; it must be host:port/],
  ["KAFKA_BROKERS without a port", {}, { KAFKA_BROKERS: "localhost" }, /KAFKA_BROKERS is "localhost"; it must be host:port/],
  ["an invalid port", { statusPort: 70_000 }, {}, /statusPort is 70000; it must be a port/],
  ["a wait that is too long", { backoff: { firstMs: 70_000 } }, {}, /backoff\.firstMs is 70000; it must be milliseconds from 0 to 60000/],
  ["lines of another kind", { lines: "loud" }, {}, /lines is "loud"; it must be quiet, normal or verbose/],
])("%s is a fault that names it", (_what, given, shell, message) => {
  expect(() => readSettings(given, shell)).toThrow(message);
});

test("a fault does not tell what a secret holds", () => {
  expect(() => readSettings({ secrets: "hunter2" }, {})).toThrow(/secrets is string/);
  expect(() => readSettings({ secrets: "hunter2" }, {})).not.toThrow(/hunter2/);
});
