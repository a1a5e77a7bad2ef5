/** `kafka-relay/patterns`: EventBridge's event patterns. `compilePattern({ value: { amount: [{ numeric: [">", 10] }] } })` returns `(event) => boolean`. */
export { compilePattern, type EventMatcher } from "../../../lib/patterns/compile.js";
export type { EventPattern, PatternMember } from "../../../lib/patterns/event-pattern.js";
