/** Consumer groups: their lag, their offsets, and deleting them. Has the privileges on groups, and may read the end offsets of topics. */
import { httpApi } from "../lib/http/hosts/http-api.js";
import { groupOffsetOperations } from "../lib/http/operations/group-offset-operations.js";
import { groupOperations } from "../lib/http/operations/group-operations.js";

export const operations = { ...groupOperations, ...groupOffsetOperations };

export const handler = httpApi(operations);
