/** What the package exports: the plugin (its default), and the mapping as a library. */
export type { KafkaEvent, KafkaEventRecord } from "../../../lib/kafka-event/shape.js";
export { type LambdaFunctionOptions, lambdaFunction } from "./lambda-function.js";
export { createKafkaTrigger, type KafkaTrigger, type KafkaTriggerOptions } from "./library.js";
export type { StartingPosition } from "./mapping.js";
export { KafkaTriggerPlugin as default } from "./plugin/plugin.js";
export type { PartitionStatus, TriggerStatus } from "./trigger-status.js";
export type { InvocationReport } from "./trigger-world.js";
