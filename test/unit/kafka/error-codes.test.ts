/** The table of Kafka's error codes, and what a caller makes of a row. */
import { expect, test } from "vitest";
import { failures } from "../../../lib/errors.js";
import { isPassing, kafkaError, kafkaErrors } from "../../../lib/kafka/protocol/error-codes.js";
import { notAnswered, toChangeError, toKafkaError } from "../../../lib/kafka/protocol/kafka-error.js";

const rows = Object.values(kafkaErrors);

test("every code of Kafka 4.1 has one row: -1, and 1 to 133", () => {
  const codes = rows.map(({ code }) => code).sort((one, other) => one - other);

  expect(codes).toEqual([-1, ...Array.from({ length: 133 }, (_, index) => index + 1)]);
});

test("a code of a newer Kafka is refused, is not repeated, and does not promise that nothing was changed", () => {
  const error = toChangeError(9999, "The election");

  expect(isPassing(9999)).toBe(false);
  expect(error).toMatchObject({
    code: "kafka-refused",
    message: "The election: Kafka returned error 9999.",
    failure: { written: "maybe" },
  });
});

test("the codes by which a batch was surely not written are a closed list", () => {
  const batchCodes = [2, 10, 17, 18, 19, 29, 31, 32, 44, 45, 47, 59, 76, 87];

  expect(batchCodes.filter((code) => kafkaError(code).written !== "not-written")).toEqual([]);
  expect([3, 5, 6, 7, 8, 9, 13, 20, 46, 56, 74, 75, 100, 103, -1].filter((code) => kafkaError(code).written === "not-written")).toEqual([]);
});

test("everything that fresh metadata can cure is retriable for callers that have no time to fetch it", () => {
  const notRetriable = rows.filter(({ refresh, failure }) => refresh !== "nothing" && !failures[failure].isRetriable);

  expect(notRetriable).toEqual([kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION]);
});

test("the broker's own text replaces ours, except where it names hosts instead of the thing", () => {
  expect(toKafkaError(40, 'Topic "t"', "Invalid value x.").message).toBe('Topic "t": Invalid value x.');
  expect(toKafkaError(40, 'Topic "t"', "").message).toBe('Topic "t": the configuration is not valid.');
  expect(toKafkaError(3, 'Topic "t"', "This server does not host this topic-partition.").message).toBe('Topic "t": it does not exist.');
  expect(toKafkaError(94, "The cluster").message).toBe("The cluster: Kafka returned INCONSISTENT_VOTER_SET.");
});

test("a change that the broker ran out of time for may have been made; a read, or what the caller got wrong, changed nothing", () => {
  expect(toChangeError(7, 'Topic "t"').failure.written).toBe("maybe");
  expect(toKafkaError(7, 'Topic "t"').failure.written).toBe("no");
  expect(toChangeError(3, 'Topic "t"').failure.written).toBe("no");
  expect(toChangeError(41, 'Topic "t"').failure.written).toBe("no");
  expect(notAnswered('Topic "t"', "maybe").failure).toMatchObject({ restCode: 50002, written: "maybe" });
});
