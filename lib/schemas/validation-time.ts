/** How long the values of one request may take to be validated, all of them together. */

/** Shared by the values of one request: after it is spent, the remaining ones are refused unseen. */
export interface ValidationTime {
  leftMs: number;
}

/** One value may take a tenth of it. */
export const requestMsMax = 1_000;

export function createValidationTime(): ValidationTime {
  return { leftMs: requestMsMax };
}
