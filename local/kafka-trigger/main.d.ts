/** Types of the package: the plugin (its default) and the mapping as a library. */

export interface KafkaEventRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly timestampType: "CREATE_TIME" | "LOG_APPEND_TIME";
  /** Base64; absent for a null key. */
  readonly key?: string;
  /** Base64; absent for a tombstone. */
  readonly value?: string;
  /** In wire order, one name each; bytes are signed (-128 to 127). A header whose value is null is `{}`: its name is lost. */
  readonly headers: readonly { readonly [name: string]: readonly number[] }[];
}

export interface KafkaEvent {
  readonly eventSource: "aws:kafka" | "SelfManagedKafka";
  readonly eventSourceArn?: string;
  readonly bootstrapServers: string;
  /** By `<topic>-<partition>`. */
  readonly records: { readonly [topicPartition: string]: readonly KafkaEventRecord[] };
}

export type StartingPosition =
  | { readonly kind: "TRIM_HORIZON" }
  | { readonly kind: "LATEST" }
  | { readonly kind: "AT_TIMESTAMP"; readonly timestampMs: number };

export interface InvocationReport {
  readonly records: number;
  readonly partitions: number;
  readonly tookMs: number;
  readonly verdict: "succeeded" | "failed";
  readonly reason?: string;
}

export interface PartitionStatus {
  readonly partition: number;
  readonly committed: number | null;
  readonly end: number;
  readonly lag: number;
  readonly waiting: number;
  readonly isWithFunction: boolean;
  /** Why it cannot be read at present, and since when (ISO 8601); the other partitions go on. */
  readonly failure: { readonly code: string; readonly message: string; readonly since: string } | null;
}

export interface TriggerStatus {
  readonly state: "waiting for the topic" | "joining" | "polling" | "stopping" | "stopped";
  readonly topic: string;
  readonly consumerGroupId: string;
  readonly partitions: readonly PartitionStatus[];
  readonly counts: Readonly<
    Record<"polled" | "filteredOut" | "invoked" | "invocations" | "failedInvocations" | "committed" | "dropped", number>
  >;
}

export interface KafkaTriggerOptions {
  /** `host:port` each. */
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly consumerGroupId: string;
  /** 1 to 10,000; 100 where absent. */
  readonly batchSize?: number;
  /** From the first record of a batch; 500 ms where absent, 0 sends what is there. */
  readonly batchingWindowMs?: number;
  /** TRIM_HORIZON where absent; asked only where the group has no offsets. */
  readonly startingPosition?: StartingPosition;
  /** Lambda's patterns, joined by or. */
  readonly filterPatterns?: readonly unknown[];
  readonly functionResponseTypes?: readonly "ReportBatchItemFailures"[];
  readonly maximumRetryAttempts?: number;
  readonly maximumRecordAgeInSeconds?: number;
  readonly bisectBatchOnFunctionError?: boolean;
  /** Between attempts. */
  readonly backoff?: { readonly firstMs: number; readonly maxMs: number };
  /** Given in every event; the brokers where absent. */
  readonly bootstrapServers?: string;
  /** Where present, events are Amazon MSK's. */
  readonly eventSourceArn?: string;
  readonly onInvocation?: (report: InvocationReport) => void;
  /** One line for what happens; silent where absent. */
  readonly say?: (line: string) => void;
  readonly warn?: (line: string) => void;
}

export interface KafkaTrigger {
  readonly status: () => TriggerStatus;
  /** Lets what is with the function end, commits and leaves the group, within the time (10 s where absent). */
  readonly stop: (options?: { readonly limitMs?: number }) => Promise<void>;
}

/** Begins to poll. `invoke` is the function: what it resolves to is its answer, a rejection is a function error. */
export function createKafkaTrigger(options: KafkaTriggerOptions, invoke: (event: KafkaEvent) => Promise<unknown>): KafkaTrigger;

export interface LambdaFunctionOptions {
  /** "http://127.0.0.1:3002"; absent: the AWS SDK of the project in `folder` finds region and credentials. */
  readonly endpoint?: string;
  /** Where `@aws-sdk/client-lambda` is installed; the working directory where absent. */
  readonly folder?: string;
  readonly timeoutMs?: number;
}

/** A function behind Lambda's Invoke API, to be called by a trigger: resolves to its answer, rejects where it failed or was not reached. */
export function lambdaFunction(name: string, options?: LambdaFunctionOptions): (event: KafkaEvent) => Promise<unknown>;

/** For `plugins:` of serverless.yml, before serverless-offline. */
export default class KafkaTriggerPlugin {
  constructor(serverless: unknown, options: unknown, tools: unknown);
  readonly hooks: Readonly<Record<string, () => unknown>>;
}
