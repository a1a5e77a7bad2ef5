/**
 * Counts what becomes of produced records, as metrics: a v2 call answers 200 even if all of its records failed, so no status says it. One line per call of the
 * producer, whichever operation writes.
 */
import { type Failure, RelayError, toRelayError } from "../../errors.js";
import type { Kafka } from "../../kafka/port.js";
import type { Telemetry } from "../../telemetry.js";

/** Failures that callers and records cause say nothing about the service. */
const isOurs = ({ blame }: Failure): boolean => blame === "us" || blame === "target";

export function countProduced(kafka: Kafka, telemetry: () => Telemetry): Kafka {
  const { producer } = kafka;
  const report = (written: number, refused: number, failed: number): void =>
    telemetry().metrics(
      {},
      {
        ProducedRecords: { unit: "Count", value: written },
        RefusedRecords: { unit: "Count", value: refused },
        FailedRecords: { unit: "Count", value: failed },
      },
    );
  return {
    ...kafka,
    producer: {
      ...producer,
      produce: async (topic, records, deadline) => {
        try {
          const outcomes = await producer.produce(topic, records, deadline);
          const errors = outcomes.flatMap((one) => (one.outcome === "failed" ? [one.error] : []));
          const failed = errors.filter(({ failure }) => isOurs(failure)).length;
          if (outcomes.length > 0) report(outcomes.length - errors.length, errors.length - failed, failed);
          return outcomes;
        } catch (thrown) {
          const isFailed = !(thrown instanceof RelayError) || isOurs(toRelayError(thrown).failure);
          report(0, isFailed ? 0 : records.length, isFailed ? records.length : 0);
          throw thrown;
        }
      },
    },
  };
}
