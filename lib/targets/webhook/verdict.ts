/** What a response means: who caused a failure, and the earliest time of the next attempt. */
import { type FailureCode, RelayError } from "../../errors.js";
import type { DeliveryOutcome } from "../../relay/delivery.js";
import { delivered, failed } from "../outcome.js";
import { isUnreachable } from "../unreachable.js";
import type { Answer } from "./answer-parser.js";

/** What a route may say of a status in place of our reading. */
type StatusMeaning = "delivered" | "record" | "target";
export type StatusMeanings = Readonly<Record<number, StatusMeaning>>;

/** The longest Retry-After that is believed: a day. */
const retryAfterMsMax = 86_400_000;

/** These say that this one request is wrong, whenever it is sent: bad content, a conflict, too large (also its address or headers), a type or value not taken. */
const recordStatuses = new Set([400, 409, 413, 414, 415, 422, 431]);

/** 2xx is delivered. The record's own: 400, 409, 413, 414, 415, 422, 431. All else is the target's state: 401, 403, 404, 410, redirects, 408, 425, 429, 5xx. */
export function toWebhookOutcome(answer: Answer, name: string, meanings: StatusMeanings, now: () => number = Date.now): DeliveryOutcome {
  const { status } = answer;
  const meaning = meanings[status] ?? (status >= 200 && status < 300 ? "delivered" : recordStatuses.has(status) ? "record" : "target");
  if (meaning === "delivered") return delivered;
  const retryAfterMs = parseRetryAfter(answer.headers["retry-after"], now());
  const code: FailureCode = meaning === "record" ? "record-refused" : targetCode(status);
  return failed(code, `${name} answered ${status}${redirectNote(status)}.`, {
    targetStatus: status,
    targetAnswer: answer.start,
    ...(retryAfterMs === undefined || meaning === "record" ? {} : { retryAfterMs }),
  });
}

function targetCode(status: number): FailureCode {
  if (status === 429 || status === 503) return "target-busy";
  if (status === 408 || status === 504) return "target-timeout";
  return status === 425 || status >= 500 ? "target-failed" : "target-refused";
}

function redirectNote(status: number): string {
  return status >= 300 && status < 400 ? ", a redirect, and redirects are not followed: name the final address in the route" : "";
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3) as milliseconds from now; undefined where it is neither. */
function parseRetryAfter(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const trimmed = text.trim();
  if (/^\d{1,9}$/.test(trimmed)) return Math.min(Number(trimmed) * 1_000, retryAfterMsMax);
  const atMs = /^[A-Za-z]{3}/.test(trimmed) ? Date.parse(trimmed) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : Math.min(Math.max(0, atMs - nowMs), retryAfterMsMax);
}

function answerlessCode(systemCode: string): FailureCode | undefined {
  if (/^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO|HOSTNAME_MISMATCH)/.test(systemCode)) return "target-refused";
  if (systemCode === "ETIMEDOUT") return "target-timeout";
  return isUnreachable(systemCode) ? "target-failed" : undefined;
}

/** No answer, or not a whole one: the connection's state, so the target's; an unknown error stays ours. */
export function toWebhookFailure(thrown: unknown, name: string): RelayError {
  if (thrown instanceof RelayError) return thrown;
  const systemCode = String((thrown as NodeJS.ErrnoException | undefined)?.code ?? "");
  const code = answerlessCode(systemCode);
  if (code !== undefined) return new RelayError(code, `${name} could not be reached: ${systemCode}.`, { cause: thrown });
  return new RelayError("internal", `An unexpected error of the request to ${name}, which is a bug in kafka-relay.`, { cause: thrown });
}
