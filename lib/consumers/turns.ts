/** The calls to one instance, one after the other: a queue of a limited length, in which a call that changes something ends the wait of a read. */
import { type Deadline, within } from "../deadline.js";
import { RelayError } from "../errors.js";

/** Kept of a call's time, to answer in. */
export const answerMarginMs = 1_000;

export interface Turn {
  /** True once another call waits that a read should not hold up: it returns what it has. */
  readonly isWanted: () => boolean;
}

export interface Turns {
  /** Runs `act` when all earlier calls are over. Throws `consumer-state` if too many wait, or if the turn does not come before the deadline: nothing was done. */
  readonly take: <T>(isUrgent: boolean, deadline: Deadline, act: (turn: Turn) => Promise<T>) => Promise<T>;
}

export function createCallTurns(name: string, waitingMax: number): Turns {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let urgent = 0;
  const busy = (why: string) =>
    new RelayError("consumer-state", `Consumer instance ${name} is busy: ${why}. Send the next call when one has returned.`);
  return {
    take: async (isUrgent, deadline, act) => {
      if (waiting >= waitingMax) throw busy(`${waiting} other calls are waiting for it`);
      const before = last;
      let end: () => void = () => {};
      last = new Promise<void>((resolve) => {
        end = resolve;
      });
      waiting++;
      if (isUrgent) urgent++;
      const come = before.then(() => {
        waiting--;
        if (isUrgent) urgent--;
      });
      try {
        await within(deadline, come, () => {
          throw busy("an earlier call has not returned yet");
        });
        return await act({ isWanted: () => urgent > 0 });
      } finally {
        // A call that gave up keeps its place until it would have come, so that the order stays.
        void come.then(end);
      }
    },
  };
}
