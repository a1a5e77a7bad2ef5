/** Access control lists of the cluster. Whoever may call this decides who may do what: it is a function of its own for that reason. */
import { http } from "../lib/http/handler.js";
import { aclOperations } from "../lib/http/operations/acl-operations.js";

export const operations = aclOperations;

export const handler = http(operations);
