/** `kafka-relay/relay`: routes. `export const handler = relay(defineRoute({ name, filter, transform, target }))`. */
export type { Deadline } from "../../../lib/deadline.js";
export { RelayError } from "../../../lib/errors.js";
export type { KafkaRecord, RecordHeader } from "../../../lib/kafka/records.js";
export type { KafkaBatchResponse, KafkaEvent, KafkaEventRecord } from "../../../lib/kafka-event/shape.js";
export type { Delivery, DeliveryOutcome, Message, Target, TargetContext, TargetDefinition } from "../../../lib/relay/delivery.js";
export { type JsonataOptions, type JsonataTransform, jsonata } from "../../../lib/relay/jsonata.js";
export { type InvocationContext, type RelayHandler, relay } from "../../../lib/relay/relay.js";
export type { RouteDocument } from "../../../lib/relay/route/document.js";
export type { Transform, TransformedMessage, TransformResult } from "../../../lib/relay/route/transform.js";
export {
  type BreakerPolicy,
  defineRoute,
  type ExpectedMessage,
  type Order,
  type RetryPolicy,
  type Route,
  type RouteDefinition,
  type RouteExample,
  type RouteFilter,
} from "../../../lib/relay/route.js";
export { type DecodeSettings, type EncodeSettings, type SchemaSetting, schema } from "../../../lib/relay/schema.js";
export type { AwsOptions } from "../../../lib/targets/aws.js";
export type { Row, RowMapping, Tombstones } from "../../../lib/targets/change.js";
export type { ElementKind } from "../../../lib/targets/element.js";
export type { FifoGroup } from "../../../lib/targets/queue-message.js";
