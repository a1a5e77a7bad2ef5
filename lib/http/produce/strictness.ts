/** The status of an answer to many records: the contract's 200 whatever happened to them, or one that reports failures, for callers who prefer `status=strict`. */
import type { Reply } from "../operation.js";

/** Is `status=strict` among the preferences (RFC 7240)? */
export function isStrict(prefer: string | undefined): boolean {
  if (prefer === undefined) return false;
  return prefer.split(/[,;]/).some((preference) => /^\s*status\s*=\s*"?strict"?\s*$/i.test(preference));
}

interface Ending {
  /** Records in the request. */
  readonly records: number;
  /** The HTTP statuses of the records that failed. */
  readonly failedStatuses: readonly number[];
}

/** 207 if some failed. If all failed: their status if they share one, else the highest. */
function strictStatus({ records, failedStatuses }: Ending): number {
  if (failedStatuses.length === 0) return 200;
  if (failedStatuses.length < records) return 207;
  return Math.max(...new Set(failedStatuses));
}

/** A header counts the failed records in any case, because the body has the contract's shape. */
export function toStatusReply(ending: Ending, plainStatus: number, prefer: string | undefined, reply: Omit<Reply, "status">): Reply {
  const strict = isStrict(prefer);
  return {
    ...reply,
    status: strict ? (ending.failedStatuses.length === 0 ? plainStatus : strictStatus(ending)) : plainStatus,
    headers: {
      ...(ending.failedStatuses.length === 0 ? {} : { "relay-failed-records": String(ending.failedStatuses.length) }),
      ...(strict ? { "preference-applied": "status=strict" } : {}),
    },
  };
}

const strictStatuses = [207, 400, 401, 403, 404, 413, 422, 429, 500, 503, 504] as const;

/** The answer's schema under every status that `Prefer: status=strict` may produce. */
export function strictAnswers<Schema>(schema: Schema): Record<(typeof strictStatuses)[number], Schema> {
  return Object.fromEntries(strictStatuses.map((status) => [status, schema])) as Record<(typeof strictStatuses)[number], Schema>;
}
