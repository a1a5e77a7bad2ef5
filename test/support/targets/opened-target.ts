/** A target that is closed with the test that opened it. */
import type { Target, TargetDefinition } from "../../../lib/relay/delivery.js";
import { delivery, soon, targetContext } from "../relay/deliveries.js";
import { closers } from "./http-receivers.js";

export async function openTarget(definition: TargetDefinition, context = targetContext()): Promise<Target> {
  const target = await definition.open(context);
  closers.push(() => target.close());
  return target;
}

export async function deliverOne(definition: TargetDefinition, options = {}, context = targetContext()) {
  const target = await openTarget(definition, context);
  const [outcome] = await target.deliver([delivery(options)], soon());
  return outcome;
}
