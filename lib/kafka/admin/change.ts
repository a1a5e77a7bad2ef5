/** What changes to a cluster share: how long a broker may take, and waiting until a change is seen by readers. */
import { type Deadline, sooner } from "../../deadline.js";
import { type Pauses, repeat } from "../ask.js";

const visibleWithinMs = 3_000;
/** A broker that makes or removes the logs of a thousand topics needs seconds for them. */
const visibleWithinMsEach = 10;
const pauses: Pauses = { firstMs: 10, maxMs: 400 };

/**
 * Waits until a change is visible to readers, so that a caller who hears "done" reads what was done: a controller answers before every broker has heard.
 * Ends quietly after 3 seconds, and 10 milliseconds for each of many `things`: the change stands, and is only seen later.
 */
export async function untilVisible(deadline: Deadline, isVisible: (deadline: Deadline) => Promise<boolean>, things = 1): Promise<void> {
  const patience = sooner(deadline, visibleWithinMs + things * visibleWithinMsEach);
  const look = () => isVisible(patience).catch(() => true); // nobody may look, or nobody answers: waiting would not help
  await repeat(look, (seen) => seen !== false, pauses, patience);
}

/** Time that the broker gets for a change: what is left, less the way back. */
export const brokerTimeoutMs = (deadline: Deadline): number => Math.max(100, Math.min(30_000, Math.trunc(deadline.leftMs() - 200)));
