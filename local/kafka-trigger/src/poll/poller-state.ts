/** What the poller of one assignment is doing, and what changes it. Pure. */

/** Positioning: no partition's place is known yet. Revoking: batches that are with the function are finished and committed, and nothing new begins. */
export type PollerState = "positioning" | "polling" | "revoking" | "ended";

export type PollerChange = "a place is known" | "revoked" | "given up";

const transitions: Readonly<Record<PollerState, Readonly<Partial<Record<PollerChange, PollerState>>>>> = {
  positioning: { "a place is known": "polling", revoked: "revoking" },
  polling: { revoked: "revoking" },
  revoking: { "given up": "ended" },
  ended: {},
};

/** The state after a change; a change that means nothing in a state leaves it as it is. */
export function pollerStateAfter(state: PollerState, change: PollerChange): PollerState {
  return transitions[state][change] ?? state;
}

/** May something new begin? */
export function isEnding(state: PollerState): boolean {
  return state === "revoking" || state === "ended";
}
