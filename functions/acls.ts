/** Access control lists of the cluster. A function of its own, because whoever may call it decides who may do what in Kafka. */
import { http } from "../lib/http/handler.js";
import { aclOperations } from "../lib/http/operations/acl-operations.js";

export const operations = aclOperations;

export const handler = http(operations);
