/** Kafka's error codes are numbers in one file, and names everywhere else. */
import { expect, test } from "vitest";
import { files } from "../support/source/files.js";
import { kafkaCodesIn } from "../support/source/kafka-codes.js";

/** Where Kafka's codes are met. */
const rooms = /^lib\/(kafka|relay|targets)\/|^local\/(kafka-trigger|cli|broker)\//;
const table = "lib/kafka/protocol/error-codes.ts";

test(`a Kafka error code is a number in ${table} only`, () => {
  const places = files
    .filter(({ path }) => rooms.test(path) && path !== table)
    .flatMap(({ path, text }) => kafkaCodesIn(path, text).map((place) => `${path}: ${place}`));

  expect(places).toEqual([]);
});

test("codes are found where they are compared, listed, set and handed over; zero and other numbers are not", () => {
  const text = `if (answer.errorCode === 3) {}\nconst movedCodes = new Set([5, 6]);\nconst failure = { kafkaCode: -1, size: 10 };\ntoKafkaError(16);\nif (errorCode === 0 || size === 3) {}\nconst codes = [0];`;

  expect(kafkaCodesIn("lib/kafka/x.ts", text)).toEqual([
    "answer.errorCode === 3",
    "movedCodes = new Set([5, 6])",
    "kafkaCode: -1",
    "toKafkaError(16)",
  ]);
});
