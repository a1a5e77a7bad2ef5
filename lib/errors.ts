/**
 * Every failure this project knows: one closed table, read by the HTTP side, the producer and the relay.
 * Failures of kafkajs, fetch and SDKs are translated to a row where they arise; an unknown error is a bug, and `internal` is its row.
 */

/** Whose problem a failure is. The relay dead-letters the record's, retries the target's, gives back ours. */
type Blame = "caller" | "record" | "target" | "us";

export interface Failure {
  /** HTTP status of an answer that carries it. */
  readonly status: number;
  /** Confluent's `error_code`: the status itself, or the status followed by two digits. */
  readonly restCode: number;
  /** Does it make sense to try the same again later? */
  readonly isRetriable: boolean;
  readonly blame: Blame;
  /** May the record be in Kafka already? "no" is a promise. */
  readonly written: "no" | "maybe";
}

const row = (restCode: number, isRetriable: boolean, blame: Blame, written: Failure["written"] = "no"): Failure => ({
  status: restCode >= 1000 ? Math.trunc(restCode / 100) : restCode,
  restCode,
  isRetriable,
  blame,
  written,
});

export const failures = {
  // What a caller sent.
  "bad-request": row(400, false, "caller"),
  "malformed-json": row(400, false, "caller"),
  "kafka-bad-request": row(40002, false, "caller"),
  unauthenticated: row(401, false, "caller"),
  forbidden: row(403, false, "caller"),
  "not-found": row(404, false, "caller"),
  "topic-not-found": row(40401, false, "caller"),
  "partition-not-found": row(40402, false, "caller"),
  "unknown-topic-or-partition": row(40403, false, "caller"),
  "group-not-found": row(404, false, "caller"),
  "method-not-allowed": row(405, false, "caller"),
  "not-acceptable": row(406, false, "caller"),
  "request-timeout": row(408, true, "caller"),
  conflict: row(409, false, "caller"),
  "consumer-not-found": row(40403, false, "caller"),
  "consumer-exists": row(40902, false, "caller"),
  "consumer-state": row(40903, false, "caller"),
  "consumer-format": row(40601, false, "caller"),
  "consumer-config": row(42204, false, "caller"),
  "consumer-limit-exceeded": { ...row(40001, false, "caller"), status: 422 }, // the contract's code, whose status is not its first three digits
  "consumers-full": row(50301, true, "caller"),
  "topic-exists": row(40002, false, "caller"),
  "topic-recreated": row(410, false, "caller"),
  "too-large": row(413, false, "caller"),
  "unsupported-media-type": row(415, false, "caller"),
  "headers-too-large": row(431, false, "caller"),
  unprocessable: row(422, false, "caller"),
  "too-many-requests": row(42901, true, "caller"),
  "not-offered": row(501, false, "caller"),
  // What a record is.
  "record-too-large": row(413, false, "record"),
  "record-refused": row(50002, false, "record"),
  "record-undecodable": row(400, false, "record"),
  "record-not-for-target": row(400, false, "record"),
  "transform-failed": row(422, false, "record"),
  // What a schema or its registry says.
  "schema-invalid": row(42205, false, "caller"),
  "schema-missing": row(42201, false, "caller"),
  "schema-refused": row(42207, false, "caller"),
  "schema-not-found": row(40403, false, "record"),
  "registry-unauthenticated": row(40101, false, "us"),
  "registry-forbidden": row(40301, false, "us"),
  "registry-unavailable": row(503, true, "target"),
  // What Kafka answers, or fails to answer.
  "kafka-unauthenticated": row(40101, false, "us"),
  "kafka-forbidden": row(40301, false, "us"),
  "kafka-refused": row(50002, false, "us"),
  "kafka-retriable": row(50003, true, "target"),
  "kafka-unreachable": row(50003, true, "target"),
  "leader-not-available": row(50003, true, "target"),
  "maybe-written": row(50003, true, "target", "maybe"),
  "broker-not-available": row(50302, true, "target"),
  "unsupported-by-broker": row(40002, false, "us"),
  "offset-out-of-range": row(40002, false, "caller"),
  "batch-unreadable": row(50002, false, "target"),
  // What a relay target answers, or fails to answer.
  "target-failed": row(502, true, "target"),
  "target-timeout": row(504, true, "target"),
  "target-busy": row(503, true, "target"),
  "target-refused": row(502, true, "target"),
  // Time, configuration, and bugs.
  "shutting-down": row(503, true, "us"),
  overloaded: row(503, true, "us"),
  "grants-unavailable": row(503, true, "us"),
  "deadline-exceeded": row(504, true, "us"),
  "bad-configuration": row(500, false, "us"),
  internal: row(500, false, "us", "maybe"), // an unexpected failure promises nothing
} as const satisfies Record<string, Failure>;

export type FailureCode = keyof typeof failures;

export interface RelayErrorDetails {
  readonly cause?: unknown;
  /** Not before this many milliseconds from now, as the refusing server asked. */
  readonly retryAfterMs?: number;
  /** Kafka's own error code, where Kafka gave one (https://kafka.apache.org/protocol#protocol_error_codes). */
  readonly kafkaCode?: number;
  /** Overrides the row where the contract has another number for the same failure. */
  readonly restCode?: number;
  readonly written?: Failure["written"];
  /** The methods that are allowed, where one is not: "GET, HEAD". */
  readonly allow?: string;
  /** The content codings that are supported, where one is not: "gzip, br". */
  readonly acceptEncoding?: string;
  /** What a relay target answered: its status and the start of its answer. */
  readonly targetStatus?: number;
  readonly targetAnswer?: string;
}

/** Functions load some code from a file of its own, which has a class of its own by this name: an error is known by its mark, not by its class. */
const mark = Symbol.for("kafka-relay.RelayError");

/** A failure that has been understood. `message` is for the person who reads the answer: what was wrong, where, what would be right; never a secret. */
export class RelayError extends Error {
  static override [Symbol.hasInstance](thrown: unknown): thrown is RelayError {
    return thrown instanceof Error && mark in thrown;
  }

  get [mark](): true {
    return true;
  }

  override readonly name = "RelayError";
  readonly code: FailureCode;
  readonly failure: Failure;
  readonly details: RelayErrorDetails;

  constructor(code: FailureCode, message: string, details: RelayErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.details = details;
    const { restCode, written } = details;
    const known: Failure = failures[code];
    this.failure = {
      ...known,
      ...(written === undefined ? {} : { written }),
      ...(restCode === undefined ? {} : { restCode, status: restCode >= 1000 ? Math.trunc(restCode / 100) : restCode }),
    };
  }
}

/** The understood form of anything thrown: itself, or `internal` with the original as its cause. */
export function toRelayError(thrown: unknown): RelayError {
  return thrown instanceof RelayError
    ? thrown
    : new RelayError("internal", "An unexpected error, which is a bug in kafka-relay.", { cause: thrown });
}

/** What was thrown, in a few words for the person who reads the reason. What a parser says is left out: it quotes the text, and a record's text is never shown. */
export function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown).slice(0, 500);
  return thrown instanceof SyntaxError ? thrown.name : `${thrown.name}: ${thrown.message.slice(0, 500)}`;
}
