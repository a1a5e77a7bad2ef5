/** The API with two topics to produce to: one of three partitions, and one whose batches may have at most 1,000 bytes. */
import { afterAll, beforeAll } from "vitest";
import { createDeadline } from "../../../lib/deadline.js";
import { createTopics, deleteTopics } from "../../../lib/kafka/admin/topics.js";
import { keptForAnyTime } from "../broker/kafka.js";
import { type Api, createApi } from "./api.js";

const deadline = () => createDeadline(20_000);

/** For the tests of one file. The topics are deleted after them. */
export function onProduceApi(topic: string, small: string, use: (api: Api) => void | Promise<void>): void {
  let api: Api | undefined;
  beforeAll(async () => {
    api = await createApi();
    const configs = [{ name: "max.message.bytes", value: "1000" }];
    const topics = [
      { name: topic, partitionsCount: 3, replicationFactor: 1, configs: keptForAnyTime },
      { name: small, partitionsCount: 1, replicationFactor: 1, configs },
    ];
    await createTopics(api.kafka, topics, deadline());
    await use(api);
  });
  afterAll(async () => {
    if (api === undefined) return;
    await deleteTopics(api.kafka, [topic, small], deadline());
    await api.close();
  });
}
