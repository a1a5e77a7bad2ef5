/** `kafka-relay/sources`: sources. `export const handler = source(defineSource({ name, from: webhooks({ verify: github({ secrets }) }), to: { topic } }))`. */
export { defineSource, type Envelope, type Source, type SourceDefinition } from "../../../lib/sources/define-source.js";
export { eventBridgeRule, schedule } from "../../../lib/sources/eventbridge.js";
export { mysqlOutbox } from "../../../lib/sources/mysql-outbox.js";
export type { SourceOrigin } from "../../../lib/sources/origin.js";
export type { OutboxOptions } from "../../../lib/sources/outbox/options.js";
export { outbox } from "../../../lib/sources/outbox.js";
export { type S3ObjectsOptions, s3Objects } from "../../../lib/sources/s3.js";
export { type SourceHandler, source } from "../../../lib/sources/source.js";
export { snsMessages, sqsQueue } from "../../../lib/sources/sqs.js";
export { dynamodbStream, kinesisStream } from "../../../lib/sources/streams.js";
export { dropbox, meta, microsoftGraph, okta, twitter, zoom } from "../../../lib/sources/webhook/challenge-schemes.js";
export { plainHmac, sharedSecret } from "../../../lib/sources/webhook/plain-schemes.js";
export { github, shopify, slack, standardWebhooks, stripe } from "../../../lib/sources/webhook/schemes.js";
export type { Verification } from "../../../lib/sources/webhook/verification.js";
export { type WebhookSourceOptions, webhooks } from "../../../lib/sources/webhook.js";
