/** Topics, their settings and partitions: list, create, change, delete. The only function with the admin privileges on topics. */
import { httpApi } from "../lib/http/hosts/http-api.js";
import { partitionOperations } from "../lib/http/operations/partition-operations.js";
import { topicConfigOperations } from "../lib/http/operations/topic-config-operations.js";
import { topicOperations } from "../lib/http/operations/topic-operations.js";
import { topicSummaryOperations } from "../lib/http/operations/topic-summary-operations.js";
import { v2TopicOperations } from "../lib/http/operations/v2-metadata-operations.js";

export const operations = {
  ...v2TopicOperations,
  ...topicOperations,
  ...topicSummaryOperations,
  ...topicConfigOperations,
  ...partitionOperations,
};

export const handler = httpApi(operations);
