/** Runs a source in a process of its own, so that a test can kill it: `node --import tsx source-process.ts`, with its job as JSON on standard input. Prints what the source returns. */
import { readFileSync } from "node:fs";
import { parseConfig } from "../../../lib/config.js";
import { defineSource } from "../../../lib/sources/define-source.js";
import { mysqlOutbox } from "../../../lib/sources/mysql-outbox.js";
import type { SourceOrigin } from "../../../lib/sources/origin.js";
import type { OutboxOptions } from "../../../lib/sources/outbox/options.js";
import { outbox } from "../../../lib/sources/outbox.js";
import { type S3ObjectsOptions, s3Objects } from "../../../lib/sources/s3.js";
import { source } from "../../../lib/sources/source.js";
import { sqsQueue } from "../../../lib/sources/sqs.js";
import { kinesisStream } from "../../../lib/sources/streams.js";

/** What a test hands over. */
export interface SourceJob {
  readonly kind: keyof typeof kinds;
  readonly options: object;
  readonly name: string;
  readonly topic: string;
  readonly event: unknown;
  readonly timeLeftMs: number;
  /** How many records one attempt takes: fewer, so that a kill comes in between. */
  readonly recordsMax: number;
}

const kinds = {
  outbox: (options: object) => outbox(options as OutboxOptions),
  mysqlOutbox: (options: object) => mysqlOutbox(options as OutboxOptions),
  s3: (options: object) => s3Objects(options as S3ObjectsOptions),
  sqs: sqsQueue,
  kinesis: kinesisStream,
} satisfies Record<string, (options: object) => SourceOrigin>;

const { kind, options, name, topic, event, timeLeftMs, recordsMax } = JSON.parse(readFileSync(0, "utf8")) as SourceJob;
const config = parseConfig({
  KAFKA_BROKERS: process.env.KAFKA_BROKERS,
  RELAY_METRICS: "off",
  RELAY_LOG_LEVEL: "error",
  RELAY_PARTIAL_RESPONSES: "true",
});
const handler = source(defineSource({ name, from: kinds[kind](options), to: { topic, recordsMax } }), { config });
const endMs = Date.now() + timeLeftMs;
console.log(JSON.stringify(await handler(event, { getRemainingTimeInMillis: () => endMs - Date.now() })));
await handler.close();
process.exit();
