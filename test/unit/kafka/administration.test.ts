/** The rules of administration that need no broker: lag, where offsets are moved to, merged settings, assignments, names in links. */
import { expect, test } from "vitest";
import { createDeadline } from "../../../lib/deadline.js";
import { RelayError } from "../../../lib/errors.js";
import { linksTo, names, paths } from "../../../lib/http/rest/v3-resources.js";
import { authorizedOperationNames } from "../../../lib/kafka/admin/acls.js";
import { mergeChanges } from "../../../lib/kafka/admin/config-changes.js";
import type { ConfigEntry } from "../../../lib/kafka/admin/configs.js";
import { type Group, toUpperSnake } from "../../../lib/kafka/admin/group.js";
import { parseAssignment } from "../../../lib/kafka/admin/group-members.js";
import { lagsOf, maxLag, totalLag } from "../../../lib/kafka/admin/lag.js";
import { type ResetTo, resetOffset } from "../../../lib/kafka/admin/offset-reset.js";
import { ask } from "../../../lib/kafka/ask.js";
import type { Kafka } from "../../../lib/kafka/kafka.js";
import { toKafkaError } from "../../../lib/kafka/protocol/kafka-error.js";
import { listReassignmentsApi } from "../../../lib/kafka/protocol/topics.js";

const reader = { memberId: "m", instanceId: null, clientId: "c", clientHost: "h", assignments: [{ topic: "a", partition: 1 }] };
const group: Group = {
  groupId: "g",
  type: "CLASSIC",
  state: "STABLE",
  protocolType: "consumer",
  assignor: "range",
  isSimple: false,
  isMixed: false,
  members: [reader],
  coordinatorId: 1,
};
const table = (entries: Readonly<Record<string, readonly bigint[]>>) =>
  new Map(Object.entries(entries).map(([topic, offsets]) => [topic, new Map(offsets.map((offset, partition) => [partition, offset]))]));

test("lag is the end less what is committed, by topic and partition, with who reads it", () => {
  const lags = lagsOf(group, table({ b: [1n], a: [5n, 2n] }), table({ a: [9n, 9n], b: [1n] }));

  expect(lags.map(({ topic, partition, lag, member }) => [topic, partition, lag, member?.memberId])).toEqual([
    ["a", 0, 4n, undefined],
    ["a", 1, 7n, "m"],
    ["b", 0, 0n, undefined],
  ]);
  expect([totalLag(lags), maxLag(lags)?.partition, maxLag([])]).toEqual([11n, 1, undefined]);
});

test("lag is never below nothing, and a partition without a known end is left out", () => {
  const lags = lagsOf(group, table({ a: [100n], gone: [1n] }), table({ a: [9n] }));

  expect(lags.map(({ lag }) => lag)).toEqual([0n]);
});

test.each<[ResetTo, bigint | null, bigint | undefined, bigint]>([
  [{ to: "earliest" }, 50n, undefined, 10n],
  [{ to: "latest" }, null, undefined, 90n],
  [{ to: "offset", offset: 42n }, 50n, undefined, 42n],
  [{ to: "offset", offset: 5n }, 50n, undefined, 10n],
  [{ to: "offset", offset: 500n }, 50n, undefined, 90n],
  [{ to: "timestamp", timestampMs: 1n }, 50n, 33n, 33n],
  [{ to: "timestamp", timestampMs: 1n }, 50n, -1n, 90n],
  [{ to: "shift", shift: -20n }, 50n, undefined, 30n],
  [{ to: "shift", shift: -100n }, 50n, undefined, 10n],
  [{ to: "shift", shift: 100n }, 50n, undefined, 90n],
  [{ to: "shift", shift: -5n }, null, undefined, 85n],
])("%o moves an offset of %s to where it says, and no further than the ends", (target, before, atTime, after) => {
  expect(resetOffset(target, before, { beginning: 10n, end: 90n }, atTime)).toBe(after);
});

const entry = (name: string, value: string, source: ConfigEntry["source"]): ConfigEntry => ({
  name,
  value,
  source,
  isDefault: source === "DEFAULT_CONFIG",
  isReadOnly: false,
  isSensitive: false,
  synonyms: [],
});

test("the whole set that an old broker is given is what was set, changed: defaults are not made settings", () => {
  const current = [
    entry("cleanup.policy", "delete", "DEFAULT_CONFIG"),
    entry("retention.ms", "1", "DYNAMIC_TOPIC_CONFIG"),
    entry("segment.ms", "2", "DYNAMIC_TOPIC_CONFIG"),
    entry("compression.type", "lz4", "STATIC_BROKER_CONFIG"),
  ];

  const merged = mergeChanges(current, [
    { name: "retention.ms", operation: "DELETE", value: null },
    { name: "max.message.bytes", operation: "SET", value: "5" },
    { name: "cleanup.policy", operation: "APPEND", value: "compact" },
  ]);

  expect(Object.fromEntries(merged.map(({ name, value }) => [name, value]))).toEqual({
    "segment.ms": "2",
    "max.message.bytes": "5",
    "cleanup.policy": "delete,compact",
  });
  expect(
    mergeChanges(
      [entry("cleanup.policy", "delete,compact", "DYNAMIC_TOPIC_CONFIG")],
      [{ name: "cleanup.policy", operation: "SUBTRACT", value: "delete" }],
    ),
  ).toEqual([{ name: "cleanup.policy", value: "compact" }]);
});

test("a member's assignment is read from the consumer protocol's bytes, and other bytes are none", () => {
  const assignment = Buffer.from([0, 1, 0, 0, 0, 1, 0, 1, 0x74, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 7, 255, 255, 255, 255]);

  expect(parseAssignment(assignment)).toEqual([
    { topic: "t", partition: 0 },
    { topic: "t", partition: 7 },
  ]);
  expect([parseAssignment(Buffer.alloc(0)), parseAssignment(Buffer.from("{}")), parseAssignment(Buffer.alloc(9, 255))]).toEqual([
    [],
    [],
    [],
  ]);
});

test("a bit field of operations becomes their names, and a missing one becomes nothing", () => {
  expect(authorizedOperationNames((1 << 3) | (1 << 8))).toEqual(["READ", "DESCRIBE"]);
  expect([authorizedOperationNames(undefined), authorizedOperationNames(-2147483648)]).toEqual([[], []]);
});

test("states are written in upper snake case", () => {
  expect(["PreparingRebalance", "Stable", "NotReady"].map(toUpperSnake)).toEqual(["PREPARING_REBALANCE", "STABLE", "NOT_READY"]);
});

test("names are percent-encoded in addresses, so that a group called a/b has one", () => {
  const links = linksTo("https://api.example.com/prod", "C");

  expect(links.url(paths.lag("a/b ü", "t", 1))).toBe(
    "https://api.example.com/prod/v3/clusters/C/consumer-groups/a%2Fb%20%C3%BC/lags/t/partitions/1",
  );
  expect(links.crn(names.replica("T", 1, 2))).toBe("crn:///kafka=C/topic=T/partition=1/replica=2");
});

test("a broker's refusal names the thing, keeps the broker's words where they help, and says whose fault it is", () => {
  expect(toKafkaError(3, 'Topic "t"', "This server does not host this topic-partition.").message).toBe('Topic "t": it does not exist.');
  expect(toKafkaError(40, 'Topic "t"', "Invalid value x.").message).toBe('Topic "t": Invalid value x.');
  expect(toKafkaError(9999, "X").failure).toMatchObject({ restCode: 50002, isRetriable: false });
  expect([29, 68, 69, 36, 41].map((code) => toKafkaError(code, "X").failure.restCode)).toEqual([40301, 409, 404, 40002, 50003]);
});

test("what an election brings about is worth another try: a leader that moved, an unknown epoch, an end the new leader does not know yet", () => {
  const codes = [5, 6, 9, 56, 74, 75, 78, 80, 83];

  expect(codes.filter((code) => !toKafkaError(code, "X").failure.isRetriable)).toEqual([]);
});

test("a controller that is gone is asked for again, also where the broker that would tell the new one is going too", async () => {
  const gone = new RelayError("kafka-unreachable", "gone");
  const script: unknown[] = [gone, gone, "moved"];
  const request = async () => {
    const next = script.shift();
    if (next instanceof RelayError) throw next;
    return next;
  };
  const kafka = { connection: { request } } as unknown as Pick<Kafka, "connection">;

  const answer = await ask(kafka, listReassignmentsApi, { timeoutMs: 1, topics: null }, "controller", createDeadline(5_000), {
    codes: () => [],
    isRepeatable: true,
  });

  expect(answer).toBe("moved");
});
