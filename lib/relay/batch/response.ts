/** From verdicts to what the function answers: partial failures where the mapping takes them, a thrown error where it does not. */
import { RelayError } from "../../errors.js";
import type { KafkaBatchResponse, PartitionRecords } from "../../kafka-event/shape.js";
import type { Entry } from "./entry.js";

/**
 * With partial failures on, what is given back is named record by record, since the mapping brings again the named ones alone
 * (https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html). Otherwise the whole batch has to be delivered again: throws.
 */
export function toResponse(
  entries: readonly Entry[],
  partitions: readonly PartitionRecords[],
  partialResponses: boolean,
): KafkaBatchResponse {
  const givenBack = entries.filter(({ verdict }) => verdict === "given-back");
  const [first] = givenBack;
  if (first === undefined) return { batchItemFailures: [] };
  if (!partialResponses) throw toBatchError(givenBack.length, entries.length, first);
  const idOf = new Map(partitions.flatMap(({ id, records }) => records.map((record) => [record, id] as const)));
  return {
    batchItemFailures: givenBack.map(({ arrived }) => ({
      itemIdentifier: { partition: idOf.get(arrived) ?? `${arrived.topic}-${arrived.partition}`, offset: Number(arrived.offset) },
    })),
  };
}

function toBatchError(givenBackCount: number, count: number, { arrived, error }: Entry): RelayError {
  const where = `${arrived.topic}-${arrived.partition} at offset ${arrived.offset}`;
  return new RelayError(
    error?.code ?? "internal",
    `${givenBackCount} of ${count} records are given back, and Lambda will send the batch again. The first, ${where}: ${error?.message ?? "the reason is unknown"}`,
    error === undefined ? {} : { cause: error },
  );
}
