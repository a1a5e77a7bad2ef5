/** `kafka-relay/testing`: records, events, and a route run without Kafka. */
export { kafkaEvent, type TestEventSource } from "../../../lib/testing/kafka-event.js";
export { record, records, type TestContent, type TestRecord } from "../../../lib/testing/record.js";
export { type RouteRun, type RouteRunOptions, type RunFailure, type RunMessage, runRoute } from "../../../lib/testing/run-route.js";
