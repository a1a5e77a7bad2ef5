/** Routes as the API describes them: what each does, how it fares, and what it would make of a record. */
import { ApiError } from "../../client/api-error.js";
import type { AnswerTo } from "../../client/client.js";
import { api } from "./session.js";

export type RouteStatus = AnswerTo<"GET /routes">["routes"][number];

/** Set once the API has said that it cannot show routes: it does not change while it runs. */
let isNotOffered = false;

/** [] where the API runs no routes, and cannot ask for them. */
export async function loadRouteStatuses(signal: AbortSignal): Promise<readonly RouteStatus[]> {
  if (isNotOffered) return [];
  try {
    const { routes } = await api.call("GET /routes", { signal });
    return routes;
  } catch (error) {
    isNotOffered = error instanceof ApiError && error.kind === "not-offered";
    if (isNotOffered) return [];
    throw error;
  }
}

/** Green, amber or red: how a route fares. */
export function healthOf({ state, held, breaker, activity }: RouteStatus): "good" | "warn" | "bad" | "" {
  if (state === "faulty") return "bad";
  if (state === "held" || held.length > 0 || breaker?.state === "open") return "bad";
  if (breaker?.state === "probing" || state === "waiting-for-topic" || (activity?.rates.dead_lettered ?? 0) > 0) return "warn";
  return state === "running" ? "good" : "";
}
