/** Access control lists of the cluster. A separate function, because its callers decide who may do what in Kafka. */
import { http } from "../lib/http/handler.js";
import { aclOperations } from "../lib/http/operations/acl-operations.js";

export const operations = aclOperations;

export const handler = http(operations);
