/** Runs around every test file of the suites with a broker: topics with names of its own are deleted when it ends, so that a shared broker stays small. */
import { afterAll } from "vitest";
import { takeUniqueNames } from "./unique-names.js";

afterAll(async () => {
  const names = takeUniqueNames();
  if (names.length === 0) return;
  // Only now: files that make no topic need no client.
  const [{ createDeadline }, { deleteTopicsApi }, { testKafka }] = await Promise.all([
    import("../../../lib/deadline.js"),
    import("../../../lib/kafka/protocol/topics.js"),
    import("./kafka.js"),
  ]);
  const kafka = testKafka();
  const topics = [...new Set(names)];
  // Most names are of topics that are gone already, or of groups: what Kafka says of them is nobody's affair.
  await kafka.connection
    .request(deleteTopicsApi, { topics, timeoutMs: 5_000 }, "controller", createDeadline(10_000))
    .catch(() => undefined);
  await kafka.close();
});
