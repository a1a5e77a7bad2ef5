/** What becomes of produced records is counted, whatever the call answers: written, refused for the caller's or the record's own fault, or failed. */
import { expect, test } from "vitest";
import { createDeadline } from "../../../lib/deadline.js";
import { type FailureCode, RelayError } from "../../../lib/errors.js";
import { countProduced } from "../../../lib/http/produce/counted-producer.js";
import type { Kafka } from "../../../lib/kafka/port.js";
import type { ProduceOutcome } from "../../../lib/kafka/produce/outcome.js";
import type { OutgoingRecord, TopicName } from "../../../lib/kafka/records.js";
import { createTelemetry } from "../../../lib/telemetry.js";

const written: ProduceOutcome = { outcome: "written", partition: 0, offset: 0n, timestampMs: 0 };
const failed = (code: FailureCode): ProduceOutcome => ({ outcome: "failed", error: new RelayError(code, "it failed") });
const record: OutgoingRecord = { key: null, value: null, headers: [] };

async function countsOf(produce: () => Promise<readonly ProduceOutcome[]>) {
  const lines: string[] = [];
  const telemetry = createTelemetry({ level: "error", metrics: "emf", stage: "prod", write: (line) => void lines.push(line) });
  const kafka = countProduced({ producer: { produce } } as unknown as Kafka, () => telemetry);
  const thrown = await kafka.producer.produce("orders" as TopicName, [record, record], createDeadline(1_000)).then(
    () => undefined,
    (error: unknown) => error,
  );
  const counts = lines.map((line) => {
    const { Stage, ProducedRecords, RefusedRecords, FailedRecords } = JSON.parse(line) as Record<string, unknown>;
    return { Stage, ProducedRecords, RefusedRecords, FailedRecords };
  });
  return { counts, thrown };
}

test.each<readonly [string, readonly ProduceOutcome[], readonly number[]]>([
  ["all written", [written, written], [2, 0, 0]],
  ["one too large", [written, failed("record-too-large")], [1, 1, 0]],
  ["no leader for one", [written, failed("leader-not-available")], [1, 0, 1]],
  ["in doubt", [failed("maybe-written"), failed("maybe-written")], [0, 0, 2]],
])("%s", async (_, outcomes, [ProducedRecords, RefusedRecords, FailedRecords]) => {
  const { counts } = await countsOf(async () => outcomes);

  expect(counts).toEqual([{ Stage: "prod", ProducedRecords, RefusedRecords, FailedRecords }]);
});

test.each<readonly [FailureCode, readonly number[]]>([
  ["kafka-unreachable", [0, 0, 2]],
  ["kafka-forbidden", [0, 0, 2]],
  ["topic-not-found", [0, 2, 0]],
])(
  "a failure of the whole call counts each of its records, and is still thrown: %s",
  async (code, [ProducedRecords, RefusedRecords, FailedRecords]) => {
    const { counts, thrown } = await countsOf(async () => {
      throw new RelayError(code, "it failed");
    });

    expect(counts).toEqual([{ Stage: "prod", ProducedRecords, RefusedRecords, FailedRecords }]);
    expect(thrown).toMatchObject({ code });
  },
);
