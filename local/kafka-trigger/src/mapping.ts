/** An event source mapping as the poller uses it: every value checked, every default filled in. */

import type { EventRecordFormat } from "../../../lib/kafka-event/shape.js";
import type { Deserializer } from "../../../lib/schemas/deserializer.js";

export type StartingPosition =
  | { readonly kind: "TRIM_HORIZON" }
  | { readonly kind: "LATEST" }
  /** Milliseconds since the epoch. */
  | { readonly kind: "AT_TIMESTAMP"; readonly timestampMs: number };

/** Where a batch that is given up goes. */
export type OnFailureDestination = { readonly kind: "topic"; readonly topic: string } | { readonly kind: "arn"; readonly arn: string };

/** What happens to a batch whose invocation failed (https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html). */
export interface FailureRules {
  /** Attempts after the first; -1 means no limit. */
  readonly retriesMax: number;
  /** Older records are not sent; -1 means no limit. */
  readonly recordAgeMaxMs: number;
  readonly isBisecting: boolean;
  /** ReportBatchItemFailures. */
  readonly takesPartialResponses: boolean;
  readonly destination?: OnFailureDestination;
}

/** The pause between attempts, which AWS does not document. */
export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

export interface Mapping {
  /** How log lines name it: "orders (msk, topic orders)". */
  readonly name: string;
  readonly kind: "msk" | "kafka";
  /** With msk: in every event. */
  readonly eventSourceArn?: string;
  /** As the event gives it: `host:port`, comma separated. */
  readonly bootstrapServers: string;
  readonly topic: string;
  readonly consumerGroupId: string;
  readonly batchSize: number;
  readonly windowMs: number;
  /** A batch holds the records of one partition only; AWS fills batches from several. */
  readonly isOnePartitionABatch?: boolean;
  /** A partition's next batch waits until its last one is committed: a kill repeats one batch and not two. */
  readonly isCommittedFirst?: boolean;
  /** The function is called in this process, so no record is too large for it: one that exceeds Lambda's payload is sent alone. */
  readonly takesAnySize?: boolean;
  readonly startingPosition: StartingPosition;
  /** Lets records pass that match one of the filters; absent: all pass. */
  readonly filter?: FilterOfRecords;
  /** Keys and values are validated, decoded and filtered by schemas of a registry. */
  readonly schemas?: MappingSchemas;
  readonly failure: FailureRules;
  readonly backoff: Backoff;
}

export interface MappingSchemas {
  readonly format: EventRecordFormat;
  readonly attributes: readonly ("key" | "value")[];
  readonly deserializer: Deserializer;
}

/** Sees the record as it was fetched: key, value and metadata, decoded when a pattern asks for them. */
export type FilterOfRecords = (record: FilterRecord) => boolean;

export interface FilterRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly timestampType: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}
