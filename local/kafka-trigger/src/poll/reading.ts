/** Whether a partition is being fetched, and how long it is left alone after a fetch that failed. Pure. */
import type { RelayError } from "../../../../lib/errors.js";

export interface ReadFailure {
  readonly error: RelayError;
  /** When the first of these failures in a row happened, in milliseconds since the epoch. */
  readonly sinceMs: number;
  /** Fetches that failed in a row. */
  readonly times: number;
}

/** A fetch may succeed or fail; until it succeeds, the failure of the last one stays visible. */
export type Reading =
  | { readonly state: "idle" }
  | { readonly state: "fetching"; readonly failure: ReadFailure | undefined }
  | { readonly state: "failing"; readonly failure: ReadFailure; readonly untilMs: number };

export const idle: Reading = { state: "idle" };

const firstPauseMs = 100;
const pauseMaxMs = 2_000;
/** An unreadable batch rarely becomes readable, and decompressing it again may cost a second. */
const unreadablePauseMaxMs = 30_000;

export function failureOf(reading: Reading): ReadFailure | undefined {
  return reading.state === "idle" ? undefined : reading.failure;
}

export function fetchBegan(reading: Reading): Reading {
  return { state: "fetching", failure: failureOf(reading) };
}

/** The answer was not used, because the partition was repositioned meanwhile: it is fetched again at once. */
export function fetchSetAside(reading: Reading): Reading {
  const failure = failureOf(reading);
  return failure === undefined ? idle : { state: "failing", failure, untilMs: 0 };
}

/** Each failure in a row doubles the pause. */
export function fetchFailed(reading: Reading, error: RelayError, nowMs: number): Reading {
  const { sinceMs = nowMs, times = 0 } = failureOf(reading) ?? {};
  const maxMs = error.code === "batch-unreadable" ? unreadablePauseMaxMs : pauseMaxMs;
  return { state: "failing", failure: { error, sinceMs, times: times + 1 }, untilMs: nowMs + Math.min(maxMs, firstPauseMs * 2 ** times) };
}
