/** A route's state in one word, and what holds it. Pure. */
import type { HeldPartition } from "./route-journal.js";
import type { KnownRoute } from "./route-provider.js";

export const routeStates = ["running", "held", "starting", "waiting-for-topic", "ending", "disabled", "faulty", "unknown"] as const;
type RouteState = (typeof routeStates)[number];

/** Held comes first: somebody has to look, whatever else the route does. */
export function stateOf(route: KnownRoute): RouteState {
  const { fault, sources } = route;
  if (fault !== null) return "faulty";
  const enabled = sources.filter(({ isEnabled }) => isEnabled);
  if (sources.length > 0 && enabled.length === 0) return "disabled";
  const states = enabled.map(({ state }) => state);
  if (states.length === 0 || states.some((state) => state === null)) return "unknown";
  if (isHeld(route)) return "held";
  if (states.some((state) => state === "stopping" || state === "stopped")) return "ending";
  if (states.includes("waiting for the topic")) return "waiting-for-topic";
  return states.every((state) => state === "polling") ? "running" : "starting";
}

function isHeld(route: KnownRoute): boolean {
  const breaker = route.activity?.breaker ?? null;
  return heldOf(route).length > 0 || (breaker !== null && breaker.state !== "closed");
}

/** What is held in partitions that this host still reads: others have gone to another one, which delivers their records now. */
export function heldOf({ sources, activity }: KnownRoute): readonly HeldPartition[] {
  const reads = (topic: string, partition: number): boolean =>
    sources.some((source) => source.topic === topic && source.partitions?.some((one) => one.partition === partition) === true);
  return (activity?.held ?? []).filter(({ topic, partition }) => reads(topic, partition));
}
