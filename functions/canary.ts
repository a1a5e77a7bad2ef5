/** Writes one record to a topic of its own and reads it again, on a schedule, and looks at the mappings of routes: what alarms can expect to hear of. */
import { type CanaryHandler, canary } from "../lib/canary/canary.js";

export const handler: CanaryHandler = canary();
