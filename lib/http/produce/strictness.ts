/** What status an answer to many records has: the contract's 200 whatever happened to them, or, for who asks, one that tells. */
import type { Reply } from "../operation.js";

/** Is `status=strict` among the preferences (RFC 7240)? */
export function isStrict(prefer: string | undefined): boolean {
  if (prefer === undefined) return false;
  return prefer.split(/[,;]/).some((preference) => /^\s*status\s*=\s*"?strict"?\s*$/i.test(preference));
}

export interface Ending {
  /** Records asked for. */
  readonly records: number;
  /** HTTP statuses of those that failed. */
  readonly failedStatuses: readonly number[];
}

/** 207 where some failed; where all did, their status if they share one, else the gravest. */
export function strictStatus({ records, failedStatuses }: Ending): number {
  if (failedStatuses.length === 0) return 200;
  if (failedStatuses.length < records) return 207;
  return Math.max(...new Set(failedStatuses));
}

/** How many records failed is told in a header in any case: the body's shape is the contract's. */
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
