/** The API with a schema registry, and topics that end with the test file. */
import { afterAll, beforeAll } from "vitest";
import { createDeadline } from "../../../lib/deadline.js";
import { createTopics, deleteTopics } from "../../../lib/kafka/admin/topics.js";
import { type Api, createApi } from "../api/api.js";
import { keptForAnyTime } from "../broker/kafka.js";
import { uniqueName } from "../broker/unique-names.js";

const deadline = () => createDeadline(20_000);

/**
 * Called inside `describe`. `ready` gets the API before the first test.
 * @param url of the registry
 * @returns a function that creates a topic and returns its name
 */
export function useApiWithRegistry(
  url: string,
  ready: (api: Api) => void | Promise<void>,
): (purpose: string, partitionsCount?: number) => Promise<string> {
  let api: Api;
  const topics: string[] = [];
  beforeAll(async () => {
    api = await createApi({ env: { SCHEMA_REGISTRY_URL: url } });
    await ready(api);
  });
  afterAll(async () => {
    await deleteTopics(api.kafka, topics, deadline());
    await api.close();
  });
  return async (purpose, partitionsCount = 1) => {
    const name = uniqueName(purpose);
    topics.push(name);
    await createTopics(api.kafka, [{ name, partitionsCount, replicationFactor: 1, configs: keptForAnyTime }], deadline());
    return name;
  };
}
