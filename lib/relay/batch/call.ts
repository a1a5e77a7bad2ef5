/** One call of the target: its deliveries in slices of what the target accepts at once, with a deadline that the call cannot overrun. */
import { createDeadline, type Deadline } from "../../deadline.js";
import { RelayError, toRelayError } from "../../errors.js";
import type { Delivery, DeliveryOutcome, Target } from "../delivery.js";
import type { Order } from "../route.js";
import type { Clock } from "./clock.js";
import type { Outcomes } from "./outcomes.js";
import { faultOf } from "./retry.js";

interface CallParts {
  readonly target: Target;
  readonly clock: Clock;
  readonly order: Order;
  readonly limitMs: number;
}

/** After its deadline, a target has this long to report the failure in its own words. */
const overrunMs = 250;

/** Never throws. After a slice with a failure nothing more is sent, unless the route has no order and the failure is the record's own. */
export async function callTarget(deliveries: readonly Delivery[], { target, clock, order, limitMs }: CallParts): Promise<Outcomes> {
  const outcomes = new Map<Delivery, DeliveryOutcome>();
  const stopsCall = (outcome: DeliveryOutcome): boolean =>
    outcome.verdict === "failed" && (order !== "none" || faultOf(outcome.error) !== "record");
  for (let from = 0; from < deliveries.length; from += target.deliveriesMax) {
    const slice = deliveries.slice(from, from + target.deliveriesMax);
    const results = await attempt(slice, target, createDeadline(Math.max(0, limitMs - clock.now()), clock.now), clock);
    for (const [index, delivery] of slice.entries()) outcomes.set(delivery, results[index] as DeliveryOutcome);
    if (results.some(stopsCall)) break;
  }
  return outcomes;
}

/** Always ends with one outcome per delivery, also for a target that throws, hangs or returns something else. */
async function attempt(
  deliveries: readonly Delivery[],
  target: Target,
  deadline: Deadline,
  clock: Clock,
): Promise<readonly DeliveryOutcome[]> {
  let cancel: (() => void) | undefined;
  const overrun = new Promise<RelayError>((resolve) => {
    cancel = clock.after(deadline.leftMs() + overrunMs, () =>
      resolve(new RelayError("target-timeout", `${target.kind} ${target.name} did not answer before the deadline.`)),
    );
  });
  const answer = await Promise.race([target.deliver(deliveries, deadline).catch(toRelayError), overrun]);
  cancel?.();
  if (Array.isArray(answer) && answer.length === deliveries.length) return answer as readonly DeliveryOutcome[];
  const error =
    answer instanceof RelayError
      ? answer
      : new RelayError("internal", `The target ${target.name} did not return one outcome per delivery.`);
  return deliveries.map(() => ({ verdict: "failed", error }));
}
