/** Waiting with an end. */
import type { Deadline } from "../../../../lib/deadline.js";

/** Waits for it, but not longer. */
export async function within(deadline: Deadline, what: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([
    what,
    new Promise((resolve) => {
      timer = setTimeout(resolve, deadline.leftMs());
    }),
  ]);
  clearTimeout(timer);
}
