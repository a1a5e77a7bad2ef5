/** Writes one record to a topic of its own and reads it again, on a schedule, and looks at the mappings of routes: what alarms can expect to hear of. */
import { canary } from "../lib/canary/canary.js";

export const handler = canary();
