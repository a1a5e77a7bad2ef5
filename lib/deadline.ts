/** How long something may still take. One deadline is made where work comes in and handed down to every wait below it. */
import { RelayError } from "./errors.js";

export interface Deadline {
  /** Milliseconds left, never below 0. */
  readonly leftMs: () => number;
}

export function createDeadline(timeoutMs: number, now: () => number = Date.now): Deadline {
  const atMs = now() + timeoutMs;
  return { leftMs: () => Math.max(0, atMs - now()) };
}

/** The earlier of a deadline and a time from now. */
export function sooner(deadline: Deadline, timeoutMs: number, now: () => number = Date.now): Deadline {
  return createDeadline(Math.min(deadline.leftMs(), timeoutMs), now);
}

/** The same deadline, less what is kept for something else. */
export function keeping(marginMs: number, deadline: Deadline): Deadline {
  return { leftMs: () => Math.max(0, deadline.leftMs() - marginMs) };
}

/** Throws `deadline-exceeded` when no time is left for `what`. */
export function assertTimeLeft(deadline: Deadline, what: string): void {
  if (deadline.leftMs() <= 0) throw new RelayError("deadline-exceeded", `No time was left to ${what}.`);
}

/** The longest delay that a timer of Node accepts; a longer one would fire at once. */
const timerMsMax = 2 ** 31 - 1;

/**
 * What `promise` comes to, or what `late` gives (or throws) if the deadline passes first. The promise goes on and its later failure is ignored: a caller that holds
 * a socket or a lock for it ends it in `late`. No timer is left behind.
 */
export async function within<T, Late = never>(deadline: Deadline, promise: Promise<T>, late: () => Late): Promise<T | Late> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<Late>((resolve, reject) => {
    timer = setTimeout(
      () => {
        try {
          resolve(late());
        } catch (error) {
          reject(error);
        }
      },
      Math.min(timerMsMax, deadline.leftMs()),
    );
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
