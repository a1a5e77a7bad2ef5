/** The queues of a service that its sources read: one that gives messages up too early, or hands them out twice, loses or repeats records. Pure. */

interface QueueProperties {
  readonly VisibilityTimeout?: unknown;
  readonly MessageRetentionPeriod?: unknown;
  readonly RedrivePolicy?: { readonly maxReceiveCount?: unknown; readonly deadLetterTargetArn?: unknown };
}

/** Resources of serverless.yml, by their logical ids. */
export type DeclaredResources = Readonly<Record<string, { readonly Type?: unknown; readonly Properties?: QueueProperties } | undefined>>;

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html */
const visibilitySecondsDefault = 30;
const retentionSecondsDefault = 345_600;
/** https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html: time for retries of a throttled invocation, and for the batching window. */
const timeoutsMin = 6;
const receivesMin = 5;

/** From the member `resources` of serverless.yml. */
export const resourcesIn = (resources: unknown): DeclaredResources =>
  (resources as { readonly Resources?: DeclaredResources } | undefined)?.Resources ?? {};

interface QueueReader {
  /** The event `sqs` as it stands in serverless.yml. */
  readonly event: unknown;
  readonly timeoutSeconds: number;
}

/** Why a source must not read such a queue. A queue that the service does not declare cannot be looked at here. */
export function queueFaults({ event, timeoutSeconds }: QueueReader, resources: DeclaredResources): readonly string[] {
  const { arn, maximumBatchingWindow = 0 } = (typeof event === "object" && event !== null ? event : { arn: event }) as {
    readonly arn?: unknown;
    readonly maximumBatchingWindow?: unknown;
  };
  const id = logicalIdOf(arn);
  const queue = id === undefined ? undefined : resources[id];
  if (id === undefined || queue?.Type !== "AWS::SQS::Queue") return [];
  const { Properties: { VisibilityTimeout = visibilitySecondsDefault, RedrivePolicy: redrive, ...properties } = {} } = queue;
  const needed = timeoutsMin * timeoutSeconds + Number(maximumBatchingWindow);
  return [
    ...(Number(VisibilityTimeout) < needed
      ? [
          `sqs: the queue ${id} has a VisibilityTimeout of ${String(VisibilityTimeout)} s. Set at least ${needed}, ${timeoutsMin} times the function's timeout of ${timeoutSeconds} s: a message that comes back while an invocation still works on it is written twice.`,
        ]
      : []),
    ...redriveFaults(id, redrive, properties.MessageRetentionPeriod, resources),
  ];
}

function redriveFaults(
  id: string,
  redrive: QueueProperties["RedrivePolicy"],
  retention: unknown,
  resources: DeclaredResources,
): readonly string[] {
  if (redrive === undefined)
    return [
      `sqs: the queue ${id} has no RedrivePolicy. Add one with a dead-letter queue: a message that no attempt settles is deleted when the queue's retention ends.`,
    ];
  const { maxReceiveCount, deadLetterTargetArn } = redrive;
  const letters = resources[logicalIdOf(deadLetterTargetArn) ?? ""];
  const [kept = retentionSecondsDefault, keptThere = retentionSecondsDefault] = [retention, letters?.Properties?.MessageRetentionPeriod];
  return [
    ...(Number(maxReceiveCount) < receivesMin
      ? [
          `sqs: the RedrivePolicy of the queue ${id} has maxReceiveCount ${String(maxReceiveCount)}. Set at least ${receivesMin}: while Kafka cannot be reached or the function is throttled, each attempt counts.`,
        ]
      : []),
    ...(letters !== undefined && Number(keptThere) < Number(kept)
      ? [
          `sqs: the dead-letter queue of ${id} keeps messages for ${String(keptThere)} s, and the queue itself for ${String(kept)} s. A message's age counts from its first queue, so set a longer MessageRetentionPeriod, such as 1209600.`,
        ]
      : []),
  ];
}

/** Of a resource of the same template: { "Fn::GetAtt": ["Orders", "Arn"] }, or with a dot. */
function logicalIdOf(arn: unknown): string | undefined {
  const given = (arn as { readonly "Fn::GetAtt"?: unknown } | null | undefined)?.["Fn::GetAtt"];
  const [id] = typeof given === "string" ? given.split(".") : Array.isArray(given) ? (given as readonly unknown[]) : [];
  return typeof id === "string" ? id : undefined;
}
