/**
 * Every error code of Kafka 4 (https://kafka.apache.org/protocol#protocol_error_codes), one row each: which failure it is, whether the change was surely not
 * made, what to look up again before another attempt, and what to say. No other file holds a code.
 */
import { type FailureCode, failures } from "../../errors.js";

/** What the client believed, and has to look up again: who leads a partition, who coordinates a group, who controls the cluster. */
export type Refresh = "metadata" | "coordinator" | "controller" | "nothing";

interface KafkaErrorRow {
  readonly code: number;
  readonly failure: FailureCode;
  /** "not-written" is a promise: what the request would have changed is as it was. */
  readonly written: "not-written" | "maybe";
  readonly refresh: Refresh;
  /** Follows the name of the thing: `Topic "orders": ${message}.` */
  readonly message: string;
  /** The broker's own text about these names hosts and partitions where the caller named a topic or a group. */
  readonly isSaidByUs: boolean;
}

function row(
  code: number,
  failure: FailureCode,
  written: KafkaErrorRow["written"],
  refresh: Refresh,
  message = "",
  isSaidByUs = false,
): KafkaErrorRow {
  return { code, failure, written, refresh, message, isSaidByUs };
}

/** Between brokers, for transactions, delegation tokens or share groups: a client like ours is not expected to meet it, and repeats nothing because of it. */
const foreign = (code: number): KafkaErrorRow => row(code, "kafka-refused", "maybe", "nothing");
const ours = true;

export const kafkaErrors = {
  UNKNOWN_SERVER_ERROR: row(-1, "kafka-refused", "maybe", "nothing", "the broker failed without giving a reason"),
  OFFSET_OUT_OF_RANGE: row(1, "bad-request", "not-written", "nothing", "the offset is out of range"),
  CORRUPT_MESSAGE: row(2, "batch-unreadable", "not-written", "nothing", "the batch is damaged"),
  // A leader says so while its view of the cluster is late, the controller only when it is true: who was asked decides whether to look again.
  UNKNOWN_TOPIC_OR_PARTITION: row(3, "unknown-topic-or-partition", "maybe", "metadata", "it does not exist", ours),
  INVALID_FETCH_SIZE: row(4, "kafka-refused", "not-written", "nothing", "the broker does not accept the size of the read"),
  LEADER_NOT_AVAILABLE: row(5, "leader-not-available", "maybe", "metadata", "it has no leader at the moment"),
  NOT_LEADER_OR_FOLLOWER: row(6, "leader-not-available", "maybe", "metadata", "its leader has moved"),
  REQUEST_TIMED_OUT: row(7, "kafka-retriable", "maybe", "metadata", "the broker ran out of time, and may still complete the request"),
  BROKER_NOT_AVAILABLE: row(8, "broker-not-available", "maybe", "metadata", "the broker is not available"),
  REPLICA_NOT_AVAILABLE: row(9, "leader-not-available", "maybe", "metadata", "a replica is not available"),
  MESSAGE_TOO_LARGE: row(10, "record-too-large", "not-written", "nothing", "the batch is larger than the topic allows (max.message.bytes)"),
  STALE_CONTROLLER_EPOCH: row(11, "kafka-retriable", "not-written", "controller", "the controller has moved"),
  OFFSET_METADATA_TOO_LARGE: row(12, "kafka-refused", "not-written", "nothing", "the metadata of the committed offset is too long"),
  NETWORK_EXCEPTION: row(13, "kafka-retriable", "maybe", "metadata", "the broker lost a connection inside the cluster"),
  COORDINATOR_LOAD_IN_PROGRESS: row(14, "kafka-retriable", "not-written", "nothing", "the group's coordinator is still loading"),
  COORDINATOR_NOT_AVAILABLE: row(15, "kafka-retriable", "not-written", "coordinator", "the group has no coordinator at the moment"),
  NOT_COORDINATOR: row(16, "kafka-retriable", "not-written", "coordinator", "the group's coordinator has moved"),
  INVALID_TOPIC_EXCEPTION: row(17, "kafka-bad-request", "not-written", "nothing", "the topic name is not allowed"),
  RECORD_LIST_TOO_LARGE: row(18, "record-too-large", "not-written", "nothing", "the batch is larger than a segment of the topic"),
  NOT_ENOUGH_REPLICAS: row(19, "kafka-retriable", "not-written", "nothing", "too few replicas are in sync (min.insync.replicas)"),
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: row(20, "kafka-retriable", "maybe", "nothing", "it was written to too few replicas"),
  INVALID_REQUIRED_ACKS: row(21, "kafka-refused", "not-written", "nothing", "the broker does not accept the number of acknowledgements"),
  ILLEGAL_GENERATION: row(22, "conflict", "not-written", "nothing", "the group has advanced to another generation"),
  INCONSISTENT_GROUP_PROTOCOL: row(23, "kafka-bad-request", "not-written", "nothing", "the group uses another protocol"),
  INVALID_GROUP_ID: row(24, "kafka-bad-request", "not-written", "nothing", "the group id is not allowed"),
  UNKNOWN_MEMBER_ID: row(25, "conflict", "not-written", "nothing", "this member is unknown to the group"),
  INVALID_SESSION_TIMEOUT: row(26, "kafka-bad-request", "not-written", "nothing", "the broker does not allow this session timeout"),
  REBALANCE_IN_PROGRESS: row(27, "conflict", "not-written", "nothing", "the group is rebalancing"),
  INVALID_COMMIT_OFFSET_SIZE: row(28, "kafka-refused", "not-written", "nothing", "the commit is too large"),
  TOPIC_AUTHORIZATION_FAILED: row(29, "kafka-forbidden", "not-written", "nothing", "Kafka does not authorize us on this topic", ours),
  GROUP_AUTHORIZATION_FAILED: row(30, "kafka-forbidden", "not-written", "nothing", "Kafka does not authorize us on this group", ours),
  CLUSTER_AUTHORIZATION_FAILED: row(31, "kafka-forbidden", "not-written", "nothing", "Kafka does not authorize us on the cluster", ours),
  INVALID_TIMESTAMP: row(
    32,
    "record-refused",
    "not-written",
    "nothing",
    "a timestamp is further from the broker's clock than the topic allows",
  ),
  UNSUPPORTED_SASL_MECHANISM: row(33, "kafka-unauthenticated", "not-written", "nothing", "the broker does not support the SASL mechanism"),
  ILLEGAL_SASL_STATE: row(
    34,
    "kafka-unauthenticated",
    "not-written",
    "nothing",
    "the broker did not expect this step of the authentication",
  ),
  UNSUPPORTED_VERSION: row(
    35,
    "unsupported-by-broker",
    "not-written",
    "nothing",
    "the broker does not support this version of the request",
  ),
  TOPIC_ALREADY_EXISTS: row(36, "topic-exists", "not-written", "nothing", "it already exists", ours),
  INVALID_PARTITIONS: row(37, "kafka-bad-request", "not-written", "nothing", "the number of partitions is not possible"),
  INVALID_REPLICATION_FACTOR: row(38, "kafka-bad-request", "not-written", "nothing", "the replication factor is not possible"),
  INVALID_REPLICA_ASSIGNMENT: row(39, "kafka-bad-request", "not-written", "nothing", "the replica assignment is not possible"),
  INVALID_CONFIG: row(40, "kafka-bad-request", "not-written", "nothing", "the configuration is not valid"),
  NOT_CONTROLLER: row(41, "kafka-retriable", "not-written", "controller", "the controller has moved"),
  INVALID_REQUEST: row(42, "kafka-bad-request", "not-written", "nothing", "the broker refuses the request"),
  UNSUPPORTED_FOR_MESSAGE_FORMAT: row(
    43,
    "unsupported-by-broker",
    "not-written",
    "nothing",
    "the topic's message format does not allow it",
  ),
  POLICY_VIOLATION: row(44, "kafka-bad-request", "not-written", "nothing", "a policy of the cluster forbids it"),
  OUT_OF_ORDER_SEQUENCE_NUMBER: row(45, "kafka-refused", "not-written", "nothing", "the batch is out of order"),
  DUPLICATE_SEQUENCE_NUMBER: row(46, "kafka-refused", "maybe", "nothing", "the batch was written before"),
  INVALID_PRODUCER_EPOCH: row(47, "kafka-refused", "not-written", "nothing", "the broker knows a newer producer of the same id"),
  INVALID_TXN_STATE: foreign(48),
  INVALID_PRODUCER_ID_MAPPING: foreign(49),
  INVALID_TRANSACTION_TIMEOUT: foreign(50),
  CONCURRENT_TRANSACTIONS: row(51, "kafka-retriable", "not-written", "nothing", "another transaction is in progress"),
  TRANSACTION_COORDINATOR_FENCED: foreign(52),
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: row(
    53,
    "kafka-forbidden",
    "not-written",
    "nothing",
    "Kafka does not authorize us on the transactional id",
  ),
  SECURITY_DISABLED: row(54, "kafka-bad-request", "not-written", "nothing", "the cluster has no authorizer, so there are no ACLs"),
  OPERATION_NOT_ATTEMPTED: row(
    55,
    "kafka-refused",
    "not-written",
    "nothing",
    "the broker did not try it, because an earlier operation failed",
  ),
  KAFKA_STORAGE_ERROR: row(56, "leader-not-available", "maybe", "metadata", "the broker cannot reach its disk"),
  LOG_DIR_NOT_FOUND: row(57, "kafka-retriable", "not-written", "nothing", "a log directory is not available"),
  SASL_AUTHENTICATION_FAILED: row(58, "kafka-unauthenticated", "not-written", "nothing", "the broker refused the authentication"),
  UNKNOWN_PRODUCER_ID: row(59, "kafka-refused", "not-written", "nothing", "the broker does not know the producer any more"),
  REASSIGNMENT_IN_PROGRESS: row(60, "conflict", "not-written", "nothing", "a reassignment is in progress"),
  DELEGATION_TOKEN_AUTH_DISABLED: foreign(61),
  DELEGATION_TOKEN_NOT_FOUND: foreign(62),
  DELEGATION_TOKEN_OWNER_MISMATCH: foreign(63),
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: foreign(64),
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: foreign(65),
  DELEGATION_TOKEN_EXPIRED: foreign(66),
  INVALID_PRINCIPAL_TYPE: foreign(67),
  NON_EMPTY_GROUP: row(68, "conflict", "not-written", "nothing", "the group has members", ours),
  GROUP_ID_NOT_FOUND: row(69, "group-not-found", "not-written", "nothing", "the group does not exist", ours),
  FETCH_SESSION_ID_NOT_FOUND: row(70, "kafka-retriable", "not-written", "nothing", "the broker has forgotten the fetch session"),
  INVALID_FETCH_SESSION_EPOCH: row(71, "kafka-retriable", "not-written", "nothing", "the fetch session is out of step"),
  LISTENER_NOT_FOUND: row(72, "leader-not-available", "not-written", "metadata", "its leader has no listener of the kind that was used"),
  TOPIC_DELETION_DISABLED: row(73, "kafka-bad-request", "not-written", "nothing", "deleting topics is switched off in the cluster"),
  FENCED_LEADER_EPOCH: row(74, "leader-not-available", "maybe", "metadata", "its leader has moved"),
  UNKNOWN_LEADER_EPOCH: row(75, "leader-not-available", "maybe", "metadata", "the broker does not know yet who leads it"),
  UNSUPPORTED_COMPRESSION_TYPE: row(76, "unsupported-by-broker", "not-written", "nothing", "the compression is not supported"),
  STALE_BROKER_EPOCH: foreign(77),
  OFFSET_NOT_AVAILABLE: row(78, "leader-not-available", "not-written", "metadata", "its new leader does not know its end yet"),
  MEMBER_ID_REQUIRED: row(79, "kafka-refused", "not-written", "nothing", "the group requires a member id first"),
  PREFERRED_LEADER_NOT_AVAILABLE: row(80, "kafka-retriable", "not-written", "nothing", "the preferred leader is not available"),
  GROUP_MAX_SIZE_REACHED: row(
    81,
    "kafka-refused",
    "not-written",
    "nothing",
    "the group has as many members as the broker allows (group.max.size)",
  ),
  FENCED_INSTANCE_ID: row(82, "conflict", "not-written", "nothing", "another process has joined under this instance id"),
  ELIGIBLE_LEADERS_NOT_AVAILABLE: row(83, "kafka-retriable", "not-written", "nothing", "no eligible leader is available"),
  ELECTION_NOT_NEEDED: row(84, "conflict", "not-written", "nothing", "it already has the right leader"),
  NO_REASSIGNMENT_IN_PROGRESS: row(85, "not-found", "not-written", "nothing", "no reassignment is in progress"),
  GROUP_SUBSCRIBED_TO_TOPIC: row(86, "conflict", "not-written", "nothing", "the group is subscribed to the topic"),
  INVALID_RECORD: row(87, "record-refused", "not-written", "nothing", "the broker refuses the record"),
  UNSTABLE_OFFSET_COMMIT: row(88, "kafka-retriable", "not-written", "nothing", "a transaction on the offsets is still open"),
  THROTTLING_QUOTA_EXCEEDED: row(89, "too-many-requests", "not-written", "nothing", "the cluster's quota for changes is used up"),
  PRODUCER_FENCED: foreign(90),
  RESOURCE_NOT_FOUND: row(91, "not-found", "not-written", "nothing", "it does not exist"),
  DUPLICATE_RESOURCE: row(92, "kafka-bad-request", "not-written", "nothing", "the request names it twice"),
  UNACCEPTABLE_CREDENTIAL: row(93, "kafka-bad-request", "not-written", "nothing", "the broker does not accept the credential"),
  INCONSISTENT_VOTER_SET: foreign(94),
  INVALID_UPDATE_VERSION: foreign(95),
  FEATURE_UPDATE_FAILED: foreign(96),
  PRINCIPAL_DESERIALIZATION_FAILURE: foreign(97),
  SNAPSHOT_NOT_FOUND: foreign(98),
  POSITION_OUT_OF_RANGE: foreign(99),
  UNKNOWN_TOPIC_ID: row(100, "leader-not-available", "maybe", "metadata", "the broker does not know the topic's id"),
  DUPLICATE_BROKER_REGISTRATION: foreign(101),
  BROKER_ID_NOT_REGISTERED: row(102, "not-found", "not-written", "nothing", "the broker is not registered"),
  INCONSISTENT_TOPIC_ID: row(103, "leader-not-available", "maybe", "metadata", "the broker knows another topic of this name"),
  INCONSISTENT_CLUSTER_ID: foreign(104),
  TRANSACTIONAL_ID_NOT_FOUND: foreign(105),
  FETCH_SESSION_TOPIC_ID_ERROR: row(106, "kafka-retriable", "not-written", "nothing", "the fetch session mixes topic ids and names"),
  INELIGIBLE_REPLICA: foreign(107),
  NEW_LEADER_ELECTED: foreign(108),
  OFFSET_MOVED_TO_TIERED_STORAGE: foreign(109),
  FENCED_MEMBER_EPOCH: row(110, "conflict", "not-written", "nothing", "the group has replaced this member"),
  UNRELEASED_INSTANCE_ID: row(111, "conflict", "not-written", "nothing", "another member still has this instance id"),
  UNSUPPORTED_ASSIGNOR: row(112, "kafka-bad-request", "not-written", "nothing", "the group does not support the assignor"),
  STALE_MEMBER_EPOCH: row(113, "conflict", "not-written", "nothing", "the group has advanced to another epoch"),
  MISMATCHED_ENDPOINT_TYPE: foreign(114),
  UNSUPPORTED_ENDPOINT_TYPE: foreign(115),
  UNKNOWN_CONTROLLER_ID: foreign(116),
  UNKNOWN_SUBSCRIPTION_ID: foreign(117),
  TELEMETRY_TOO_LARGE: foreign(118),
  INVALID_REGISTRATION: foreign(119),
  TRANSACTION_ABORTABLE: foreign(120),
  INVALID_RECORD_STATE: foreign(121),
  SHARE_SESSION_NOT_FOUND: foreign(122),
  INVALID_SHARE_SESSION_EPOCH: foreign(123),
  FENCED_STATE_EPOCH: foreign(124),
  INVALID_VOTER_KEY: foreign(125),
  DUPLICATE_VOTER: foreign(126),
  VOTER_NOT_FOUND: foreign(127),
  INVALID_REGULAR_EXPRESSION: row(128, "kafka-bad-request", "not-written", "nothing", "the regular expression is not valid"),
  REBOOTSTRAP_REQUIRED: row(129, "kafka-retriable", "not-written", "metadata", "the known state of the cluster is out of date"),
  STREAMS_INVALID_TOPOLOGY: foreign(130),
  STREAMS_INVALID_TOPOLOGY_EPOCH: foreign(131),
  STREAMS_TOPOLOGY_FENCED: foreign(132),
  SHARE_SESSION_LIMIT_REACHED: foreign(133),
} as const satisfies Record<string, KafkaErrorRow>;

export type KafkaErrorName = keyof typeof kafkaErrors;

interface NamedRow extends KafkaErrorRow {
  readonly name: string;
}

const byCode: ReadonlyMap<number, NamedRow> = new Map(Object.entries(kafkaErrors).map(([name, one]) => [one.code, { name, ...one }]));

/** The row of a code; a code of a newer Kafka is refused for good, and promises nothing. */
export function kafkaError(code: number): NamedRow {
  return byCode.get(code) ?? { name: `error ${code}`, ...foreign(code) };
}

/** Is this code one of those named? */
export function isKafkaError(code: number, ...names: readonly KafkaErrorName[]): boolean {
  return names.some((name) => kafkaErrors[name].code === code);
}

/** Can the same request succeed in a moment, at the same broker or, once `refresh` is looked up again, at another? */
export function isPassing(code: number): boolean {
  const { failure, refresh } = kafkaError(code);
  return refresh !== "nothing" || failures[failure].isRetriable;
}
