/** The records that a function reports as failed, where the mapping accepts partial responses (https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html). Pure. */

type BatchVerdict =
  | { readonly kind: "succeeded" }
  /** `<topic>-<partition>` and offset of each record that is to be sent again, as `idOf` writes them. */
  | { readonly kind: "partial"; readonly failed: ReadonlySet<string> }
  /** The response names something that was not in the batch: all of it is sent again. */
  | { readonly kind: "invalid"; readonly why: string };

/** What was sent: partitions with their offsets. */
type SentRuns = readonly { readonly partition: number; readonly records: readonly { readonly offset: number }[] }[];

export function idOf(topic: string, partition: number, offset: number): string {
  return `${topic}-${partition}@${offset}`;
}

export function parsePartialResponse(answer: unknown, topic: string, sent: SentRuns): BatchVerdict {
  if (!isObject(answer) || answer.batchItemFailures === undefined || answer.batchItemFailures === null) return { kind: "succeeded" };
  const failures = answer.batchItemFailures;
  if (!Array.isArray(failures)) return { kind: "invalid", why: `batchItemFailures is ${describe(failures)}, but must be a list` };
  if (failures.length === 0) return { kind: "succeeded" };
  const known = new Set(sent.flatMap(({ partition, records }) => records.map(({ offset }) => idOf(topic, partition, offset))));
  const failed = new Set<string>();
  for (const [index, failure] of failures.entries()) {
    const read = readIdentifier(failure, `batchItemFailures[${index}].itemIdentifier`, topic, known);
    if (read.why !== undefined) return { kind: "invalid", why: read.why };
    failed.add(read.id);
  }
  return { kind: "partial", failed };
}

type ReadIdentifier = { readonly id: string; readonly why?: never } | { readonly why: string };

function readIdentifier(failure: unknown, place: string, topic: string, known: ReadonlySet<string>): ReadIdentifier {
  const identifier: unknown = isObject(failure) ? failure.itemIdentifier : undefined;
  if (!isObject(identifier))
    return { why: `${place} is ${describe(identifier)}; for Kafka it must be an object such as { partition: "${topic}-0", offset: 5 }` };
  const { partition, offset } = identifier;
  if (typeof partition !== "string")
    return { why: `${place}.partition is ${describe(partition)}, but must be a string such as "${topic}-0"` };
  if (typeof offset !== "number") return { why: `${place}.offset is ${describe(offset)}, but must be a number` };
  const id = `${partition}@${offset}`;
  return known.has(id) ? { id } : { why: `${place} names offset ${offset} of ${JSON.stringify(partition)}, which was not in the batch` };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  return `the ${typeof value} ${(JSON.stringify(value) ?? "").slice(0, textCharactersMax)}`;
}

/** A function may answer any text; a warning quotes the beginning of it. */
const textCharactersMax = 100;
