/** What a broker's error code means where something is administered: a row of the failure table, and words that name the thing. */
import { type FailureCode, RelayError } from "../../errors.js";

/** Codes of https://kafka.apache.org/protocol#protocol_error_codes that administration meets, with what to say where the broker says nothing itself. */
const meanings: Readonly<Record<number, readonly [FailureCode, string]>> = {
  1: ["bad-request", "the offset is out of range"],
  3: ["unknown-topic-or-partition", "it does not exist"],
  5: ["leader-not-available", "it has no leader now"],
  6: ["kafka-retriable", "its leader has moved"],
  7: ["kafka-retriable", "the broker ran out of time; it may still do it"],
  9: ["kafka-retriable", "a replica is not available"],
  14: ["kafka-retriable", "the group's coordinator is loading"],
  15: ["kafka-retriable", "the group has no coordinator now"],
  16: ["kafka-retriable", "the group's coordinator has moved"],
  17: ["kafka-bad-request", "the name is not allowed"],
  23: ["kafka-bad-request", "the group speaks another protocol"],
  24: ["kafka-bad-request", "the group id is not allowed"],
  25: ["conflict", "the group has members, and only they may change its offsets"],
  29: ["kafka-forbidden", "not authorized"],
  30: ["kafka-forbidden", "not authorized"],
  31: ["kafka-forbidden", "not authorized on the cluster"],
  35: ["unsupported-by-broker", "the broker does not know this version of the request"],
  36: ["topic-exists", "it exists already"],
  37: ["kafka-bad-request", "the number of partitions is not possible"],
  38: ["kafka-bad-request", "the replication factor is not possible"],
  39: ["kafka-bad-request", "the replica assignment is not possible"],
  40: ["kafka-bad-request", "the configuration is not valid"],
  41: ["kafka-retriable", "the controller has moved"],
  42: ["kafka-bad-request", "the broker refuses the request"],
  43: ["unsupported-by-broker", "the topic's message format does not allow it"],
  44: ["kafka-bad-request", "a policy of the cluster forbids it"],
  54: ["kafka-bad-request", "the cluster has no authorizer, so there are no ACLs"],
  56: ["kafka-retriable", "the broker cannot reach its disk"],
  57: ["kafka-retriable", "a log directory is not available"],
  60: ["conflict", "a reassignment is under way"],
  68: ["conflict", "the group has members"],
  69: ["group-not-found", "the group does not exist"],
  73: ["kafka-bad-request", "deleting topics is switched off in the cluster"],
  74: ["kafka-retriable", "its leader has moved"],
  75: ["kafka-retriable", "its leader has moved"],
  78: ["kafka-retriable", "its new leader does not know its end yet"],
  80: ["kafka-retriable", "the preferred leader is not available"],
  83: ["kafka-retriable", "no eligible leader is available"],
  85: ["not-found", "no reassignment is under way"],
  86: ["conflict", "the group is subscribed to the topic"],
  87: ["record-refused", "the broker refuses the record"],
  89: ["too-many-requests", "the cluster's quota for changes is used up"],
};

/** Those after which the same request may succeed at another broker or a moment later. */
export const transientCodes: ReadonlySet<number> = new Set([5, 6, 14, 15, 16, 41, 103]);

/** The brokers' words for these are of hosts and partitions where the caller has named a topic or a group. */
const saidBetterByUs: ReadonlySet<number> = new Set([3, 29, 30, 31, 36, 68, 69]);

/** `what` names the thing in the sentence: `Topic "orders"`, `Group "billing"`. The broker's own words are kept where it has some. */
export function toAdminError(kafkaCode: number, what: string, brokerMessage: string | null = null): RelayError {
  const [code, meaning] = meanings[kafkaCode] ?? ["kafka-refused", `the broker answered error ${kafkaCode}`];
  const said = brokerMessage === null || brokerMessage === "" || saidBetterByUs.has(kafkaCode) ? meaning : brokerMessage;
  return new RelayError(code, `${what}: ${said.replace(/[.\s]+$/, "")}.`, { kafkaCode });
}
