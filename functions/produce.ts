/** Writing records and CloudEvents to topics. It has only the privilege to write. */
import { httpApi } from "../lib/http/hosts/http-api.js";
import { eventOperations } from "../lib/http/operations/event-operations.js";
import { produceV2Operations } from "../lib/http/operations/produce-v2-operations.js";
import { produceV3Operations } from "../lib/http/operations/produce-v3-operations.js";

export const operations = { ...produceV2Operations, ...produceV3Operations, ...eventOperations };

export const handler = httpApi(operations);
