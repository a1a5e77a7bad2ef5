/** Access control lists of the cluster. A separate function, because its callers decide who may do what in Kafka. */
import { httpApi } from "../lib/http/hosts/http-api.js";
import { aclOperations } from "../lib/http/operations/acl-operations.js";

export const operations = aclOperations;

export const handler = httpApi(operations);
