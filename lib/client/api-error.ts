/** Why a call failed, in the words of the API, or that no answer came. */
import type { ApiProblem } from "./operations.generated.js";

/** `status` 0: no answer came. A call that failed in this way may have taken effect, unless it only reads. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  /** The HTTP status, or the status followed by two more digits. */
  readonly errorCode: number;
  /** A name for the kind of failure: "topic-not-found"; "no-answer" without an answer. */
  readonly kind: string;
  /** Whether the same call may succeed later. */
  readonly retriable: boolean;
  /** Whether the call may have taken effect already. */
  readonly maybeWritten: boolean;
  /** How long the API asks to wait before the next attempt. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, problem: ProblemFields, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.status = problem.status;
    this.errorCode = problem.errorCode;
    this.kind = problem.kind;
    this.retriable = problem.retriable;
    this.maybeWritten = problem.maybeWritten;
    this.retryAfterMs = problem.retryAfterMs;
  }
}

type ProblemFields = Pick<ApiError, "status" | "errorCode" | "kind" | "retriable" | "maybeWritten"> & {
  readonly retryAfterMs?: number | undefined;
};

const kindPrefix = "urn:kafka-relay:error:";
/** What gateways in front of the API answer by themselves; they do so before the API has seen the call. */
const retriableStatuses: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const notSeenStatuses: ReadonlySet<number> = new Set([401, 403, 404, 405, 413, 415, 429]);

/** From an answer that is not a success. The body may be anything: a proxy on the way may have written it. */
export function toApiError(status: number, body: unknown, retryAfter: string | null): ApiError {
  const problem = (typeof body === "object" && body !== null ? body : {}) as Partial<ApiProblem>;
  const { error_code = status, message, type = "" } = problem;
  const seconds = Number(retryAfter ?? Number.NaN);
  return new ApiError(typeof message === "string" ? message : `The API answered with status ${status}.`, {
    status,
    errorCode: error_code,
    kind: type.startsWith(kindPrefix) ? type.slice(kindPrefix.length) : `status-${status}`,
    retriable: problem.retriable ?? retriableStatuses.has(status),
    maybeWritten: problem.maybe_written ?? !notSeenStatuses.has(status),
    retryAfterMs: Number.isFinite(seconds) ? seconds * 1_000 : undefined,
  });
}

export function unanswered(message: string, mayHaveTakenEffect: boolean, cause: unknown): ApiError {
  const fields = { status: 0, errorCode: 0, kind: "no-answer", retriable: true, maybeWritten: mayHaveTakenEffect };
  return new ApiError(message, fields, cause);
}
