/** What all AWS targets share: how a client is made, what a refusal means, and calls that end in time. The SDK's own retries are off: the relay retries. */
import { type FailureCode, RelayError } from "../errors.js";
import type { DeliveryOutcome, TargetContext } from "../relay/delivery.js";
import { timeoutMsDefault } from "./options.js";
import { failedBy } from "./outcome.js";
import { isUnreachable } from "./unreachable.js";

export interface AwsOptions {
  /** Absent: the region the function runs in. */
  readonly region?: string;
  /** Another address of the service, such as a VPC endpoint; AWS_ENDPOINT_URL is respected by itself. */
  readonly endpoint?: string;
  /** Of one call; 10,000 where absent, and never past the time the function has left. */
  readonly timeoutMs?: number;
}

export interface AwsClientConfig {
  readonly maxAttempts: 1;
  readonly region?: string;
  readonly endpoint?: string;
}

export function clientConfig(options: AwsOptions, context: TargetContext): AwsClientConfig {
  const region = options.region ?? context.region;
  return {
    maxAttempts: 1,
    ...(region === undefined ? {} : { region }),
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
  };
}

/** The milliseconds a call may take. */
export function callTimeoutMs(options: AwsOptions, leftMs: number): number {
  return Math.max(1, Math.min(options.timeoutMs ?? timeoutMsDefault, leftMs));
}

const busy = new Set([
  "ThrottlingException",
  "Throttling",
  "ThrottledException",
  "RequestThrottled",
  "RequestThrottledException",
  "TooManyRequestsException",
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
  "LimitExceededException",
  "BandwidthLimitExceeded",
  "SlowDown",
  "KMSThrottlingException",
  "KmsThrottled",
  "TransactionConflictException",
]);
const aboutRecord = new Set([
  "ValidationException",
  "ValidationError",
  "InvalidParameter",
  "InvalidParameterException",
  "InvalidParameterValue",
  "InvalidParameterValueException",
  "InvalidMessageContents",
  "InvalidAttributeValue",
  "InvalidArgument",
  "MalformedDetail",
  "BatchRequestTooLong",
  "AWS.SimpleQueueService.BatchRequestTooLong",
  "MessageTooLong",
  "EntityTooLarge",
  "RequestTooLargeException",
  "RequestEntityTooLarge",
  "InvalidRequestContentException",
  "KeyTooLongError",
  "MetadataTooLarge",
  "ItemCollectionSizeLimitExceededException",
  "UnsupportedMediaTypeException",
]);

/**
 * By the service's error name, then by its status: throttling and 503 are a busy target, what is about the content is the record's, other 4xx (access,
 * credentials, no such queue) are the target's state, 5xx and no answer its failure. Any other error is ours.
 */
export function toAwsFailure(thrown: unknown, name: string): RelayError {
  if (thrown instanceof RelayError) return thrown;
  const error = (thrown ?? {}) as { name?: string; code?: string; $metadata?: { httpStatusCode?: number } };
  const status = error.$metadata?.httpStatusCode;
  const say = (code: FailureCode, what: string) =>
    new RelayError(code, `${name} ${what}.`, {
      cause: thrown,
      ...(status === undefined ? {} : { targetStatus: status }),
      targetAnswer: error.name ?? "",
    });
  const errorName = error.name ?? "";
  if (status !== undefined) return say(awsFailureCode(errorName, status), `answered ${errorName} (${status})`);
  if (errorName === "TimeoutError" || errorName === "AbortError") return say("target-timeout", "did not answer in time");
  if (errorName === "CredentialsProviderError" || errorName === "ExpiredTokenException")
    return say("target-refused", "cannot be called without credentials");
  if (isUnreachable(error.code ?? "") || /^ERR_(TLS|SSL)|CERT/.test(error.code ?? ""))
    return say("target-failed", `could not be reached: ${error.code}`);
  return new RelayError("internal", `An unexpected error of ${name}, which is a bug in kafka-relay.`, { cause: thrown });
}

export function awsFailureCode(errorName: string, status: number): FailureCode {
  if (busy.has(errorName) || status === 429 || status === 503) return "target-busy";
  if (status === 504 || status === 408) return "target-timeout";
  if (status >= 500) return "target-failed";
  return aboutRecord.has(errorName) || status === 413 ? "record-refused" : "target-refused";
}

export function failedByAws(thrown: unknown, name: string): DeliveryOutcome {
  return failedBy(toAwsFailure(thrown, name));
}

/** Makes something once, and again after `forget`: a client with its connections. */
export function lazily<Made>(
  make: () => Promise<Made>,
  end: (made: Made) => void,
): { readonly get: () => Promise<Made>; readonly forget: () => Promise<void> } {
  let made: Promise<Made> | undefined;
  return {
    get: () => {
      made ??= make().catch((thrown) => {
        made = undefined;
        throw thrown;
      });
      return made;
    },
    forget: async () => {
      const present = await made?.catch(() => undefined);
      made = undefined;
      if (present !== undefined) end(present);
    },
  };
}

/** Runs `work` on each item with at most `concurrencyMax` under way; results in the order of the items. */
export async function eachBounded<Item, Result>(
  items: readonly Item[],
  concurrencyMax: number,
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = new Array(items.length);
  const queue = items.entries();
  await Promise.all(
    Array.from({ length: Math.min(concurrencyMax, items.length) }, async () => {
      for (const [index, item] of queue) results[index] = await work(item);
    }),
  );
  return results;
}
