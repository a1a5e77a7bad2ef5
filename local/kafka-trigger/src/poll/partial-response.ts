/** What a function's answer says of its batch where the mapping takes partial responses (https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html). Pure. */
import type { Run } from "./lane.js";

export type BatchVerdict =
  | { readonly kind: "succeeded" }
  /** `<topic>-<partition>` and offset of each record to be sent again, as `idOf` writes them. */
  | { readonly kind: "partial"; readonly failed: ReadonlySet<string> }
  /** The answer names what was not in the batch: all of it is sent again. */
  | { readonly kind: "invalid"; readonly why: string };

export function idOf(topic: string, partition: number, offset: number): string {
  return `${topic}-${partition}@${offset}`;
}

export function parsePartialResponse(answer: unknown, topic: string, runs: readonly Run[]): BatchVerdict {
  if (!isObject(answer) || answer.batchItemFailures === undefined || answer.batchItemFailures === null) return { kind: "succeeded" };
  const failures = answer.batchItemFailures;
  if (!Array.isArray(failures)) return invalid(`batchItemFailures is ${describe(failures)}, not a list`);
  if (failures.length === 0) return { kind: "succeeded" };
  const known = new Set(runs.flatMap(({ partition, records }) => records.map(({ offset }) => idOf(topic, partition, offset))));
  const failed = new Set<string>();
  for (const [index, failure] of failures.entries()) {
    const place = `batchItemFailures[${index}].itemIdentifier`;
    const identifier: unknown = isObject(failure) ? failure.itemIdentifier : undefined;
    if (typeof identifier === "string") {
      return invalid(
        `${place} is the text ${JSON.stringify(identifier.slice(0, 100))}; for Kafka it is an object, { partition: "topic-0", offset: 5 }`,
      );
    }
    if (!isObject(identifier)) return invalid(`${place} is ${describe(identifier)}, not { partition: "topic-0", offset: 5 }`);
    const { partition, offset } = identifier;
    if (typeof partition !== "string") return invalid(`${place}.partition is ${describe(partition)}, not a text such as "${topic}-0"`);
    if (typeof offset !== "number") return invalid(`${place}.offset is ${describe(offset)}, not a number`);
    const id = `${partition}@${offset}`;
    if (!known.has(id)) return invalid(`${place} names offset ${offset} of ${JSON.stringify(partition)}, which is not in the batch`);
    failed.add(id);
  }
  return { kind: "partial", failed };
}

function invalid(why: string): BatchVerdict {
  return { kind: "invalid", why };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `the ${typeof value} ${JSON.stringify(value)}`;
}
