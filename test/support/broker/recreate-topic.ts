/** Deletes a topic and creates it again under its name, with records of its own. */
import { createDeadline } from "../../../lib/deadline.js";
import { toRelayError } from "../../../lib/errors.js";
import { deleteTopics } from "../../../lib/kafka/admin/topics.js";
import type { Kafka } from "../../../lib/kafka/kafka.js";
import type { TopicName } from "../../../lib/kafka/records.js";
import { createTestTopic, until } from "./kafka.js";

async function deleteTopic(kafka: Kafka, topic: TopicName): Promise<void> {
  await deleteTopics(kafka, [topic], createDeadline(20_000));
  await until(() =>
    kafka.metadata.topic(topic, createDeadline(5_000), { ageMaxMs: 0 }).then(
      () => false,
      (error: unknown) => toRelayError(error).code === "topic-not-found",
    ),
  );
}

export async function recreateTopic(kafka: Kafka, topic: TopicName, partitions = 1): Promise<void> {
  await deleteTopic(kafka, topic);
  await createTestTopic(kafka, { name: topic, partitions });
}
