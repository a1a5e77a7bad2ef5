/** Reading topics and changing them, their settings and what they hold. Has the admin privileges on topics, and nothing else does. */
import { http } from "../lib/http/handler.js";
import { topicOperations } from "../lib/http/operations/topic-operations.js";
import { v2TopicOperations } from "../lib/http/operations/v2-metadata-operations.js";

export const operations = { ...v2TopicOperations, ...topicOperations };

export const handler = http(operations);
